//go:build long

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSlowConnections: thousands of clients that never finish their request do not
// delay other requests, and are disconnected.
func TestSlowConnections(t *testing.T) {
	count := 2000
	if proof() {
		count = 8000
	}
	crowd, people := newCrowd(100)
	v := newVictim(t, crowd)
	v.start()
	v.requireAll(people)
	slow := exec.CommandContext(context.Background(), filepath.Join(filepath.Dir(v.binary), "slowly"), strings.TrimPrefix(v.url, "http://"), strconv.Itoa(count))
	require.NoError(t, os.Symlink(v.binary, slow.Path))
	said, err := slow.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, slow.Start())
	defer func() { _ = slow.Process.Kill(); _ = slow.Wait() }()
	line := make([]byte, len("connected"))
	_, err = io.ReadFull(said, line)
	require.NoError(t, err)
	require.Equal(t, "connected", string(line))
	v.requireAll(people)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.cmd.Process.Pid))
		require.NoError(t, err)
		if len(open) < 100 {
			break
		}
		require.False(t, time.Now().After(deadline), "%d connections are still open", len(open))
	}
	v.requireAll(people)
}

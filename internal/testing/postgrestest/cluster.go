//go:build unix

// Package postgrestest runs a real PostgreSQL for a test, with nothing left
// behind.
package postgrestest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Cluster is a PostgreSQL of one test alone.
type Cluster struct {
	bin, dir   string
	credential *syscall.SysProcAttr
	process    *exec.Cmd
	log        bytes.Buffer
}

// Start makes and starts a cluster, and stops it when the test ends. initdb
// does not run as root, so root runs it as the user postgres.
func Start(t *testing.T) *Cluster {
	t.Helper()
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	if len(bins) == 0 {
		t.Fatal("no PostgreSQL; install it: apt-get install postgresql")
	}
	dir, err := os.MkdirTemp("", "oly-pg-") //nolint:usetesting // t.TempDir is closed to other users
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	c := &Cluster{bin: bins[len(bins)-1], dir: dir, credential: &syscall.SysProcAttr{}}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		require.NoError(t, err)
		require.NoError(t, os.Chown(dir, int(uid), int(gid)))
		c.credential.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	out, err := c.command(t, "initdb", "-D", filepath.Join(dir, "data"), "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8").CombinedOutput()
	require.NoError(t, err, "%s", out)
	c.Resume(t)
	t.Cleanup(func() { c.Stop(t) })
	return c
}

func (c *Cluster) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(c.bin, name), args...) //nolint:gosec // PostgreSQL's own programs
	cmd.SysProcAttr = c.credential
	cmd.Dir = c.dir
	return cmd
}

// Resume starts the cluster after Stop.
func (c *Cluster) Resume(t *testing.T) {
	t.Helper()
	c.process = c.command(t, "postgres", "-D", filepath.Join(c.dir, "data"), "-k", c.dir, "-c", "listen_addresses=", "-c", "fsync=off")
	c.process.Stdout, c.process.Stderr = &c.log, &c.log
	require.NoError(t, c.process.Start())
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
		if err == nil {
			require.NoError(t, conn.Close(t.Context()))
			return
		}
		require.False(t, time.Now().After(deadline), "postgres does not answer: %v\n%s", err, &c.log)
	}
}

// Stop stops the cluster and keeps its data.
func (c *Cluster) Stop(t *testing.T) {
	t.Helper()
	if c.process == nil {
		return
	}
	require.NoError(t, c.process.Process.Signal(syscall.SIGINT))
	_ = c.process.Wait() // its exit code says how it was stopped
	c.process = nil
}

// Dir is the folder of the socket.
func (c *Cluster) Dir() string { return c.dir }

// DSN is how a database is reached.
func (c *Cluster) DSN(database string) string {
	return fmt.Sprintf("host=%s user=test database=%s", c.dir, database)
}

// Database creates an empty database and returns its DSN.
func (c *Cluster) Database(t *testing.T) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	name := "d" + uuid.NewString()
	_, err = conn.Exec(t.Context(), `CREATE DATABASE "`+name+`"`)
	require.NoError(t, err)
	return c.DSN(name)
}

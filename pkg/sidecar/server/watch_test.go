package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWatchComplainsOnceATrouble: a problem is logged once, and again only if it recurs
// after it was over.
func TestWatchComplainsOnceATrouble(t *testing.T) {
	broken := errors.New("broken")
	looks := []struct {
		changed bool
		err     error
	}{{false, broken}, {false, broken}, {false, nil}, {false, broken}, {true, nil}, {false, nil}}
	ctx, cancel := context.WithCancel(t.Context())
	at := make(chan time.Time, len(looks))
	for range looks {
		at <- time.Time{}
	}
	var log bytes.Buffer
	s := &Server{log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))}
	s.metrics = newMetrics("", "", s)
	n := 0
	require.NoError(t, s.watchAt(ctx, at, "keys", func() (bool, error) {
		look := looks[n]
		n++
		if n == len(looks) {
			cancel()
		}
		return look.changed, look.err
	}))
	const trouble = `level=ERROR msg="cannot reload files, keeping the previous content" what=keys error=broken` + "\n"
	require.Equal(t, trouble+trouble+`level=INFO msg="files reloaded" what=keys`+"\n", log.String())
	require.Equal(t, len(looks), n)
}

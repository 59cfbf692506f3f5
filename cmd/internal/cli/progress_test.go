package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// TestProgressFollows draws the first build on a terminal, makes room for a line
// of the log, draws again, and is gone when the build is over.
func TestProgressFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tty bytes.Buffer
		l := &ProgressLine{w: &tty, tty: true}
		asked := 0
		l.Follow(t.Context(), func() (p kratosadmin.Progress, first, reading bool) {
			asked++
			if asked == 3 {
				_, err := l.Write([]byte("a line\n"))
				require.NoError(t, err)
			}
			p = kratosadmin.Progress{Identities: asked * 1000, Fraction: float64(asked) / 10, Elapsed: time.Duration(asked) * time.Second}
			return p, asked < 5, asked > 1
		})
		require.Equal(t, 5, asked)
		require.Equal(t, "\r\x1b[K2,000 identities, 20 %, 1,000/s, 8s left"+
			"\r\x1b[Ka line\n"+
			"\r\x1b[K3,000 identities, 30 %, 1,000/s, 7s left"+
			"\r\x1b[K4,000 identities, 40 %, 1,000/s, 6s left\r\x1b[K", tty.String())
	})
}

// TestProgressFollowsTerminalsOnly: without a terminal the log has the progress.
func TestProgressFollowsTerminalsOnly(t *testing.T) {
	var pipe bytes.Buffer
	(&ProgressLine{w: &pipe}).Follow(t.Context(), nil)
	require.Empty(t, pipe.String())
}

// TestProgressLine: the line is drawn at a limited rate.
func TestProgressLine(t *testing.T) {
	p := kratosadmin.Progress{Identities: 30_000, Resumed: 10_000, Fraction: 0.6, Elapsed: 10 * time.Second}
	const text = "30,000 identities, 60 %, 2,000/s, 10s left"
	var tty, pipe bytes.Buffer
	l := &ProgressLine{w: &tty, tty: true}
	l.Show(p)
	l.Show(p) // too soon
	l.End()
	require.Equal(t, "\r\x1b[K"+text+"\r\x1b[K", tty.String())
	l = &ProgressLine{w: &pipe}
	l.Show(p)
	l.Show(p)
	l.End()
	require.Equal(t, "oly-passkey: "+text+"\n", pipe.String())
}

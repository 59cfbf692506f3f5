package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// ProgressLine shows how far reading all identities has come: on a terminal one
// line that is overwritten, elsewhere a line every ten seconds. It is also an
// io.Writer for log lines, which do not mix with the progress.
type ProgressLine struct {
	w     io.Writer
	tty   bool
	shown time.Time

	mu   sync.Mutex
	drew bool // the line is on the terminal
}

// NewProgressLine returns one that writes to a stream.
func NewProgressLine(w io.Writer) *ProgressLine {
	return &ProgressLine{w: w, tty: IsTerminal(w), shown: time.Now()}
}

// redrawEvery is how often the line on a terminal changes.
const redrawEvery = 100 * time.Millisecond

// Show draws the progress, at most ten times per second.
func (l *ProgressLine) Show(p kratosadmin.Progress) {
	every := 10 * time.Second
	if l.tty {
		every = redrawEvery
	}
	if time.Since(l.shown) < every {
		return
	}
	l.shown = time.Now()
	text := fmt.Sprintf("%s identities, %.0f %%, %s/s, %s left", humanize.Comma(int64(p.Identities)), 100*p.Fraction, humanize.Comma(int64(p.Rate())), p.Left())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tty {
		_, _ = fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		l.drew = true
		return
	}
	_, _ = fmt.Fprintf(l.w, "oly-passkey: %s\n", text)
}

// End removes the line.
func (l *ProgressLine) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wipe()
}

func (l *ProgressLine) wipe() {
	if l.drew {
		_, _ = fmt.Fprint(l.w, "\r\x1b[K")
		l.drew = false
	}
}

// Write writes whole lines in place of the progress, which is drawn again below
// them.
func (l *ProgressLine) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wipe()
	return l.w.Write(line)
}

// Follow shows a server's first build on a terminal until the build ends or ctx
// is done. Elsewhere the server's log has it.
func (l *ProgressLine) Follow(ctx context.Context, progress func() (p kratosadmin.Progress, first, reading bool)) {
	if !l.tty {
		return
	}
	tick := time.NewTicker(redrawEvery)
	defer tick.Stop()
	defer l.End()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch p, first, reading := progress(); {
		case !first:
			return
		case reading:
			l.Show(p)
		}
	}
}

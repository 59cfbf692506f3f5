package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

// progressLine shows how far the reading of all identities is: one line that is
// written over on a terminal, a line every ten seconds elsewhere. Other lines
// may be written through it meanwhile.
type progressLine struct {
	w     io.Writer
	tty   bool
	shown time.Time

	mu   sync.Mutex
	drew bool // the line stands on the terminal
}

// redrawEvery is how often the line on a terminal changes.
const redrawEvery = 100 * time.Millisecond

func (l *progressLine) show(p kratosadmin.Progress) {
	every := 10 * time.Second
	if l.tty {
		every = redrawEvery
	}
	if time.Since(l.shown) < every {
		return
	}
	l.shown = time.Now()
	text := fmt.Sprintf("%s identities, %.0f %%, %s a second, %s left", humanize.Comma(int64(p.Identities)), 100*p.Fraction, humanize.Comma(int64(p.Rate())), p.Left())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tty {
		_, _ = fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		l.drew = true
		return
	}
	_, _ = fmt.Fprintf(l.w, "oly-passkey: %s\n", text)
}

func (l *progressLine) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wipe()
}

func (l *progressLine) wipe() {
	if l.drew {
		_, _ = fmt.Fprint(l.w, "\r\x1b[K")
		l.drew = false
	}
}

// Write writes whole lines where the progress stood; it is drawn again below
// them.
func (l *progressLine) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wipe()
	return l.w.Write(line)
}

// follow shows a server's first build on a terminal until that is over or ctx
// ends. Elsewhere its log tells.
func (l *progressLine) follow(ctx context.Context, progress func() (p kratosadmin.Progress, first, reading bool)) {
	if !l.tty {
		return
	}
	tick := time.NewTicker(redrawEvery)
	defer tick.Stop()
	defer l.end()
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
			l.show(p)
		}
	}
}

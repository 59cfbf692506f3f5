package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// nothing is what is said of a page that does nothing.
const nothing = "the page made no call of navigator.credentials"

// open starts a flow, which leads to the page that Kratos is configured with.
func (w *walk) open(ctx context.Context, kind string) error {
	where := w.o.Kratos + "/self-service/" + kind + "/browser"
	if err := w.tab.open(ctx, "about:blank"); err != nil { // ends what the page before is still loading
		return err
	}
	if err := w.tab.open(ctx, where); err != nil {
		return &RefusedError{Text: fmt.Sprintf("the %s page cannot be opened: %s", kind, err), URL: where}
	}
	return nil
}

// look is what is on the page, after a moment; pages may come and go meanwhile.
func (w *walk) look(ctx context.Context, css string) (sight, error) {
	select {
	case <-ctx.Done():
		return sight{}, ctx.Err()
	case <-time.After(poll):
	}
	s, err := w.tab.look(ctx, css)
	if err != nil && ctx.Err() == nil {
		return sight{}, nil // between two pages
	}
	return s, err
}

// troubles are those of the page since a time.
func (w *walk) troubles(ctx context.Context, since time.Time) []string {
	notes, _ := w.tab.notes(ctx, since) // a page without notes has none
	var out, refused []string
	for _, n := range notes {
		if n.Refused != "" {
			refused = append(refused, n.Refused)
		}
	}
	for _, n := range notes {
		if n.Trouble != "" && !slices.Contains(out, n.Trouble) && !slices.Contains(refused, n.Missing) {
			out = append(out, n.Trouble)
		}
	}
	return out
}

func (w *walk) refused(ctx context.Context, since time.Time, text string) *RefusedError {
	s, _ := w.tab.look(ctx, "body") // without a page there is no URL either
	return &RefusedError{Text: text, Seen: w.troubles(ctx, since), URL: s.URL}
}

// reach waits for an element that can be pressed.
func (w *walk) reach(ctx context.Context, kind, css string, start time.Time, otherwise string) error {
	var loaded time.Time
	for {
		s, err := w.look(ctx, css)
		if err != nil {
			return err
		}
		if s.Ready && loaded.IsZero() {
			loaded = time.Now()
		}
		if s.Ready && s.Usable { // ready: its scripts have run
			return nil
		}
		if s.Ready && time.Since(loaded) > settle || time.Since(start) > within {
			if text := w.complaint(ctx, kind, s.URL); text != "" {
				otherwise = "Kratos says: " + text
			}
			return w.refused(ctx, start, otherwise)
		}
	}
}

// deed is something whose end is waited for.
type deed struct {
	kind  string // of the flow
	start time.Time
	// at is the URL of the page that calls navigator.credentials, "" where none is
	// called.
	at      string
	reached func(context.Context) (bool, error)
}

// await waits for the end of a deed, and gives up early where it will not come:
// the browser refused, Kratos refused, or the page does nothing.
func (w *walk) await(ctx context.Context, d deed) error {
	for began := time.Now(); ; {
		s, err := w.look(ctx, "body")
		if err != nil {
			return err
		}
		notes, notesErr := w.tab.notes(ctx, d.start)
		w.keepHandles(notes)
		if ok, err := d.reached(ctx); ok || err != nil {
			return err
		}
		if notesErr != nil || s.URL == "" {
			continue // between two pages
		}
		call := last(notes)
		switch {
		case call.Error != "":
			return w.refused(ctx, d.start, fmt.Sprintf("navigator.credentials.%s: %s", call.Call, call.Error))
		case d.at != "" && d.at == s.URL && call.Call == "" && time.Since(began) > settle:
			return w.refused(ctx, d.start, nothing)
		case time.Since(began) > within:
			return w.refused(ctx, d.start, fmt.Sprintf("nothing came of it within %s", within))
		case d.at != "" && d.at == s.URL && call.ID == "":
			continue // Kratos was not asked yet
		}
		if text := w.complaint(ctx, d.kind, s.URL); text != "" {
			return w.refused(ctx, d.start, "Kratos refuses: "+text)
		}
	}
}

// keepHandles remembers the user handles of registrations.
func (w *walk) keepHandles(notes []note) {
	for _, n := range notes {
		if n.Handle != "" && !slices.Contains(w.handles, n.Handle) {
			w.handles = append(w.handles, n.Handle)
		}
	}
}

// last is the newest call of navigator.credentials, without its name where
// there was none. One that a page gave up for another does not count.
func last(notes []note) note {
	var out note
	for _, n := range notes {
		if n.Call != "" && !strings.HasPrefix(n.Error, "AbortError") {
			out = n
		}
	}
	return out
}

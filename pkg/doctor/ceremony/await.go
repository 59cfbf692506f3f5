package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// noCall is the error for a page that does nothing.
const noCall = "the page did not call navigator.credentials"

// open starts a flow, which redirects to the page configured in Kratos.
func (w *walk) open(ctx context.Context, kind string) error {
	where := w.o.Kratos + "/self-service/" + kind + "/browser"
	if err := w.tab.open(ctx, "about:blank"); err != nil { // stop the previous page, which may still be loading
		return err
	}
	if err := w.tab.open(ctx, where); err != nil {
		return &RefusedError{Text: fmt.Sprintf("the %s page cannot be opened: %s", kind, err), URL: where}
	}
	return nil
}

// look returns a snapshot of the page after a short wait, an empty one between two
// pages.
func (w *walk) look(ctx context.Context, css string) (snapshot, error) {
	select {
	case <-ctx.Done():
		return snapshot{}, ctx.Err()
	case <-time.After(poll):
	}
	s, err := w.tab.look(ctx, css)
	if err != nil && ctx.Err() == nil {
		return snapshot{}, nil // between two pages
	}
	return s, err
}

// troubles returns the page's script and policy failures since a time.
func (w *walk) troubles(ctx context.Context, since time.Time) []string {
	notes, _ := w.tab.notes(ctx, since) // a page without notes has no failures
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
	s, _ := w.tab.look(ctx, "body") // without a page, the URL is empty
	return &RefusedError{Text: text, Seen: w.troubles(ctx, since), URL: s.URL}
}

// reach waits until an element can be clicked. otherwise is the error if it cannot
// and Kratos reports none.
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
		if s.Ready && s.Usable { // its scripts have run
			return nil
		}
		if s.Ready && time.Since(loaded) > settle || time.Since(start) > within {
			if text := w.complaint(ctx, kind, s.URL); text != "" {
				otherwise = "Kratos reports: " + text
			}
			return w.refused(ctx, start, otherwise)
		}
	}
}

// action is an action on a page, with a condition that is true when it is done.
type action struct {
	kind  string // of the flow
	start time.Time
	// at is the URL of the page that calls navigator.credentials, "" if none is
	// expected to.
	at      string
	reached func(context.Context) (bool, error)
}

// await waits until an action is done. It fails early if the browser or Kratos
// rejects the ceremony, or the page does nothing.
func (w *walk) await(ctx context.Context, d action) error {
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
			return w.refused(ctx, d.start, noCall)
		case time.Since(began) > within:
			return w.refused(ctx, d.start, fmt.Sprintf("the ceremony did not finish within %s", within))
		case d.at != "" && d.at == s.URL && call.ID == "":
			continue // nothing was sent to Kratos yet
		}
		if text := w.complaint(ctx, d.kind, s.URL); text != "" {
			return w.refused(ctx, d.start, "Kratos rejects it: "+text)
		}
	}
}

// keepHandles collects the user handles of registrations.
func (w *walk) keepHandles(notes []note) {
	for _, n := range notes {
		if n.Handle != "" && !slices.Contains(w.handles, n.Handle) {
			w.handles = append(w.handles, n.Handle)
		}
	}
}

// last returns the latest call of navigator.credentials, the zero note if there
// was none. Calls that the page aborted are skipped.
func last(notes []note) note {
	var out note
	for _, n := range notes {
		if n.Call != "" && !strings.HasPrefix(n.Error, "AbortError") {
			out = n
		}
	}
	return out
}

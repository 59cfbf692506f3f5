package ceremony

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// signUp signs the identity up with a passkey. If the pages do not offer passkeys
// at sign-up, it creates the identity through the admin API and adds the passkey
// in settings.
func (w *walk) signUp(ctx context.Context) (string, error) {
	if err := w.tab.offerAutofill(ctx, false); err != nil {
		return "", err
	}
	start := time.Now()
	if err := w.open(ctx, "registration"); err != nil {
		return "", err
	}
	offered, err := w.reachSignUp(ctx, start)
	if err != nil {
		return "", err
	}
	if !offered {
		return w.admitted(ctx)
	}
	w.begun = true
	at, err := w.tab.click(ctx, signUpButton)
	if err != nil {
		return "", err
	}
	looked := false
	err = w.await(ctx, action{"registration", start, at, func(ctx context.Context) (_ bool, err error) {
		if w.identity, err = w.whoami(ctx); w.identity == "" && err == nil && !looked && w.moved(ctx, at) {
			// Without the session hook there is an identity, but no session.
			looked = true
			once, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			w.identity, _ = w.find(once)
		}
		return w.identity != "", err
	}})
	if looked {
		return "identity " + w.identity + " has a passkey but no session: registration.after.passkey has no session hook", err
	}
	return "identity " + w.identity + " has a passkey and a session", err
}

// moved reports whether the browser shows another page without an error.
func (w *walk) moved(ctx context.Context, from string) bool {
	s, err := w.tab.look(ctx, "body")
	return err == nil && s.Ready && s.URL != from && w.complaint(ctx, "registration", s.URL) == ""
}

// reachSignUp goes through the steps before the button. It returns false if the
// pages do not offer passkeys at sign-up.
func (w *walk) reachSignUp(ctx context.Context, start time.Time) (bool, error) {
	sent := false
	for loaded := time.Now(); ; {
		s, err := w.look(ctx, signUpButton)
		if err != nil {
			return false, err
		}
		switch {
		case s.Ready && s.Usable: // its scripts have run
			return true, w.fillIn(ctx)
		case s.Ready && s.Profile && !sent:
			if err := w.fillIn(ctx); err != nil {
				return false, err
			}
			sent, loaded = true, time.Now()
			if _, err := w.tab.click(ctx, profileStep); err != nil {
				return false, err
			}
		case s.Ready && time.Since(loaded) > settle:
			return false, w.notOffered(ctx, s, start)
		case time.Since(loaded) > within:
			return false, w.refused(ctx, start, "the sign-up page does not load")
		}
	}
}

// notOffered returns nil if sign-up does not offer passkeys, and an error if it
// should but fails to.
func (w *walk) notOffered(ctx context.Context, s snapshot, start time.Time) error {
	if text := w.complaint(ctx, "registration", s.URL); text != "" {
		return w.refused(ctx, start, text)
	}
	troubles := w.troubles(ctx, start)
	if s.There || len(troubles) > 0 && w.flowAt(ctx, "registration", s.URL).offers("passkey_create_data") {
		return &RefusedError{Text: "the sign-up page has no usable passkey button, although Kratos offers passkeys", Seen: troubles, URL: s.URL}
	}
	return nil
}

// fillIn sets the traits in the page's fields.
func (w *walk) fillIn(ctx context.Context) error {
	for _, f := range w.o.Traits.fields() {
		if err := w.tab.fill(ctx, f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// admitted creates the identity through the admin API, signs it in with a recovery
// code and adds a passkey in settings.
func (w *walk) admitted(ctx context.Context) (string, error) {
	w.begun = true
	if err := w.create(ctx); err != nil {
		return "", err
	}
	link, code, err := w.recovery(ctx)
	if err != nil {
		return "", err
	}
	start := time.Now()
	if err := w.tab.open(ctx, link); err != nil {
		return "", err
	}
	const field, submit = `[name="code"]`, `[name="method"][value="code"]`
	if err := w.reach(ctx, "recovery", field, start, "the recovery page has no field for the code"); err != nil {
		return "", err
	}
	if err := w.tab.fill(ctx, "code", code); err != nil {
		return "", err
	}
	if _, err := w.tab.click(ctx, submit); err != nil {
		return "", err
	}
	if err := w.await(ctx, action{"recovery", start, "", w.signedIn}); err != nil {
		return "", err
	}
	if err := w.addOne(ctx, 1); err != nil {
		return "", err
	}
	return "sign-up offers no passkeys; identity " + w.identity + " was created through the admin API and added its passkey in settings", nil
}

func (w *walk) signedIn(ctx context.Context) (bool, error) {
	id, err := w.whoami(ctx)
	return err == nil && id == w.identity, err
}

// signIn signs in by clicking the button.
func (w *walk) signIn(ctx context.Context) (string, error) {
	if err := w.tab.signOut(ctx); err != nil {
		return "", err
	}
	if err := w.tab.offerAutofill(ctx, false); err != nil {
		return "", err
	}
	start := time.Now()
	if err := w.open(ctx, "login"); err != nil {
		return "", err
	}
	if err := w.reach(ctx, "login", signInButton, start, "the sign-in page has no usable passkey button"); err != nil {
		return "", err
	}
	at, err := w.tab.click(ctx, signInButton)
	if err != nil {
		return "", err
	}
	return "the passkey signs the identity in without a username", w.await(ctx, action{"login", start, at, w.signedIn})
}

// autofill signs in through the passkeys that the page offers in autofill.
func (w *walk) autofill(ctx context.Context) (string, error) {
	if err := w.tab.signOut(ctx); err != nil {
		return "", err
	}
	if err := w.tab.offerAutofill(ctx, true); err != nil {
		return "", err
	}
	start := time.Now()
	if err := w.open(ctx, "login"); err != nil {
		return "", err
	}
	s, err := w.tab.look(ctx, "body")
	if err != nil {
		return "", err
	}
	err = w.await(ctx, action{"login", start, s.URL, w.signedIn})
	if quiet, ok := err.(*RefusedError); ok && quiet.Text == noCall { //nolint:errorlint // never wrapped
		return "", skip("the page does not offer passkeys in autofill")
	}
	return "the page offers the passkey in autofill, and it signs the identity in", err
}

// add adds a second passkey on another authenticator.
func (w *walk) add(ctx context.Context) (string, error) {
	have, err := w.passkeys(ctx)
	if err != nil {
		return "", err
	}
	if err := w.signInAgain(ctx); err != nil {
		return "", err
	}
	if len(have) > 0 {
		w.cleared = have[0]
	}
	if err := w.tab.forgetPasskeys(ctx); err != nil {
		return "", err
	}
	return "the identity has a second passkey, on another device", w.addOne(ctx, len(have)+1)
}

// signInAgain signs in if the last step ended without a session.
func (w *walk) signInAgain(ctx context.Context) error {
	if ok, err := w.signedIn(ctx); ok || err != nil {
		return err
	}
	_, err := w.signIn(ctx)
	return err
}

// addOne adds a passkey in settings and waits until the identity has want of them.
func (w *walk) addOne(ctx context.Context, want int) error {
	start := time.Now()
	if err := w.open(ctx, "settings"); err != nil {
		return err
	}
	if err := w.reach(ctx, "settings", signUpButton, start, "the settings page has no usable passkey button"); err != nil {
		return err
	}
	at, err := w.tab.click(ctx, signUpButton)
	if err != nil {
		return err
	}
	return w.await(ctx, action{"settings", start, at, func(ctx context.Context) (bool, error) {
		have, err := w.passkeys(ctx)
		return len(have) == want, err
	}})
}

// removeOne removes the first passkey and signs in with the other one.
func (w *walk) removeOne(ctx context.Context) (string, error) {
	start := time.Now()
	if err := w.open(ctx, "settings"); err != nil {
		return "", err
	}
	button := removeButton(w.cleared)
	if err := w.reach(ctx, "settings", button, start, fmt.Sprintf("the settings page has no button to remove the passkey %x", w.cleared)); err != nil {
		return "", err
	}
	if _, err := w.tab.click(ctx, button); err != nil {
		return "", err
	}
	err := w.await(ctx, action{"settings", start, "", func(ctx context.Context) (bool, error) {
		have, err := w.passkeys(ctx)
		for _, id := range have {
			if bytes.Equal(id, w.cleared) {
				return false, err
			}
		}
		return len(have) == 1, err
	}})
	if err != nil {
		return "", err
	}
	if _, err := w.signIn(ctx); err != nil {
		return "", err
	}
	return "the first passkey was removed, and the other one still signs in", nil
}

// userHandle checks that the user handles of the registrations contain no trait
// (WebAuthn §5.4.3, §14.6.1). Browsers check their length.
func (w *walk) userHandle(context.Context) (string, error) {
	if len(w.handles) == 0 {
		return "", skip("the pages moved on before the user handles could be read")
	}
	for _, h := range w.handles {
		raw, err := hex.DecodeString(h)
		if err != nil {
			return "", err
		}
		for _, f := range w.o.Traits.unique() {
			if bytes.Contains(raw, []byte(w.o.Traits.random)) || string(raw) == f.Value {
				return "", &RefusedError{
					Text: "the user handle contains the trait " + strings.TrimPrefix(f.Name, "traits.") + ", which every authenticator would reveal",
					Help: "let Kratos generate the user handle, and check for a proxy or script that changes its flows or the page's options",
				}
			}
		}
	}
	return fmt.Sprintf("the %d user handles do not identify the user", len(w.handles)), nil
}

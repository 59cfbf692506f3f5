package directory

import (
	"encoding/base64"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func TestConfirm(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		q := query(k)
		q.Confirm = true
		a, err := w.d.Resolve(w.t.Context(), q)
		require.NoError(w.t, err)
		require.Equal(w.t, SourceKratos, a.Source)
		require.True(w.t, *a.Matches)

		w.kratos.setFailure(errDown)
		_, err = w.d.Resolve(w.t.Context(), q)
		require.ErrorIs(w.t, err, ErrKratos)
		w.requireOwner(k, index.Active)

		w.kratos.setFailure(nil)
		w.kratos.delete(k.owner)
		_, err = w.d.Resolve(w.t.Context(), q)
		require.ErrorIs(w.t, err, ErrRemoved)
	})
}

// TestAskUntil: Kratos is waited for no longer than the query grants, and not
// asked at all after that. A query that does not need Kratos is still resolved.
func TestAskUntil(t *testing.T) {
	inBubble(t, func(w *world) {
		k, bare := w.kratos.register("passkey"), uuid.New()
		late := &lateKratos{fakekratos: w.kratos}
		w.start(func(o *Options) { o.Kratos = late })
		late.identity.Store(int64(time.Minute))
		confirmed := query(k)
		confirmed.Confirm = true
		for name, q := range map[string]Query{
			"to confirm a handle":     confirmed,
			"to look for an identity": {Readings: []userhandle.Reading{{Handle: bare[:]}}},
		} {
			for _, tc := range []struct{ granted, waits time.Duration }{{time.Hour, 8 * time.Second}, {3 * time.Second, 3 * time.Second}, {0, 0}} {
				began, pulls := time.Now(), w.kratos.pulled()
				q.AskUntil = began.Add(tc.granted)
				_, err := w.d.Resolve(w.t.Context(), q)
				require.ErrorIs(w.t, err, ErrKratos, name)
				require.Equal(w.t, tc.waits, time.Since(began), name)
				require.Equal(w.t, tc.waits > 0, w.kratos.pulled() > pulls, name)
			}
		}
		known := query(k)
		known.AskUntil = time.Now()
		a, err := w.d.Resolve(w.t.Context(), known)
		require.NoError(w.t, err)
		require.Equal(w.t, k.owner, a.IdentityID)
	})
}

// TestOldEntriesAreConfirmed: old records are resolved at once and pulled afterwards.
func TestOldEntriesAreConfirmed(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start(func(o *Options) { o.ReconcileEvery = 1000 * time.Hour })
		a, err := w.ask(k)
		require.NoError(w.t, err)
		require.Equal(w.t, time.Now().UTC(), a.ConfirmedAt)
		w.wait(24 * time.Hour)
		pulls := w.kratos.pulled()
		w.requireOwner(k, index.Active)
		synctest.Wait()
		require.Equal(w.t, pulls, w.kratos.pulled())
		w.kratos.delete(k.owner)
		w.wait(1)
		w.requireOwner(k, index.Active)
		synctest.Wait()
		require.Equal(w.t, pulls+1, w.kratos.pulled())
		w.requireError(k, ErrRemoved)
	})
}

func TestIdentityIDs(t *testing.T) {
	for _, tc := range []struct {
		mode              IdentityIDs
		key, bare, nobody error
	}{
		{IdentityIDsWebAuthn, nil, ErrUnknown, ErrUnknown},
		{IdentityIDsAny, nil, nil, ErrUnknown},
		{IdentityIDsOff, ErrUnknown, ErrUnknown, ErrUnknown},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.start(func(o *Options) { o.IdentityIDs = tc.mode })
				bare := w.kratos.register("")
				key := w.kratos.add(w.kratos.register("").owner, "webauthn")
				nobody := uuid.New()
				for name, c := range map[string]struct {
					k    fakekey
					want error
				}{
					"key":    {key, tc.key},
					"bare":   {fakekey{owner: bare.owner, handle: bare.owner[:]}, tc.bare},
					"nobody": {fakekey{handle: nobody[:]}, tc.nobody},
					"nil":    {fakekey{handle: make([]byte, 16)}, ErrUnknown},
				} {
					a, err := w.ask(c.k)
					require.ErrorIs(w.t, err, c.want, name)
					if c.want == nil {
						require.Equal(w.t, c.k.owner, a.IdentityID, name)
					}
				}
				if tc.mode == IdentityIDsAny {
					a, err := w.ask(fakekey{handle: bare.owner[:]})
					require.NoError(w.t, err)
					require.Equal(w.t, Answer{
						IdentityID: bare.owner, State: index.Unknown, Source: SourceIdentityID, ConfirmedAt: time.Now().UTC(),
					}, a)
				}
				if tc.mode != IdentityIDsOff {
					w.kratos.setFailure(errDown)
					_, err := w.ask(fakekey{handle: nobody[:]})
					require.ErrorIs(w.t, err, ErrKratos)
				}
			})
		})
	}
}

// TestTwoReadings resolves a text that is the handle of one identity itself and, when
// decoded, that of another.
func TestTwoReadings(t *testing.T) {
	inBubble(t, func(w *world) {
		a, b := w.kratos.register("passkey"), w.kratos.register("passkey")
		text := string(a.handle)
		inner, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(w.t, err)
		w.kratos.people[b.owner].Passkey.Identifiers = []string{string(inner)}
		w.start()
		readings, err := userhandle.Read(text)
		require.NoError(w.t, err)
		_, err = w.d.Resolve(w.t.Context(), Query{Readings: readings})
		require.ErrorIs(w.t, err, ErrAmbiguous)

		w.kratos.delete(b.owner)
		w.hook(b.owner, index.FlowLogin)
		found, err := w.d.Resolve(w.t.Context(), Query{Readings: readings})
		require.NoError(w.t, err)
		require.Equal(w.t, a.owner, found.IdentityID, "a removed handle is in nobody's way")

		w.kratos.delete(a.owner)
		w.hook(a.owner, index.FlowLogin)
		_, err = w.d.Resolve(w.t.Context(), Query{Readings: readings})
		require.ErrorIs(w.t, err, ErrRemoved)
		_, err = w.d.Resolve(w.t.Context(), Query{Readings: readings, AllowRemoved: true})
		require.ErrorIs(w.t, err, ErrAmbiguous)
	})
}

// TestMatches: whether a credential belongs to a handle, as far as that is known.
func TestMatches(t *testing.T) {
	yes, no := true, false
	for name, tc := range map[string]struct {
		handle     index.Handle
		credential *index.Credential // nil: the index does not know it
		given      string
		pulled     bool
		want       *bool
	}{
		"none is given":          {index.Handle{Kind: index.Passkey, Pulled: true}, nil, "", true, nil},
		"unknown, pulled before": {index.Handle{Kind: index.Passkey, Pulled: true}, nil, "K", false, &no},
		"unknown, never pulled":  {index.Handle{Kind: index.Passkey}, nil, "K", false, nil},
		"unknown, of webauthn":   {index.Handle{Kind: index.WebAuthn, Pulled: true}, nil, "K", false, nil},
		"unknown, just pulled":   {index.Handle{Kind: index.WebAuthn}, nil, "K", true, &no},
		"its own":                {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.Passkey, Handle: digest("H"), Live: true}, "K", false, &yes},
		"of nobody knows which":  {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.Passkey, Live: true}, "K", false, &yes},
		"of another handle":      {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.Passkey, Handle: digest("X"), Live: true}, "K", false, &no},
		"of the other method":    {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.WebAuthn, Live: true}, "K", false, &no},
		"gone":                   {index.Handle{Kind: index.Passkey, State: index.Active}, &index.Credential{Kind: index.Passkey, Handle: digest("H")}, "K", false, &no},
		"gone as the handle has": {index.Handle{Kind: index.Passkey, State: index.Removed}, &index.Credential{Kind: index.Passkey, Handle: digest("H")}, "K", false, &no},
		"gone with its identity": {index.Handle{Kind: index.Passkey, State: index.Removed}, &index.Credential{Kind: index.Passkey, Handle: digest("H"), Live: true}, "K", false, &no},
	} {
		tc.handle.Digest = digest("H")
		owner := &index.Identity{ID: mergeID, Handles: []index.Handle{tc.handle}}
		if tc.credential != nil {
			tc.credential.Digest = digest("K")
			owner.Credentials = []index.Credential{*tc.credential}
		}
		var given []byte
		if tc.given != "" {
			given = []byte(tc.given)
		}
		o, ok := owner.Owner(digest("H"))
		require.True(t, ok)
		require.Equal(t, tc.want, matches(&o, given, tc.pulled), name)
	}
}

// TestAmbiguous: two readings of one text that lead to two identities are no
// answer, two that lead to one are.
func TestAmbiguous(t *testing.T) {
	inBubble(t, func(w *world) {
		one, other := w.kratos.register("passkey"), w.kratos.register("passkey")
		second := w.kratos.add(one.owner, "passkey")
		w.start()
		both := func(a, b fakekey, removed bool) (Answer, error) {
			return w.d.Resolve(w.t.Context(), Query{AllowRemoved: removed, Readings: []userhandle.Reading{{Handle: a.handle}, {Handle: b.handle}}})
		}
		_, err := both(one, other, false)
		require.ErrorIs(w.t, err, ErrAmbiguous)
		a, err := both(one, second, false)
		require.NoError(w.t, err)
		require.Equal(w.t, one.owner, a.IdentityID)
		require.Equal(w.t, SourceIndex, a.Source)
		require.Equal(w.t, "passkey", a.Credential)
		w.kratos.delete(one.owner)
		_, _, err = w.d.Refresh(w.t.Context(), one.owner)
		require.NoError(w.t, err)
		a, err = both(one, other, true)
		require.NoError(w.t, err)
		require.Equal(w.t, other.owner, a.IdentityID, "one that stands is meant rather than one that is gone")
		w.kratos.delete(other.owner)
		_, _, err = w.d.Refresh(w.t.Context(), other.owner)
		require.NoError(w.t, err)
		_, err = both(one, other, false)
		require.ErrorIs(w.t, err, ErrRemoved)
		_, err = both(one, other, true)
		require.ErrorIs(w.t, err, ErrAmbiguous)
	})
}

// TestConfirmedAt: the last look that could have shown otherwise. Of several
// passkeys only a pull shows which have a key; the list shows all else, and every
// complete sweep has looked at it.
func TestConfirmedAt(t *testing.T) {
	at := func(hour int) time.Time { return mergeTime.Add(time.Duration(hour) * time.Hour) }
	a := kept{name: "A", kind: index.Passkey, state: index.Active}
	one := []kept{a}
	two := []kept{a, {name: "B", kind: index.Passkey, state: index.Unknown}}
	lost := []kept{a, {name: "B", kind: index.Passkey, state: index.Removed}}
	mixed := []kept{a, {name: "W", kind: index.WebAuthn, state: index.Active}}
	for name, tc := range map[string]struct {
		handles             []kept
		seen, pulled, swept time.Time
		want                time.Time
	}{
		"swept since":                {one, at(1), at(1), at(2), at(2)},
		"seen since":                 {one, at(3), at(1), at(2), at(3)},
		"never swept":                {one, at(1), at(1), time.Time{}, at(1)},
		"two passkeys, pulled":       {two, at(3), at(2), at(4), at(2)},
		"two passkeys, never pulled": {two, at(3), time.Time{}, at(4), at(3)},
		"one of two is removed":      {lost, at(3), at(2), at(4), at(4)},
		"a passkey and another key":  {mixed, at(3), at(2), at(4), at(4)},
		"without a handle":           {nil, at(3), at(2), at(4), at(4)},
	} {
		d := &Directory{now: time.Now}
		d.meta.Store(&index.Meta{SweepStartedAt: tc.swept})
		record := recordOf(tc.handles, nil)
		owner := &index.Owner{Passkeys: record.Passkeys(), SeenAt: tc.seen, PulledAt: tc.pulled}
		require.Equal(t, tc.want, d.confirmedAt(owner), name)
	}
}

// TestUnknownCredentialOfAKnownHandle: if keys share a handle, the index does not know
// whether an unknown credential belongs to it, so Kratos is asked.
func TestUnknownCredentialOfAKnownHandle(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("webauthn")
		w.start()
		q := query(k)
		q.CredentialID = []byte("another")
		a, err := w.d.Resolve(w.t.Context(), q)
		require.NoError(w.t, err)
		require.Nil(w.t, a.Matches)
		q.Confirm = true
		a, err = w.d.Resolve(w.t.Context(), q)
		require.NoError(w.t, err)
		require.Equal(w.t, new(false), a.Matches)
	})
}

// TestIdentityIDsOneByOne: each of several readings that may be identity ids is looked
// up, none of them while Kratos is unavailable, and the nil UUID never.
func TestIdentityIDsOneByOne(t *testing.T) {
	inBubble(t, func(w *world) {
		store := newFaultyStore()
		w.startOn(store, func(o *Options) { o.IdentityIDs = IdentityIDsAny })
		bare, nobody := w.kratos.register("").owner, mergeID
		ask := func(ids ...uuid.UUID) (Answer, error) {
			var q Query
			for _, id := range ids {
				q.Readings = append(q.Readings, userhandle.Reading{Handle: id[:]})
			}
			return w.d.Resolve(w.t.Context(), q)
		}
		a, err := ask(nobody, bare)
		require.NoError(w.t, err)
		require.Equal(w.t, bare, a.IdentityID)
		pulls := w.kratos.pulled()
		_, err = ask(uuid.Nil)
		require.ErrorIs(w.t, err, ErrUnknown)
		require.Equal(w.t, pulls, w.kratos.pulled())
		store.failCall("Owners", store.called("Owners")+2) // after the pull
		_, err = ask(bare)
		require.ErrorIs(w.t, err, errDisk)
	})
	inBubble(t, func(w *world) {
		bare := w.kratos.register("").owner
		w.start()
		require.NoError(w.t, w.d.updateMeta(w.t.Context(), func(m *index.Meta) { m.BuiltAt = time.Time{} }))
		w.requireError(fakekey{handle: bare[:]}, ErrBuilding)
	})
}

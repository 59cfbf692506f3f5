package directory

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// gateway serves a fakekratos as the admin API does, so that it is read by the
// client that the sidecar has. It may answer for single identities itself, and
// identities may be written as no Kratos would.
type gateway struct {
	t      *testing.T
	people *fakekratos

	mu     sync.Mutex
	single string               // 404 of every single identity, "" to ask Kratos
	odd    map[uuid.UUID]string // what an identity has besides what Kratos writes
	alone  bool                 // odd applies to the list only
}

const (
	ownWords        = `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`
	oathkeeperWords = `{"error":{"code":404,"status":"Not Found","message":"Requested url does not match any rules"}}`
)

// startBehind starts a directory whose Kratos is behind a gateway.
func (w *world) startBehind(g *gateway) {
	w.t.Helper()
	client, err := kratosadmin.New(kratosadmin.Options{URL: "http://kratos", Transport: g})
	require.NoError(w.t, err)
	w.start(func(o *Options) { o.Kratos = client })
}

func (w *world) gateway() *gateway {
	return &gateway{t: w.t, people: w.kratos, odd: map[uuid.UUID]string{}}
}

// answerSingles lets the gateway answer every single identity with a 404.
func (g *gateway) answerSingles(body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.single = body
}

// spoil adds members to what is written of an identity; only on the list if so.
func (g *gateway) spoil(id uuid.UUID, members string, onListOnly bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.odd[id], g.alone = members, onListOnly
}

func (g *gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	answer := func(status int, body string, header http.Header) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: header}, nil
	}
	text, single := strings.CutPrefix(r.URL.Path, "/admin/identities/")
	query := r.URL.Query()
	if single {
		i, err := g.people.Identity(r.Context(), uuid.MustParse(text))
		switch {
		case g.single != "":
			return answer(http.StatusNotFound, g.single, nil)
		case err != nil:
			return answer(http.StatusNotFound, ownWords, nil)
		}
		return answer(http.StatusOK, g.write(i, true), nil)
	}
	page, err := g.people.List(r.Context(), query.Get("page_token"))
	if err != nil {
		return answer(http.StatusServiceUnavailable, "{}", nil)
	}
	header := http.Header{}
	var all []string
	for _, i := range page.Identities {
		if ids := query["ids"]; ids == nil || ids[0] == i.ID.String() {
			all = append(all, g.write(i, false))
		}
	}
	if page.Next != "" && query["ids"] == nil {
		header.Set("Link", `</admin/identities?page_token=`+page.Next+`>; rel="next"`)
	}
	return answer(http.StatusOK, "["+strings.Join(all, ",")+"]", header)
}

func (g *gateway) write(i *kratosadmin.Identity, single bool) string {
	credentials := map[string]*kratosadmin.Credentials{}
	if i.Passkey != nil {
		credentials["passkey"] = i.Passkey
	}
	if i.WebAuthn != nil {
		credentials["webauthn"] = i.WebAuthn
	}
	raw, err := json.Marshal(credentials)
	require.NoError(g.t, err)
	created, err := json.Marshal(i.CreatedAt)
	require.NoError(g.t, err)
	odd := g.odd[i.ID]
	if single && g.alone {
		odd = ""
	}
	return `{"id":"` + i.ID.String() + `","created_at":` + string(created) + `,"credentials":` + string(raw) + odd + "}"
}

// TestOneWitness: a 404 that a gateway returns in Ory's format, or that Kratos' own
// list contradicts, deletes no identity, whatever caused the pull.
func TestOneWitness(t *testing.T) {
	for name, words := range map[string]string{"a gateway's": oathkeeperWords, "kratos' own, against its list": ownWords} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				t := w.t
				k := w.kratos.register("passkey")
				orphan := w.kratos.register("webauthn")
				g := w.gateway()
				w.startBehind(g)
				w.kratos.add(orphan.owner, "webauthn") // overwrites the handle of the first
				w.hook(orphan.owner, index.FlowSettings)
				w.wait(time.Minute)
				w.requireOwner(orphan, index.Orphaned)

				g.answerSingles(words)
				for _, one := range []fakekey{k, orphan} {
					w.hook(one.owner, index.FlowLogin)
					confirm := query(one)
					confirm.Confirm = true
					_, err := w.d.Resolve(t.Context(), confirm)
					require.ErrorIs(t, err, ErrKratos)
					_, _, err = w.d.Refresh(t.Context(), one.owner)
					require.ErrorIs(t, err, ErrKratos)
					_, err = w.d.Signals(t.Context(), one.owner)
					require.ErrorIs(t, err, ErrKratos)
					_, err = w.d.Credentials(t.Context(), one.owner)
					require.ErrorIs(t, err, ErrKratos)
					_, err = w.d.Advise(t.Context(), one.owner)
					require.ErrorIs(t, err, ErrKratos)
					require.ErrorIs(t, w.d.Erase(t.Context(), one.owner), ErrKratos)
					_, err = w.d.Resolve(t.Context(), Query{Readings: []userhandle.Reading{{Handle: one.owner[:]}}, Confirm: true})
					require.ErrorIs(t, err, ErrKratos)
					for range 3 {
						_, err = w.d.UnknownCredential(t.Context(), query(one).Readings, one.id)
						require.ErrorIs(t, err, ErrKratos)
						w.wait(2 * time.Minute)
						require.NoError(t, w.d.Reconcile(t.Context(), 0))
						w.wait(10 * time.Second)
					}
				}
				w.wait(25 * time.Hour) // older than --max-age: asked about again
				w.requireOwner(k, index.Active)
				w.wait(time.Minute)
				w.requireOwner(k, index.Active)
				w.requireOwner(orphan, index.Orphaned)

				g.answerSingles("")
				w.kratos.delete(k.owner)
				_, _, err := w.d.Refresh(t.Context(), k.owner)
				require.NoError(t, err)
				w.requireError(k, ErrRemoved)
				require.NoError(t, w.d.Erase(t.Context(), k.owner))
				w.requireError(k, ErrUnknown)
			})
		})
	}
}

// TestPullAgainstTheSweep: a credential is unknown only if the list agrees with the
// pull that its owner is gone.
func TestPullAgainstTheSweep(t *testing.T) {
	inBubble(t, func(w *world) {
		t := w.t
		k := w.kratos.register("passkey")
		w.start()
		w.kratos.setFailures(kratosadmin.ErrNotFound, nil)
		w.hook(k.owner, index.FlowLogin)
		for range 4 {
			doubt, err := w.d.UnknownCredential(t.Context(), query(k).Readings, k.id)
			require.NoError(t, err)
			require.Equal(t, DoubtNotSwept, doubt)
			w.wait(2 * time.Minute)
			require.NoError(t, w.d.Reconcile(t.Context(), 0))
			w.wait(10 * time.Second)
		}
		w.kratos.setFailures(nil, nil)
		w.kratos.delete(k.owner)
		for _, want := range []Doubt{DoubtNotSwept, DoubtNone} {
			doubt, err := w.d.UnknownCredential(t.Context(), query(k).Readings, k.id)
			require.NoError(t, err)
			require.Equal(t, want, doubt)
			w.wait(2 * time.Minute)
			require.NoError(t, w.d.Reconcile(t.Context(), 0))
			w.wait(10 * time.Second)
		}
	})
}

// TestRemovedIsAskedAgain: an identity that was marked as deleted is pulled again, at
// once if the query requires it, or when the record is old.
func TestRemovedIsAskedAgain(t *testing.T) {
	for name, heal := range map[string]func(w *world, k fakekey){
		"confirmed": func(w *world, k fakekey) {
			q := query(k)
			q.Confirm = true
			a, err := w.d.Resolve(w.t.Context(), q)
			require.NoError(w.t, err)
			require.Equal(w.t, SourceKratos, a.Source)
		},
		"old": func(w *world, k fakekey) {
			pulls := w.kratos.pulled()
			w.requireError(k, ErrRemoved)
			w.wait(time.Second)
			require.Equal(w.t, pulls, w.kratos.pulled(), "it is not old yet")
			w.wait(25 * time.Hour)
			w.requireError(k, ErrRemoved) // and asks
			w.wait(time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				t := w.t
				k := w.kratos.register("passkey")
				w.start(func(o *Options) { o.ReconcileEvery = 1000 * time.Hour })
				w.kratos.setFailures(kratosadmin.ErrNotFound, nil)
				_, _, err := w.d.Refresh(t.Context(), k.owner)
				require.NoError(t, err)
				w.requireError(k, ErrRemoved)
				w.kratos.setFailures(nil, nil)
				heal(w, k)
				w.requireOwner(k, index.Active)
			})
		})
	}
	inBubble(t, func(w *world) { // a deleted identity is pulled once per day
		t := w.t
		k := w.kratos.register("passkey")
		w.start(func(o *Options) { o.ReconcileEvery = 1000 * time.Hour })
		w.kratos.delete(k.owner)
		_, _, err := w.d.Refresh(t.Context(), k.owner)
		require.NoError(t, err)
		w.wait(25 * time.Hour)
		pulls := w.kratos.pulled()
		for range 3 {
			w.requireError(k, ErrRemoved)
			w.wait(time.Second)
		}
		require.Equal(t, pulls+1, w.kratos.pulled())
		q := query(k)
		q.Confirm = true
		w.kratos.setFailure(errDown)
		_, err = w.d.Resolve(t.Context(), q)
		require.ErrorIs(t, err, ErrKratos)
	})
}

// Identities that a page cannot show.
func hugeTraits() string { return `,"traits":{"name":"` + strings.Repeat("a", 9<<20) + `"}` }

const undecodable = `,"credentials":{"webauthn":{"config":{"credentials":[{"id":"AAAA","authenticator":{"aaguid":"6028b017-b1d4-4c02-b4b3-afcdafc96bb2"}}]}}}`

// TestOneUnreadIdentity neither stops the first build nor a sweep: a large one is
// read alone, and of one that does not decode the index keeps what it knew.
func TestOneUnreadIdentity(t *testing.T) {
	for name, tc := range map[string]struct {
		members    string
		onListOnly bool
		unread     int
	}{
		"large":             {hugeTraits(), false, 0},
		"odd on the list":   {undecodable, true, 0},
		"odd":               {undecodable, false, 1},
		"odd in both times": {`,"created_at":"2026-01-01 00:00:00"`, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				t := w.t
				w.kratos.page = 2
				keys := w.inOrder(5)
				g := w.gateway()
				g.spoil(keys[1].owner, tc.members, tc.onListOnly)
				check := func(odd error) {
					t.Helper()
					for n, k := range keys {
						if n == 1 && odd != nil {
							w.requireError(k, odd)
							continue
						}
						w.requireOwner(k, index.Active)
					}
					st, err := w.d.Status(t.Context())
					require.NoError(t, err)
					require.True(t, st.Complete)
					require.Equal(t, tc.unread, st.Meta.Unread)
					require.Zero(t, st.Meta.Missing)
				}
				var odd error
				if tc.unread > 0 {
					odd = ErrUnknown
				}
				w.startBehind(g)
				w.wait(time.Minute)
				check(odd)
				w.wait(7 * time.Hour)
				check(odd)
				require.Contains(t, w.log.lines("sweep is complete")[0], "identities_listed=5 deleted=0")

				// A hook for it does not wait forever.
				w.hook(keys[1].owner, index.FlowSettings)
				w.wait(time.Minute)
				st, err := w.d.Status(t.Context())
				require.NoError(t, err)
				require.Zero(t, st.Hooks+st.Background)
				if odd != nil {
					require.NotEmpty(t, w.log.lines(msgUnreadable))
				}

				// It becomes readable, and odd again: nothing is forgotten.
				g.spoil(keys[1].owner, "", false)
				w.wait(7 * time.Hour)
				readable := tc
				tc.unread = 0
				check(nil)
				tc = readable
				g.spoil(keys[1].owner, tc.members, tc.onListOnly)
				w.wait(7 * time.Hour)
				check(nil)

				// It does not count as missing at the next start either.
				for n, k := range keys {
					if n != 1 {
						w.kratos.delete(k.owner)
					}
				}
				require.NoError(t, w.stop())
				w.startBehind(g)
				w.wait(7 * time.Hour)
				require.Empty(t, w.log.lines("cannot reach Kratos; responding from the index"))
				w.requireOwner(keys[1], index.Active)
				w.requireError(keys[0], ErrRemoved)
			})
		})
	}
}

// TestManyUnreadIdentities are not many who are gone: the sweep goes on.
func TestManyUnreadIdentities(t *testing.T) {
	inBubble(t, func(w *world) {
		t := w.t
		keys := w.inOrder(150)
		g := w.gateway()
		w.startBehind(g)
		for _, k := range keys[:101] {
			g.spoil(k.owner, undecodable, false)
		}
		w.wait(7 * time.Hour)
		require.Len(t, w.log.lines("sweep is complete"), 1)
		m := w.meta(w.store)
		require.Zero(t, m.Missing)
		require.Equal(t, 101, m.Unread)
		for _, k := range keys {
			w.requireOwner(k, index.Active)
		}
	})
}

// TestUnreadIsNotMissing: an identity that the list missed and that cannot be read
// alone is there.
func TestUnreadIsNotMissing(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		w.kratos.setFailures(kratosadmin.ErrUnreadable, nil)
		s := sweeper{d: w.d}
		require.NoError(w.t, s.compare(w.t.Context(), &kratosadmin.Page{}, time.Now().Add(time.Second)))
		deleted, err := s.confirm(w.t.Context())
		require.NoError(w.t, err)
		require.Zero(w.t, deleted)
		w.requireOwner(k, index.Active)
	})
}

// TestUnreadMayHoldIt: an unknown handle may belong to an identity that cannot be
// read, so no credential with it is reported as unknown.
func TestUnreadMayHoldIt(t *testing.T) {
	inBubble(t, func(w *world) {
		t := w.t
		k := w.kratos.register("passkey")
		w.kratos.register("passkey")
		g := w.gateway()
		g.spoil(k.owner, undecodable, false)
		w.startBehind(g)
		readings := []userhandle.Reading{{Handle: []byte("sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj")}}
		for range 2 {
			doubt, err := w.d.UnknownCredential(t.Context(), readings, k.id)
			require.NoError(t, err)
			require.Equal(t, DoubtIncomplete, doubt)
			w.wait(7 * time.Hour)
		}
		w.kratos.delete(k.owner)
		w.wait(7 * time.Hour)
		doubt, err := w.d.UnknownCredential(t.Context(), readings, k.id)
		require.NoError(t, err)
		require.Equal(t, DoubtNone, doubt)
	})
}

// TestUnreadSurvivesARestart: after a restart of the first build, unread identities on
// the pages before it still count, although their ids are no longer known.
func TestUnreadSurvivesARestart(t *testing.T) {
	inBubble(t, func(w *world) {
		t := w.t
		store := newFaultyStore()
		w.store = store
		w.kratos.page = 1
		keys := w.inOrder(3)
		g := w.gateway()
		g.spoil(keys[0].owner, undecodable, false)
		store.failCall("UpdateMeta", store.called("UpdateMeta")+3) // 1: it began, 2: the last page
		w.startBehind(g)
		require.NoError(t, w.stop())
		require.Equal(t, 1, w.meta(store).Unread)
		require.True(t, w.meta(store).BuildRead)
		w.startBehind(g)
		w.wait(time.Minute)
		st, err := w.d.Status(t.Context())
		require.NoError(t, err)
		require.True(t, st.Complete)
		require.Equal(t, 1, st.Meta.Unread)
	})
}

// TestUnreadIsBounded: only some unread identities are kept in memory, but all are
// counted.
func TestUnreadIsBounded(t *testing.T) {
	var u unreadableList
	u.add(make([]uuid.UUID, 9_999))
	u.add(make([]uuid.UUID, 3))
	u.add(make([]uuid.UUID, 3))
	require.Len(t, u.ids, 10_000)
	require.Equal(t, 10_005, u.count)
}

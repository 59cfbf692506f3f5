package directory

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// history is a random life of a Kratos, and what hooks of it reached us.
type history struct {
	*world
	rand    *rand.Rand
	people  []uuid.UUID // not deleted
	keys    []fakekey   // every one that there ever was
	pending []pendingHook
	log     []string
	down    bool
	reopen  func(*testing.T, index.Store) index.Store
	told    map[uuid.UUID]bool // a hook was acknowledged since the last change
	other   *world             // a second server on the same store, nil for none
	slow    bool               // answers of Kratos and of the store take their time
}

type pendingHook struct {
	id   uuid.UUID
	flow index.Flow
}

// TestHistories lives many random lives, with hooks that are lost, repeated,
// late and out of order, imports and deletions without a hook, outages and
// restarts, and compares every answer with the truth.
func TestHistories(t *testing.T) {
	lives := 30
	switch {
	case testing.Short():
		lives = 5
	case os.Getenv("OLY_PASSKEY_PROOF") != "":
		lives = 10_000
	}
	liveThrough(t, lives, func(*testing.T) index.Store { return memory.New() }, nil)
}

// TestHistoriesOnBolt does so on the embedded store, which is opened again at
// every restart.
func TestHistoriesOnBolt(t *testing.T) {
	lives := 2
	switch {
	case testing.Short():
		lives = 1
	case os.Getenv("OLY_PASSKEY_PROOF") != "":
		lives = 300
	}
	dirs := map[index.Store]string{}
	openIn := func(t *testing.T, dir string) index.Store {
		t.Helper()
		s, err := bolt.Open(dir)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		dirs[s] = dir
		return s
	}
	liveThrough(t, lives, func(t *testing.T) index.Store { t.Helper(); return openIn(t, t.TempDir()) }, func(t *testing.T, s index.Store) index.Store {
		t.Helper()
		require.NoError(t, s.Close())
		return openIn(t, dirs[s])
	})
}

// liveThrough runs the given number of histories, each on a new store. reopen is called
// at every restart, unless it is nil.
func liveThrough(t *testing.T, lives int, open func(*testing.T) index.Store, reopen func(*testing.T, index.Store) index.Store) {
	t.Helper()
	for seed := range uint64(lives) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubbleOn(t, open, func(w *world) {
				h := &history{world: w, rand: rand.New(rand.NewPCG(seed, 0)), reopen: reopen, told: map[uuid.UUID]bool{}}
				h.whole(h.start)
			})
		})
	}
}

// whole is one life. start starts what serves.
func (h *history) whole(start func(...func(*Options))) {
	defer func() {
		if h.t.Failed() {
			h.t.Log(strings.Join(h.log, "\n"))
		}
	}()
	h.kratos.page = 1 + h.rand.IntN(5)
	h.kratos.register("passkey") // one identity stays, or the index would seem to belong to another Kratos
	for range h.rand.IntN(6) {
		h.live()
	}
	start()
	events, pause := 60, 20_000 // milliseconds
	if h.slow {                 // so that responses are in flight when something happens
		events, pause = 200, 1_500
	}
	for n := range events {
		h.live()
		h.wait(time.Duration(h.rand.IntN(pause)) * time.Millisecond)
		h.checkOwners()
		h.checkUnknown()
		h.checkTold()
		if n%10 == 9 {
			h.checkPulled()
		}
	}
	h.settle()
	h.checkAll()
	h.checkDeleted()
	h.checkSignals()
	h.checkUnknown()
}

// live makes one thing happen.
func (h *history) live() {
	methods := []string{"passkey", "webauthn"}
	method := methods[h.rand.IntN(2)]
	switch n := h.rand.IntN(100); {
	case n < 15 || len(h.people) == 0:
		if h.rand.IntN(6) == 0 {
			method = ""
		}
		k := h.kratos.register(method)
		h.people = append(h.people, k.owner)
		h.happened("register", k, index.FlowRegistration)
	case n < 40:
		h.happened("add", h.kratos.add(h.somebody(), method), index.FlowSettings)
	case n < 55:
		if k, ok := h.liveKey(); ok {
			h.kratos.remove(k)
			h.told[k.owner] = false
			h.log = append(h.log, fmt.Sprintf("remove %s of %s", k.method, k.owner))
			h.tell(k.owner, index.FlowSettings)
		}
	case n < 58:
		at := h.rand.IntN(len(h.people))
		h.log = append(h.log, fmt.Sprintf("delete %s", h.people[at]))
		h.kratos.delete(h.people[at])
		h.people = append(h.people[:at], h.people[at+1:]...)
	case n < 61:
		h.tell(h.somebody(), index.FlowLogin)
	case n < 63:
		for range 1 + h.rand.IntN(4) { // an import, of which no hook tells
			k := h.kratos.register(method)
			h.people, h.keys = append(h.people, k.owner), append(h.keys, k)
			h.log = append(h.log, fmt.Sprintf("import %s with %s", k.owner, k.method))
		}
	case n < 90:
		h.deliver()
	default:
		h.trouble(n)
	}
}

func (h *history) restart() {
	h.log = append(h.log, "restart")
	w := h.server()
	require.NoError(h.t, w.stop())
	if h.reopen != nil {
		h.store = h.reopen(h.t, h.store)
	}
	w.start(w.options...)
}

// trouble takes Kratos down or up, restarts a server, or requests a sweep.
func (h *history) trouble(n int) {
	switch {
	case h.d == nil:
	case n < 93:
		h.log = append(h.log, "kratos down or up")
		h.down = !h.down
		h.kratos.setFailure(map[bool]error{true: errDown}[h.down])
	case n < 96:
		h.restart()
	default:
		h.log = append(h.log, "sweep")
		require.NoError(h.t, h.server().d.Reconcile(h.t.Context(), 0))
	}
}

func (h *history) somebody() uuid.UUID { return h.people[h.rand.IntN(len(h.people))] }

func (h *history) liveKey() (fakekey, bool) {
	for range 10 {
		if len(h.keys) == 0 {
			break
		}
		if k := h.keys[h.rand.IntN(len(h.keys))]; h.kratos.live(k) {
			return k, true
		}
	}
	return fakekey{}, false
}

func (h *history) happened(what string, k fakekey, flow index.Flow) {
	h.log = append(h.log, fmt.Sprintf("%s %s of %s", what, k.method, k.owner))
	h.told[k.owner] = false
	if k.method != "" {
		h.keys = append(h.keys, k)
	}
	h.tell(k.owner, flow)
}

// tell sends a hook, unless it is lost. If responses are slow it mostly arrives at
// once, while earlier responses are in flight.
func (h *history) tell(id uuid.UUID, flow index.Flow) {
	switch {
	case h.rand.IntN(5) == 0:
	case h.slow && h.d != nil && h.rand.IntN(4) > 0:
		h.arrive(pendingHook{id, flow})
	default:
		h.pending = append(h.pending, pendingHook{id, flow})
	}
}

func (h *history) arrive(p pendingHook) {
	h.log = append(h.log, fmt.Sprintf("hook %s", p.id))
	h.server().hook(p.id, p.flow)
	h.told[p.id] = true
}

// deliver lets any of the pending hooks arrive, now and then twice.
func (h *history) deliver() {
	if len(h.pending) == 0 || h.d == nil {
		return
	}
	at := h.rand.IntN(len(h.pending))
	p := h.pending[at]
	if h.rand.IntN(5) > 0 {
		h.pending = append(h.pending[:at], h.pending[at+1:]...)
	}
	h.arrive(p)
}

// server is one of those that serve.
func (h *history) server() *world {
	if h.other != nil && h.rand.IntN(2) == 0 {
		return h.other
	}
	return h.world
}

// checkOwners checks what holds at every moment: an answer names the owner, no
// handle that Kratos ever showed is unknown, no stranger's credential matches.
func (h *history) checkOwners() {
	h.t.Helper()
	for _, k := range h.keys {
		q := query(k)
		q.AllowRemoved = true
		a, err := h.resolveFromIndex(q)
		if errors.Is(err, ErrUnknown) || errors.Is(err, ErrBuilding) {
			require.False(h.t, h.kratos.wasShown(k) && !h.slow, "a handle of %s that kratos showed is unknown", k.owner)
			continue
		}
		require.NoError(h.t, err)
		require.Equal(h.t, k.owner, a.IdentityID)
		stranger := h.keys[h.rand.IntN(len(h.keys))]
		if stranger.owner == k.owner {
			continue
		}
		q.CredentialID = stranger.id
		a, err = h.resolveFromIndex(q)
		require.NoError(h.t, err)
		require.False(h.t, a.Matches != nil && *a.Matches, "a stranger's credential matches")
	}
}

// resolveFromIndex asks without letting Kratos be asked.
func (h *history) resolveFromIndex(q Query) (Answer, error) {
	d := h.server().d
	found, err := d.find(h.t.Context(), q)
	if err != nil {
		return Answer{}, err
	}
	return d.answer(found, q, SourceIndex), nil
}

// checkTold: once the hook after an identity's last change was acknowledged and pulled,
// all its keys are known, whatever arrives late.
func (h *history) checkTold() {
	h.t.Helper()
	waiting := identitiesOf(stored(h.t, h.store))
	for _, k := range h.keys {
		if h.told[k.owner] && h.kratos.live(k) && h.kratos.lists(k) && !slices.Contains(waiting, k.owner) {
			_, err := h.resolveFromIndex(query(k))
			require.NoError(h.t, err, "a %s key of %s signs in, and was pulled", k.method, k.owner)
		}
	}
}

// checkPulled: while Kratos responds, every hook is pulled, also those of a server
// that was stopped.
func (h *history) checkPulled() {
	h.t.Helper()
	h.down = false
	h.kratos.setFailure(nil)
	h.wait(5 * time.Minute)
	require.Empty(h.t, stored(h.t, h.store))
}

// settle lets every hook arrive that is not lost, and sweeps until everything
// that can be known is.
func (h *history) settle() {
	h.kratos.setFailure(nil)
	for len(h.pending) > 0 {
		h.deliver()
	}
	h.wait(31 * time.Hour)
}

// checkAll compares every answer with the truth.
func (h *history) checkAll() {
	h.t.Helper()
	h.checkOwners()
	for _, k := range h.keys {
		rec, err := h.store.Identity(h.t.Context(), k.owner)
		require.NoError(h.t, err)
		if !h.shown(k) {
			continue
		}
		require.NotNil(h.t, rec)
		handle, ok := rec.Handle(userhandle.DigestOf(k.handle))
		require.True(h.t, ok)
		live := h.liveByHandle(k)
		switch handle.State {
		case index.Active, index.Orphaned:
			require.True(h.t, live, "%s handle of %s is %s, and its key is gone", k.method, k.owner, handle.State)
		case index.Removed:
			require.False(h.t, live, "%s handle of %s is removed, and its key is there", k.method, k.owner)
		case index.Unknown:
		}
		a, err := h.resolveFromIndex(query(k))
		if err == nil && a.Matches != nil && *a.Matches {
			require.True(h.t, h.kratos.live(k), "a credential matches, and is gone")
		}
	}
}

// shown reports whether the index must have seen a handle: a late response may have
// been outdated when it arrived.
func (h *history) shown(k fakekey) bool {
	if h.slow {
		return h.kratos.lists(k)
	}
	return h.kratos.wasShown(k)
}

// checkDeleted: after --max-age and a sweep, no identity is returned that Kratos does
// not have, and every identity that it lists is known.
func (h *history) checkDeleted() {
	h.t.Helper()
	for _, k := range h.keys {
		_, err := h.resolveFromIndex(query(k))
		if !slices.Contains(h.people, k.owner) {
			require.True(h.t, errors.Is(err, ErrRemoved) || errors.Is(err, ErrUnknown), "%s is deleted, and %v", k.owner, err)
			continue
		}
		if h.kratos.live(k) && h.shown(k) {
			require.NoError(h.t, err, "a %s key of %s signs in", k.method, k.owner)
		}
		if h.kratos.lists(k) {
			require.NotErrorIs(h.t, err, ErrUnknown, "a %s handle of %s is listed", k.method, k.owner)
		}
	}
}

// checkSignals lets authenticators obey every signal: they drop the credentials
// of a handle that its signal does not name. None that signs in may go.
func (h *history) checkSignals() {
	h.t.Helper()
	for _, id := range h.people {
		signals, err := h.server().d.Signals(h.t.Context(), id)
		require.NoError(h.t, err)
		for _, k := range h.keys {
			for _, s := range signals {
				if string(s.UserHandle) != string(k.handle) || !h.kratos.live(k) {
					continue
				}
				named := slices.ContainsFunc(s.CredentialIDs, func(id []byte) bool { return bytes.Equal(id, k.id) })
				require.True(h.t, named, "a signal drops a %s key of %s", k.method, k.owner)
			}
		}
	}
}

// checkUnknown asks about a random credential as an assertion presents it: none that
// signs in is reported as unknown.
func (h *history) checkUnknown() {
	h.t.Helper()
	if len(h.keys) == 0 || h.d == nil {
		return
	}
	k := h.keys[h.rand.IntN(len(h.keys))]
	doubt, err := h.server().d.UnknownCredential(h.t.Context(), query(k).Readings, k.id)
	if err == nil && doubt == DoubtNone {
		require.False(h.t, h.kratos.live(k), "a %s key of %s signs in, and is called unknown", k.method, k.owner)
	}
	if err == nil && doubt == DoubtHeld {
		require.True(h.t, h.kratos.live(k), "a %s key of %s is gone, and is called held", k.method, k.owner)
	}
}

// liveByHandle reports whether any key with this handle still signs in: webauthn keys
// that were added in settings share the identity's id.
func (h *history) liveByHandle(k fakekey) bool {
	for _, other := range h.keys {
		if string(other.handle) == string(k.handle) && h.kratos.live(other) {
			return true
		}
	}
	return false
}

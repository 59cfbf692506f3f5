// Package indextest is the conformance suite of index stores, which every store must
// pass.
package indextest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Run checks a store. open returns a new empty store; reopen closes
// it and opens it again, and is nil for stores that do not outlive a process.
func Run(t *testing.T, open func(t *testing.T) index.Store, reopen func(t *testing.T, s index.Store) index.Store) {
	t.Helper()
	for _, tc := range []struct {
		name string
		test func(t *testing.T, s index.Store)
	}{
		{"empty", testEmpty},
		{"owners", testOwners},
		{"owners say what records say", testOwnersOfRecords},
		{"extensions", testExtensions},
		{"replace", testReplace},
		{"erase", testErase},
		{"unchanged", testUnchanged},
		{"together", testTogether},
		{"copies", testCopies},
		{"after", testAfter},
		{"stats", testStats},
		{"meta", testMeta},
		{"jobs", testJobs},
		{"parallel updates", testParallelUpdates},
		{"parallel batches", testParallelBatches},
		{"parallel jobs", testParallelJobs},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, open(t)) })
	}
	if _, ok := open(t).(index.Loader); ok {
		t.Run("load", func(t *testing.T) { testLoad(t, open(t), reopen) })
	}
	if reopen != nil {
		t.Run("durable", func(t *testing.T) { testDurable(t, open(t), reopen) })
	}
}

func digest(s string) userhandle.Digest { return userhandle.DigestOf([]byte(s)) }

// identity returns a record with the given handles.
func identity(id uuid.UUID, handles ...string) *index.Identity {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456000, time.UTC)
	i := &index.Identity{ID: id, SeenAt: at}
	for _, h := range handles {
		i.Handles = append(i.Handles, index.Handle{Digest: digest(h), Kind: index.Passkey, State: index.Active, FirstSeen: at})
		i.Credentials = append(i.Credentials, index.Credential{Digest: digest("credential of " + h), Kind: index.Passkey, Handle: digest(h), Live: true})
	}
	return i
}

// set returns a change that replaces a record by i.
func set(i *index.Identity) index.Change {
	return func(uuid.UUID, *index.Identity) *index.Identity { return i }
}

func put(t *testing.T, s index.Store, identities ...*index.Identity) {
	t.Helper()
	for _, p := range identities {
		changed, err := s.Update(t.Context(), []uuid.UUID{p.ID}, set(p))
		require.NoError(t, err)
		require.Equal(t, 1, changed)
	}
}

// owners returns the ids of a handle's owners.
func owners(t *testing.T, s index.Store, handle string) []uuid.UUID {
	t.Helper()
	found, err := s.Owners(t.Context(), digest(handle))
	require.NoError(t, err)
	ids := []uuid.UUID{}
	for _, o := range found {
		ids = append(ids, o.ID)
	}
	return ids
}

// RequireOwners requires that every handle leads to what those records say and,
// if it is theirs alone, to nothing else.
func RequireOwners(t *testing.T, s index.Store, records ...*index.Identity) {
	t.Helper()
	want := map[userhandle.Digest][]index.Owner{}
	for _, i := range records {
		for _, h := range i.Handles {
			o, ok := i.Owner(h.Digest)
			require.True(t, ok)
			want[h.Digest] = append(want[h.Digest], o)
		}
	}
	for handle, owners := range want {
		slices.SortFunc(owners, func(a, b index.Owner) int { return compare(a.ID, b.ID) })
		found, err := s.Owners(t.Context(), handle)
		require.NoError(t, err)
		require.Equal(t, owners, found)
	}
	_, err := index.Verify(t.Context(), s, func(problem string) { t.Error(problem) })
	require.NoError(t, err)
}

func compare(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

func testEmpty(t *testing.T, s index.Store) {
	t.Helper()
	require.Empty(t, owners(t, s, "h"))
	i, err := s.Identity(t.Context(), uuid.New())
	require.NoError(t, err)
	require.Nil(t, i)
	page, err := s.After(t.Context(), uuid.Nil, 10)
	require.NoError(t, err)
	require.Empty(t, page)
	meta, err := s.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Meta{}, meta)
	jobs, err := s.Jobs(t.Context())
	require.NoError(t, err)
	require.Empty(t, jobs)
	changed, err := s.Update(t.Context(), nil, set(nil))
	require.NoError(t, err)
	require.Zero(t, changed)
}

func testOwners(t *testing.T, s index.Store) {
	t.Helper()
	a, b := identity(uuid.New(), "h1", "h2"), identity(uuid.New(), "h3", "shared")
	c := identity(uuid.New(), "shared")
	put(t, s, a, b, c)
	require.Equal(t, []uuid.UUID{a.ID}, owners(t, s, "h1"))
	require.Equal(t, []uuid.UUID{a.ID}, owners(t, s, "h2"))
	require.Equal(t, []uuid.UUID{b.ID}, owners(t, s, "h3"))
	both := []uuid.UUID{b.ID, c.ID}
	slices.SortFunc(both, compare)
	require.Equal(t, both, owners(t, s, "shared"))
	require.Empty(t, owners(t, s, "h4"))
	RequireOwners(t, s, a, b, c)
}

// testOwnersOfRecords changes records of every shape in every way: each time lookups
// agree with the record.
func testOwnersOfRecords(t *testing.T, s index.Store) {
	t.Helper()
	records := Sample()
	put(t, s, records...)
	RequireOwners(t, s, records...)
	found, err := s.Owners(t.Context(), SharedHandle())
	require.NoError(t, err)
	require.Len(t, found, 2)
	for name, change := range map[string]func(i *index.Identity){
		"a later pull":     func(i *index.Identity) { i.PulledAt = i.SeenAt.Add(time.Hour) },
		"a deletion":       func(i *index.Identity) { i.DeletedAt = i.SeenAt.Add(time.Hour) },
		"a return":         func(i *index.Identity) { i.DeletedAt = time.Time{} },
		"a use":            func(i *index.Identity) { each(i.Credentials, func(c *index.Credential) { c.UsedAt = i.SeenAt }) },
		"credentials gone": func(i *index.Identity) { each(i.Credentials, func(c *index.Credential) { c.Live = false }) },
		"handles gone":     func(i *index.Identity) { each(i.Handles, func(h *index.Handle) { h.State = index.Removed }) },
		"no credentials":   func(i *index.Identity) { i.Credentials = nil },
	} {
		for n, i := range records {
			next := i.Clone()
			change(next)
			_, err := s.Update(t.Context(), []uuid.UUID{i.ID}, set(next))
			require.NoError(t, err, name)
			records[n] = next
		}
		RequireOwners(t, s, records...)
	}
}

func each[T any](all []T, do func(*T)) {
	for n := range all {
		do(&all[n])
	}
}

// testExtensions: fields that a newer program has added to a record and to the meta
// are kept when this one changes them.
func testExtensions(t *testing.T, s index.Store) {
	t.Helper()
	const extension = "\x07\x03new\x08\x00"
	i := Sample()[0]
	extended, err := index.Decode(i.ID, append(i.Encode(), extension...))
	require.NoError(t, err)
	put(t, s, extended)
	_, err = s.Update(t.Context(), []uuid.UUID{i.ID}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
		cur.Handles[0].State = index.Removed
		return cur
	})
	require.NoError(t, err)
	stored, err := s.Identity(t.Context(), i.ID)
	require.NoError(t, err)
	i.Handles[0].State = index.Removed
	require.Equal(t, string(i.Encode())+extension, string(stored.Encode()))
	RequireOwners(t, s, stored)

	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.Unknown = []byte(`{"later":[1,"x"]}`) }))
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.Missing = 1 }))
	meta, err := s.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Meta{Missing: 1, Unknown: []byte(`{"later":[1,"x"]}`)}, meta)
}

func testReplace(t *testing.T, s index.Store) {
	t.Helper()
	id := uuid.New()
	put(t, s, identity(id, "h1", "h2"))
	put(t, s, identity(id, "h2", "h3"))
	require.Empty(t, owners(t, s, "h1"))
	require.Equal(t, []uuid.UUID{id}, owners(t, s, "h2"))
	require.Equal(t, []uuid.UUID{id}, owners(t, s, "h3"))
}

func testErase(t *testing.T, s index.Store) {
	t.Helper()
	a, b := identity(uuid.New(), "h1", "shared"), identity(uuid.New(), "shared")
	put(t, s, a, b)
	changed, err := s.Update(t.Context(), []uuid.UUID{a.ID}, set(nil))
	require.NoError(t, err)
	require.Equal(t, 1, changed)
	require.Empty(t, owners(t, s, "h1"))
	require.Equal(t, []uuid.UUID{b.ID}, owners(t, s, "shared"))
	i, err := s.Identity(t.Context(), a.ID)
	require.NoError(t, err)
	require.Nil(t, i)
	changed, err = s.Update(t.Context(), []uuid.UUID{a.ID}, set(nil))
	require.NoError(t, err)
	require.Zero(t, changed, "there is nothing left to erase")
}

func testUnchanged(t *testing.T, s index.Store) {
	t.Helper()
	a, b := identity(uuid.New(), "h1"), identity(uuid.New(), "h2")
	put(t, s, a, b)
	changed, err := s.Update(t.Context(), []uuid.UUID{a.ID, b.ID}, func(id uuid.UUID, cur *index.Identity) *index.Identity {
		if id == b.ID {
			cur.DeletedAt = cur.SeenAt
		}
		return cur
	})
	require.NoError(t, err)
	require.Equal(t, 1, changed)
	i, err := s.Identity(t.Context(), b.ID)
	require.NoError(t, err)
	require.Equal(t, b.SeenAt, i.DeletedAt)
}

// testTogether changes records, adds, erases and leaves some, all in one update.
func testTogether(t *testing.T, s index.Store) {
	t.Helper()
	var ids []uuid.UUID
	for range 7 {
		ids = append(ids, uuid.New())
	}
	next := map[uuid.UUID]*index.Identity{
		ids[0]: identity(ids[0], "h0"), ids[1]: identity(ids[1], "h1"), ids[2]: identity(ids[2], "h2", "more"),
		ids[3]: identity(ids[3], "h3", "h3b"), ids[4]: identity(ids[4], "h4"), ids[5]: nil, ids[6]: nil,
	}
	put(t, s, next[ids[0]], identity(ids[2], "h2"), identity(ids[4], "old", "h2"), identity(ids[5], "h5"))
	changed, err := s.Update(t.Context(), ids, func(id uuid.UUID, _ *index.Identity) *index.Identity { return next[id] })
	require.NoError(t, err)
	require.Equal(t, 5, changed)
	for _, id := range ids {
		i, err := s.Identity(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, next[id], i)
	}
	for handle, owner := range map[string]uuid.UUID{"h0": ids[0], "h1": ids[1], "h2": ids[2], "more": ids[2], "h3": ids[3], "h3b": ids[3], "h4": ids[4]} {
		require.Equal(t, []uuid.UUID{owner}, owners(t, s, handle))
	}
	require.Empty(t, owners(t, s, "old"))
	require.Empty(t, owners(t, s, "h5"))
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Stats{Identities: 5, Active: 7}, stats)
}

func testCopies(t *testing.T, s index.Store) {
	t.Helper()
	a := identity(uuid.New(), "h1")
	put(t, s, a)
	a.Handles[0].State = index.Removed
	i, err := s.Identity(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, index.Active, i.Handles[0].State, "what was stored is not the caller's")
	i.Handles[0].State = index.Removed
	again, err := s.Identity(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, index.Active, again.Handles[0].State, "what was answered is not the store's")
}

func testAfter(t *testing.T, s index.Store) {
	t.Helper()
	var ids []uuid.UUID
	for range 25 {
		p := identity(uuid.New(), uuid.NewString())
		ids = append(ids, p.ID)
		put(t, s, p)
	}
	slices.SortFunc(ids, compare)
	var walked []uuid.UUID
	for from := uuid.Nil; ; {
		page, err := s.After(t.Context(), from, 10)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, i := range page {
			walked = append(walked, i.ID)
		}
		from = page[len(page)-1].ID
	}
	require.Equal(t, ids, walked)
	between := ids[3]
	between[15]++ // an id that is not there
	page, err := s.After(t.Context(), between, 2)
	require.NoError(t, err)
	require.Len(t, page, 2)
	require.Equal(t, ids[4], page[0].ID)
	require.Equal(t, ids[5], page[1].ID)
	page, err = s.After(t.Context(), uuid.Max, 2)
	require.NoError(t, err)
	require.Empty(t, page)
}

func testStats(t *testing.T, s index.Store) {
	t.Helper()
	stats := func() index.Stats {
		found, err := s.Stats(t.Context())
		require.NoError(t, err)
		return found
	}
	require.Equal(t, index.Stats{}, stats())
	a, b := identity(uuid.New(), "h1", "h2", "h3"), identity(uuid.New(), "h4")
	a.Handles[1].State, a.Handles[2].State = index.Orphaned, index.Unknown
	put(t, s, a, b)
	require.Equal(t, index.Stats{Identities: 2, Active: 2, Orphaned: 1, Unknown: 1}, stats())
	a.Handles[2].State = index.Removed
	b.DeletedAt = b.SeenAt
	put(t, s, a, b)
	require.Equal(t, index.Stats{Identities: 2, Deleted: 1, Active: 1, Orphaned: 1, Removed: 2}, stats())
	_, err := s.Update(t.Context(), []uuid.UUID{a.ID, b.ID}, set(nil))
	require.NoError(t, err)
	require.Equal(t, index.Stats{}, stats())
}

func testMeta(t *testing.T, s index.Store) {
	t.Helper()
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.BuildToken, m.BuiltAt = "t", at }))
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.BuildToken = "" }))
	meta, err := s.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Meta{BuiltAt: at}, meta)
}

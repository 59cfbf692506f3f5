package bolt

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	berrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func openStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func personID(n int) uuid.UUID { return uuid.UUID{1, byte(n >> 8), byte(n)} }

func handleOf(n int) userhandle.Digest {
	return userhandle.DigestOf(fmt.Appendf(nil, "handle %d", n))
}

// someone makes a record with those handles.
func someone(id uuid.UUID, version int, handles ...int) *index.Identity {
	i := &index.Identity{ID: id, SeenAt: time.UnixMicro(int64(1 + version)).UTC()}
	for _, h := range handles {
		i.Handles = append(i.Handles, index.Handle{Digest: handleOf(h), Kind: index.Passkey, State: index.Active})
		i.Credentials = append(i.Credentials, index.Credential{Digest: handleOf(-h), Kind: index.Passkey, Handle: handleOf(h), Live: true})
	}
	return i
}

func set(i *index.Identity) index.Change {
	return func(uuid.UUID, *index.Identity) *index.Identity { return i }
}

func update(t *testing.T, s index.Store, id uuid.UUID, next *index.Identity) {
	t.Helper()
	_, err := s.Update(t.Context(), []uuid.UUID{id}, set(next))
	require.NoError(t, err)
}

func owners(t *testing.T, s index.Store, handle userhandle.Digest) []*index.Identity {
	t.Helper()
	found, err := s.Owners(t.Context(), handle)
	require.NoError(t, err)
	slices.SortFunc(found, func(a, b *index.Identity) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return found
}

// renewal makes a table in steps, so that something can happen between them.
type renewal struct {
	copies *copies
	next   func(t *testing.T)
}

func (r *renewal) begin(t *testing.T) {
	t.Helper()
	needed, err := r.copies.begin()
	require.NoError(t, err)
	if needed {
		r.next = r.write
	}
}

func (r *renewal) write(t *testing.T) {
	t.Helper()
	table, err := r.copies.write(t.Context())
	require.NoError(t, err)
	r.next = func(t *testing.T) {
		t.Helper()
		require.NoError(t, r.copies.use(table))
		r.next = r.begin
	}
}

// TestCopiesAnswerAsTheTrees: people share handles, get and lose them, are erased
// and loaded, while tables come and go. Every answer is that of a store that has
// no table.
func TestCopiesAnswerAsTheTrees(t *testing.T) {
	const lives, steps, people, handles = 10, 400, 12, 20
	fromTable := 0
	for life := range uint64(lives) {
		r := rand.New(rand.NewPCG(life, 1))
		s, model := openStore(t), memory.New()
		making := &renewal{copies: s.copies}
		making.next = making.begin
		for step := range steps {
			id := personID(r.IntN(people))
			next := someone(id, step, r.Perm(handles)[:r.IntN(4)]...)
			if r.IntN(10) == 0 {
				next = nil
			}
			switch r.IntN(16) {
			case 0, 1, 2, 3, 4, 5, 6, 7:
				making.next(t)
			case 8:
				require.NoError(t, s.Load(t.Context(), []uuid.UUID{id}, set(next), func(*index.Meta) {}))
				require.Nil(t, s.copies.table)
				require.NoError(t, s.FinishLoad(t.Context()))
				update(t, model, id, next)
			case 9:
				s.copies.forceRenewal()
			default:
				update(t, s, id, next)
				update(t, model, id, next)
			}
			h := handleOf(r.IntN(handles))
			if _, ok := s.copies.owners(h); ok {
				fromTable++
			}
			require.Equal(t, owners(t, model, h), owners(t, s, h), "life %d, step %d", life, step)
		}
	}
	require.Greater(t, fromTable, lives*steps/10)
}

// forceRenewal lets everything count as changed, as after many changes.
func (c *copies) forceRenewal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := 0; c.table != nil && len(c.changed) <= c.tooMany(); n++ {
		c.changed[uint64(n)] = struct{}{}
	}
}

// keep keeps a store until the test ends or stop is called.
func keep(t *testing.T, s *Store) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return s.Keep(ctx) })
	return func() error {
		cancel()
		return g.Wait()
	}
}

func (c *copies) current() *table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.table
}

func awaitTable(t *testing.T, s *Store, other *table) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); s.copies.current() == other; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "no table")
	}
}

// TestNothingOldIsAnswered: whoever looks while records are written and tables
// are made sees nothing older than what was stored before.
func TestNothingOldIsAnswered(t *testing.T) {
	s := openStore(t)
	const people, versions = 8, 60
	var stored [people]atomic.Int64
	stop := keep(t, s)
	ctx, done := context.WithCancel(t.Context())
	var g errgroup.Group
	for seed := range uint64(2) {
		g.Go(func() error {
			for r := rand.New(rand.NewPCG(seed, 0)); ctx.Err() == nil; {
				n := r.IntN(people)
				least := stored[n].Load()
				found, err := s.Owners(ctx, handleOf(n))
				if err != nil || least > 0 && (len(found) != 1 || found[0].SeenAt.UnixMicro() <= least) {
					return fmt.Errorf("person %d after version %d: %v: %w", n, least, found, err)
				}
			}
			return nil
		})
	}
	for v := 1; v <= versions; v++ {
		for n := range people {
			update(t, s, personID(n), someone(personID(n), v, n))
			stored[n].Store(int64(v))
		}
		s.copies.forceRenewal()
		s.copies.want()
	}
	done()
	require.NoError(t, g.Wait())
	require.NoError(t, stop())
}

// TestTableBegunDuringAWrite: what is stored while a table is wanted is in it, or
// is known to have changed.
func TestTableBegunDuringAWrite(t *testing.T) {
	s := openStore(t)
	first, second := personID(1), personID(2)
	update(t, s, first, someone(first, 1, 1))
	update(t, s, second, someone(second, 1, 2))
	renewed := make(chan error, 1)
	writes := 0
	change := func(id uuid.UUID, _ *index.Identity) *index.Identity {
		if id == second {
			writes++
		}
		if writes == 2 && id == second { // the first time it only looks; now the first record is written, and cannot be seen yet
			go func() { renewed <- s.copies.renew(t.Context()) }()
			select {
			case err := <-renewed:
				renewed <- err
			case <-time.After(100 * time.Millisecond):
			}
		}
		return someone(id, 2, int(id[2]))
	}
	changed, err := s.Update(t.Context(), []uuid.UUID{first, second}, change)
	require.NoError(t, err)
	require.Equal(t, 2, changed)
	require.NoError(t, <-renewed)
	require.Equal(t, 2, writes)
	require.NotNil(t, s.copies.current())
	for _, id := range []uuid.UUID{first, second} {
		n := int(id[2])
		require.Equal(t, []*index.Identity{someone(id, 2, n)}, owners(t, s, handleOf(n)))
	}
}

// TestKeep: a table is made for the first who looks, and another one after many
// changes; no file is left of them.
func TestKeep(t *testing.T) {
	s := openStore(t)
	left := filepath.Join(s.dir, "lookup-1.tmp")
	require.NoError(t, os.WriteFile(left, []byte("of a process that was killed"), 0o600))
	const many, few = 11_000, 10_000
	var ids []uuid.UUID
	for n := range many {
		ids = append(ids, personID(n))
	}
	change := func(version int) index.Change {
		return func(id uuid.UUID, _ *index.Identity) *index.Identity {
			return someone(id, version, int(id[1])<<8|int(id[2]))
		}
	}
	_, err := s.Update(t.Context(), ids, change(1))
	require.NoError(t, err)
	stop := keep(t, s)
	require.Nil(t, s.copies.current(), "nobody has looked")
	require.Len(t, owners(t, s, handleOf(7)), 1)
	awaitTable(t, s, nil)
	first := s.copies.current()
	found, ok := s.copies.owners(handleOf(7))
	require.True(t, ok)
	require.Equal(t, []*index.Identity{someone(personID(7), 1, 7)}, found)
	_, ok = s.copies.owners(handleOf(many))
	require.False(t, ok, "a handle of nobody is not in it")

	_, err = s.Update(t.Context(), ids[:few], change(2))
	require.NoError(t, err)
	_, ok = s.copies.owners(handleOf(7))
	require.False(t, ok, "it has changed")
	require.Equal(t, []*index.Identity{someone(personID(7), 2, 7)}, owners(t, s, handleOf(7)))
	require.Same(t, first, s.copies.current(), "so many changes are not enough")
	_, err = s.Update(t.Context(), ids, change(3))
	require.NoError(t, err)
	awaitTable(t, s, first)
	found, ok = s.copies.owners(handleOf(7))
	require.True(t, ok)
	require.Equal(t, []*index.Identity{someone(personID(7), 3, 7)}, found)
	require.NoError(t, stop())
	require.NoError(t, s.copies.pause())
	names, err := filepath.Glob(filepath.Join(s.dir, tableFiles))
	require.NoError(t, err)
	require.Empty(t, names)
}

// numbers answers so many from one on.
func numbers(first, count int) []int {
	all := make([]int, count)
	for n := range all {
		all[n] = first + n
	}
	return all
}

// TestManyPasskeys: a record that does not fit where most do, and one of somebody
// who has so many that copying it for each of them would fill the disk.
func TestManyPasskeys(t *testing.T) {
	s := openStore(t)
	many, tooMany := someone(personID(1), 1, numbers(0, 50)...), someone(personID(2), 1, numbers(50, 1000)...)
	require.Less(t, len(many.Encode()), maxCopy)
	for _, i := range []*index.Identity{many, tooMany} {
		update(t, s, i.ID, i)
	}
	require.NoError(t, s.copies.renew(t.Context()))
	require.Less(t, s.copies.table.file.Len(), 1<<20)
	for n := range 1050 {
		want := many
		if n >= 50 {
			want = tooMany
		}
		found, ok := s.copies.owners(handleOf(n))
		require.Equal(t, want == many, ok)
		if ok {
			require.Equal(t, []*index.Identity{want}, found)
		}
		require.Equal(t, []*index.Identity{want}, owners(t, s, handleOf(n)))
	}
}

// TestOneOfTwoOwnersIsLong: a table that cannot tell both owners tells none, in
// whichever order it has them.
func TestOneOfTwoOwnersIsLong(t *testing.T) {
	s := openStore(t)
	pairs := [][]*index.Identity{
		{someone(personID(1), 1, 0), someone(personID(2), 1, numbers(0, 200)...)},
		{someone(personID(3), 1, numbers(200, 200)...), someone(personID(4), 1, 200)},
	}
	for _, i := range slices.Concat(pairs...) {
		update(t, s, i.ID, i)
	}
	require.NoError(t, s.copies.renew(t.Context()))
	for n, pair := range pairs {
		_, ok := s.copies.owners(handleOf(200 * n))
		require.False(t, ok)
		require.Equal(t, pair, owners(t, s, handleOf(200*n)))
	}
}

// TestNoTable: without room for one, or a place, the store goes on, and makes one
// when it is kept again and there is.
func TestNoTable(t *testing.T) {
	s := openStore(t)
	want := someone(personID(1), 1, 1)
	update(t, s, want.ID, want)
	keepOnce := func() error {
		var g errgroup.Group
		g.Go(func() error { return s.Keep(t.Context()) })
		require.Equal(t, []*index.Identity{want}, owners(t, s, handleOf(1)))
		err := g.Wait()
		require.Equal(t, []*index.Identity{want}, owners(t, s, handleOf(1)))
		return err
	}
	size := int64(0)
	for _, name := range []string{FileName, queueName} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		require.NoError(t, err)
		size = max(size, info.Size())
	}
	free, known := s.copies.room(s.dir)
	require.True(t, known)
	require.Greater(t, free, 2*size)
	s.copies.room = func(string) (int64, bool) { return 2*size - 1, true }
	require.EqualError(t, keepOnce(), fmt.Sprintf(`look-up table: %d MB are free in %q, and twice the size of the index is wanted, %d MB`, (2*size-1)>>20, s.dir, 2*size>>20))
	s.copies.room = func(string) (int64, bool) { return 2 * size, true }
	stop := keep(t, s)
	awaitTable(t, s, nil)
	require.NoError(t, stop())

	require.NoError(t, s.copies.drop())
	s.copies.room = func(string) (int64, bool) { return 0, false }
	require.NoError(t, os.RemoveAll(s.dir))
	require.ErrorContains(t, keepOnce(), "look-up table: stat "+s.dir)
}

// TestKeepEnds: also while a table is made, of which nothing is left.
func TestKeepEnds(t *testing.T) {
	s := openStore(t)
	update(t, s, personID(1), someone(personID(1), 1, 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.copies.renew(ctx), context.Canceled)
	s.copies.want()
	require.NoError(t, s.Keep(ctx))
	names, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	require.Len(t, names, 2, "%v", names)
}

// TestNoTableWhileLoading: handles that are not findable yet are nobody's change.
func TestNoTableWhileLoading(t *testing.T) {
	s := openStore(t)
	want := someone(personID(1), 1, 1)
	load := func() {
		require.NoError(t, s.Load(t.Context(), []uuid.UUID{want.ID}, set(want), func(*index.Meta) {}))
	}
	load()
	for range 2 {
		require.Empty(t, owners(t, s, handleOf(1)))
		require.Empty(t, s.copies.wanted)
		require.NoError(t, s.copies.renew(t.Context()))
		require.Nil(t, s.copies.current())
		load()
	}
	require.NoError(t, s.FinishLoad(t.Context()))
	require.Equal(t, []*index.Identity{want}, owners(t, s, handleOf(1)))
	require.Len(t, s.copies.wanted, 1)
	require.NoError(t, s.copies.renew(t.Context()))
	require.NotNil(t, s.copies.current())
}

// TestTableIsWanted by the first who looks, and not while it is made, nor where
// little has changed.
func TestTableIsWanted(t *testing.T) {
	s := openStore(t)
	update(t, s, personID(1), someone(personID(1), 1, 1))
	require.Empty(t, s.copies.wanted)
	needed, err := s.copies.begin()
	require.NoError(t, err)
	require.True(t, needed)
	require.Len(t, owners(t, s, handleOf(1)), 1)
	require.Empty(t, s.copies.wanted)
	made, err := s.copies.write(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.copies.use(made))
	update(t, s, personID(2), someone(personID(2), 1, 2))
	require.Len(t, owners(t, s, handleOf(2)), 1)
	require.Empty(t, s.copies.wanted)
	require.NoError(t, s.copies.renew(t.Context()))
	require.Same(t, made, s.copies.current())
	s.copies.forceRenewal()
	update(t, s, personID(3), someone(personID(3), 1, 3))
	require.Len(t, s.copies.wanted, 1)
	require.NoError(t, s.copies.renew(t.Context()))
	require.NotSame(t, made, s.copies.current())
}

// TestRenewOfAClosedStore fails, and leaves no table.
func TestRenewOfAClosedStore(t *testing.T) {
	s := openStore(t)
	require.NoError(t, s.db.close())
	require.ErrorIs(t, s.copies.renew(t.Context()), berrors.ErrDatabaseNotOpen)
	require.Nil(t, s.copies.current())
}

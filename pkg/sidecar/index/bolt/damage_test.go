package bolt

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// crowd is the number of identities in the files to damage: enough for trees with
// branch pages.
const crowd = 400

func crowdMember(id uuid.UUID) *index.Identity { return someone(id, 1, int(id[1])<<8|int(id[2])) }

// requireCrowd requires that every record is as it was stored.
func requireCrowd(t *testing.T, read []*index.Identity) {
	t.Helper()
	for _, i := range read {
		require.Equal(t, crowdMember(i.ID), i)
	}
}

// crowdFiles returns both files of an undamaged index.
func crowdFiles(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(dir)
	require.NoError(t, err)
	var ids []uuid.UUID
	for n := range crowd {
		ids = append(ids, personID(n))
	}
	_, err = s.Update(t.Context(), ids, func(id uuid.UUID, _ *index.Identity) *index.Identity { return crowdMember(id) })
	require.NoError(t, err)
	for _, id := range ids {
		job := index.Job{Identity: id, Number: 1, Flow: index.FlowLogin}
		_, err := s.Enqueue(t.Context(), job)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	for range 2 { // either of the two last commits holds everything
		s, err := Open(dir)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	return readFiles(t, dir)
}

func readFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{FileName, queueName} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		files[name] = content
	}
	return files
}

// exercise uses every operation of a store, also after an error, and returns what was
// read and the first error.
func exercise(t *testing.T, dir string) (read []*index.Identity, jobs []index.Job, err error) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		return nil, nil, err
	}
	defer func() { require.NoError(t, s.Close()) }()
	ctx := t.Context()
	try := func(do func() error) {
		if failed := do(); err == nil {
			err = failed
		}
	}
	try(func() (err error) { jobs, err = s.Jobs(ctx); return err })
	try(func() error { _, err := s.Meta(ctx); return err })
	for _, n := range []int{0, crowd / 2, crowd - 1} {
		try(func() error {
			found, err := s.Owners(ctx, handleOf(n))
			for _, o := range found {
				want, _ := crowdMember(o.ID).Owner(handleOf(n))
				require.Equal(t, want, o)
			}
			return err
		})
		try(func() error {
			i, err := s.Identity(ctx, personID(n))
			if i != nil {
				read = append(read, i)
			}
			return err
		})
	}
	try(func() error { _, err := index.Verify(ctx, s, func(string) {}); return err })
	try(func() error {
		page, err := s.After(ctx, uuid.Nil, crowd)
		read = append(read, page...)
		return err
	})
	job := index.Job{Identity: personID(crowd), Number: 2}
	try(func() error { _, err := s.Enqueue(ctx, job); return err })
	try(func() error { return s.Dequeue(ctx, job) })
	late := []uuid.UUID{personID(1), personID(crowd)}
	gone := func(uuid.UUID, *index.Identity) *index.Identity { return nil }
	try(func() error { _, err := s.Update(ctx, late, gone); return err })
	try(func() error {
		return s.Load(ctx, late, func(id uuid.UUID, _ *index.Identity) *index.Identity { return someone(id, 2, 1) }, func(*index.Meta) {})
	})
	try(func() error { return s.FinishLoad(ctx) })
	try(func() error { return s.UpdateMeta(ctx, func(m *index.Meta) { m.Accept++ }) })
	return read, jobs, err
}

// writeDamaged makes a folder in which a file has other bytes from there on.
func writeDamaged(t *testing.T, files map[string][]byte, name string, at int, other []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(other, int64(at))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return dir
}

// TestDamagedPages: reading a file with a page of zeros or of random bytes returns
// what was stored or an error, and never ends the process.
func TestDamagedPages(t *testing.T) {
	files, page := crowdFiles(t), os.Getpagesize()
	random := make([]byte, page)
	r := rand.New(rand.NewPCG(1, 2))
	for n := range random {
		random[n] = byte(r.Uint32())
	}
	damages := map[string][]byte{"zeros": make([]byte, page), "random": random}
	for name := range files {
		met := 0
		for damage, other := range damages {
			for at := 0; at < len(files[name]); at += page {
				if n := at / page; n >= 4 && n%5 != len(damage)%5 && !proof() {
					continue
				}
				read, jobs, err := exercise(t, writeDamaged(t, files, name, at, other))
				where := fmt.Sprintf("%s, page %d, %s", name, at/page, damage)
				requireCrowd(t, read)
				if err == nil {
					require.Len(t, jobs, crowd, where)
					require.Len(t, read, 3+crowd, where)
					continue
				}
				met++
				require.ErrorIs(t, err, ErrDamaged, where)
				require.Contains(t, err.Error(), name+` in "`, where)
				require.NotContains(t, err.Error(), "\n", where)
			}
		}
		least := 2 * 2 // of the sample
		if proof() {
			least = 2*3 + 1
		}
		require.GreaterOrEqual(t, met, least, "%s: most pages are in use", name)
	}
}

// TestDamagedSectors: whatever a sector of the disk holds, and wherever the file
// is cut short, the process goes on.
func TestDamagedSectors(t *testing.T) {
	files := crowdFiles(t)
	r := rand.New(rand.NewPCG(3, 4))
	for name := range files {
		lengths := 4
		if proof() {
			lengths = 12
		}
		for n := range lengths {
			length := n * len(files[name]) / lengths
			cut := maps.Clone(files)
			cut[name] = files[name][:length]
			read, _, err := exercise(t, writeDamaged(t, cut, name, 0, nil))
			requireCrowd(t, read)
			if n > 0 && n < lengths/2 { // an empty file is initialized again, and the last pages may be unused
				require.Error(t, err, "%s is cut after %d bytes", name, length)
			}
		}
		const sector = 512
		sectors := 10
		if proof() {
			sectors = 50
		}
		for range sectors {
			other := make([]byte, sector)
			if r.IntN(2) == 0 {
				for n := range other {
					other[n] = byte(r.Uint32())
				}
			}
			_, _, err := exercise(t, writeDamaged(t, files, name, sector*r.IntN(len(files[name])/sector), other))
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
			}
		}
	}
}

// proof reports whether tests run at full length, and not on a sample.
func proof() bool { return os.Getenv("OLY_PASSKEY_PROOF") != "" }

package bolt

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// TestCheck finds handles without their records.
func TestCheck(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	i := someone(personID(1), 1, 1)
	_, err = s.Update(t.Context(), []uuid.UUID{i.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return i })
	require.NoError(t, err)
	check := func() (problems []string) {
		require.NoError(t, s.Check(t.Context(), func(problem string) { problems = append(problems, problem) }))
		return problems
	}
	require.Empty(t, check())
	other, stranger := keyOf(handleOf(2), i.ID), keyOf(handleOf(1), personID(2))
	require.NoError(t, s.db.update(func(tx *bbolt.Tx) error {
		handles := tx.Bucket([]byte(bucketHandles))
		require.NoError(t, handles.Put([]byte("short"), nil))
		require.NoError(t, handles.Put(other[:], nil))
		return handles.Put(stranger[:], nil)
	}))
	require.ElementsMatch(t, []string{
		"a handle's key has 5 bytes",
		"handle " + handleOf(2).String() + " points to identity " + i.ID.String() + ", which does not have it",
		"handle " + handleOf(1).String() + " points to identity " + personID(2).String() + ", which does not have it",
	}, check())
}

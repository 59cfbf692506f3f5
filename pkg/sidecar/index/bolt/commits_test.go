package bolt

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// TestCommitsAreShared: all changes that arrive during a commit share the next one, and
// if one of them fails, none is made.
func TestCommitsAreShared(t *testing.T) {
	broken := errors.New("broken")
	for name, failing := range map[string]error{"all are made": nil, "one fails": broken} {
		t.Run(name, func(t *testing.T) {
			db, err := openFile(filepath.Join(t.TempDir(), "file"), queueRemedy, bucketJobs)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.close()) }()
			c := &committer{db: db}
			put := func(key string, err error) func(*bbolt.Tx) error {
				return func(tx *bbolt.Tx) error {
					return errors.Join(err, tx.Bucket([]byte(bucketJobs)).Put([]byte(key), nil))
				}
			}
			begun, finish := make(chan struct{}), make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				require.NoError(t, c.do(func(tx *bbolt.Tx) error {
					close(begun)
					<-finish
					return put("first", nil)(tx)
				}))
			})
			<-begun
			const others = 10
			for n := range others {
				wg.Go(func() {
					var fails error
					if n == others/2 {
						fails = failing
					}
					require.ErrorIs(t, c.do(put(fmt.Sprint(n), fails)), failing)
				})
			}
			waiting := func() int {
				c.mu.Lock()
				defer c.mu.Unlock()
				return len(c.waiting)
			}
			for deadline := time.Now().Add(10 * time.Second); waiting() < others; time.Sleep(time.Millisecond) {
				require.True(t, time.Now().Before(deadline), "%d wait", waiting())
			}
			before, want := commitsOf(t, db), others+1
			close(finish)
			wg.Wait()
			if failing != nil {
				want = 1
			}
			require.Equal(t, want, countJobs(t, db))
			require.LessOrEqual(t, commitsOf(t, db)-before, 2)
			require.NoError(t, c.do(put("last", nil)), "it goes on")
			require.Equal(t, want+1, countJobs(t, db))
		})
	}
}

// commitsOf counts the commits of a file since it was made.
func commitsOf(t *testing.T, db *file) (n int) {
	t.Helper()
	require.NoError(t, db.view(func(tx *bbolt.Tx) error {
		n = tx.ID()
		return nil
	}))
	return n
}

func countJobs(t *testing.T, db *file) (n int) {
	t.Helper()
	require.NoError(t, db.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketJobs)).ForEach(func([]byte, []byte) error {
			n++
			return nil
		})
	}))
	return n
}

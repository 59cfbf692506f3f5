//go:build realkratos

package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/index/postgres"
)

// cluster is a PostgreSQL of this test alone.
type cluster struct {
	bin, dir   string
	credential *syscall.SysProcAttr
	process    *exec.Cmd
	log        bytes.Buffer
}

// startCluster makes and starts one. initdb refuses root, so as root it runs as
// the user postgres.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	if len(bins) == 0 {
		t.Fatal("no PostgreSQL; install it: apt-get install postgresql")
	}
	dir, err := os.MkdirTemp("", "oly-pg-") // t.TempDir is closed to other users
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	c := &cluster{bin: bins[len(bins)-1], dir: dir, credential: &syscall.SysProcAttr{}}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		require.NoError(t, err)
		require.NoError(t, os.Chown(dir, int(uid), int(gid)))
		c.credential.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	out, err := c.command("initdb", "-D", filepath.Join(dir, "data"), "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8").CombinedOutput()
	require.NoError(t, err, "%s", out)
	c.start(t)
	t.Cleanup(func() { c.stop(t) })
	return c
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, name), args...)
	cmd.SysProcAttr = c.credential
	cmd.Dir = c.dir
	return cmd
}

func (c *cluster) start(t *testing.T) {
	t.Helper()
	c.process = c.command("postgres", "-D", filepath.Join(c.dir, "data"), "-k", c.dir, "-c", "listen_addresses=", "-c", "fsync=off")
	c.process.Stdout, c.process.Stderr = &c.log, &c.log
	require.NoError(t, c.process.Start())
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), c.dsn("postgres"))
		if err == nil {
			require.NoError(t, conn.Close(t.Context()))
			return
		}
		require.False(t, time.Now().After(deadline), "postgres does not answer: %v\n%s", err, &c.log)
	}
}

func (c *cluster) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.process.Process.Signal(syscall.SIGINT))
	_ = c.process.Wait() // its exit code says how it was stopped
}

func (c *cluster) dsn(database string) string {
	return fmt.Sprintf("host=%s user=test database=%s", c.dir, database)
}

// database makes an empty database.
func (c *cluster) database(t *testing.T) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.dsn("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	name := "d" + uuid.NewString()
	_, err = conn.Exec(t.Context(), `CREATE DATABASE "`+name+`"`)
	require.NoError(t, err)
	return c.dsn(name)
}

func openStore(t *testing.T, dsn string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestRealPostgresStore(t *testing.T) {
	c := startCluster(t)
	dsns := map[index.Store]string{}
	open := func(t *testing.T, dsn string) index.Store {
		t.Helper()
		s := openStore(t, dsn)
		dsns[s] = dsn
		return s
	}
	indextest.Run(t,
		func(t *testing.T) index.Store { t.Helper(); return open(t, c.database(t)) },
		func(t *testing.T, s index.Store) index.Store {
			t.Helper()
			require.NoError(t, s.Close())
			return open(t, dsns[s])
		})
}

// TestRealPostgresReplicas starts several at once on an empty database; one of
// them leads, and another as soon as it is gone.
func TestRealPostgresReplicas(t *testing.T) {
	c := startCluster(t)
	dsn := c.database(t)
	stores := make(chan *postgres.Store, 4)
	for range cap(stores) {
		go func() {
			s, err := postgres.Open(context.Background(), dsn)
			if err != nil {
				t.Error(err)
			}
			stores <- s
		}()
	}
	var all []*postgres.Store
	for range cap(stores) {
		s := <-stores
		require.NotNil(t, s)
		all = append(all, s)
		defer func() { require.NoError(t, s.Close()) }()
	}
	release, leads, err := all[0].Lead(t.Context())
	require.NoError(t, err)
	require.True(t, leads)
	_, second, err := all[1].Lead(t.Context())
	require.NoError(t, err)
	require.False(t, second)
	release()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		release, leads, err = all[1].Lead(t.Context())
		require.NoError(t, err)
		if leads {
			break
		}
		require.False(t, time.Now().After(deadline), "nobody leads")
	}
	release()
	// What one writes the others find.
	job := index.Job{Identity: uuid.New(), Number: 1, Flow: index.FlowLogin}
	require.NoError(t, all[2].Enqueue(t.Context(), job))
	jobs, err := all[3].Jobs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []index.Job{job}, jobs)
}

// TestRealPostgresRestart restarts the database under a store.
func TestRealPostgresRestart(t *testing.T) {
	c := startCluster(t)
	s := openStore(t, c.database(t))
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.BuildToken = "t" }))
	c.stop(t)
	_, err := s.Meta(t.Context())
	require.Error(t, err)
	c.start(t)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		m, err := s.Meta(t.Context())
		if err == nil {
			require.Equal(t, "t", m.BuildToken)
			return
		}
		require.False(t, time.Now().After(deadline), "the store does not come back: %v", err)
	}
}

func TestRealPostgresErrors(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://me:secret@host:port/x")
	require.EqualError(t, err, "postgres: the dsn cannot be read; want one such as postgres://user@host/database")
	_, err = postgres.Open(t.Context(), "host=/nowhere user=me password=secret database=x")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

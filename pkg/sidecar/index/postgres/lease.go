package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// A replica is the leader as long as it renews its lease, a row of a table. A session
// lock would not depend on clocks, but CockroachDB does not have them.
const (
	leaseFor   = 30 * time.Second // after which a killed leader is replaced
	renewEvery = 10 * time.Second
)

// Lead implements index.Leader.
func (s *Store) Lead(ctx context.Context) (lead context.Context, release func(), err error) {
	holder := uuid.New()
	ok, err := s.acquire(ctx, holder)
	if err != nil || !ok {
		return nil, nil, err
	}
	lead, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		s.renew(lead, holder)
	}()
	return lead, func() {
		cancel()
		<-done
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
		defer cancel()
		// If the database is unreachable, the lease expires.
		_, _ = s.pool.Exec(last, `DELETE FROM oly_passkey_lease WHERE name = 'lead' AND holder = $1`, holder)
	}, nil
}

// Clock implements index.Leader.
func (s *Store) Clock(ctx context.Context) (now time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// acquire acquires or renews the lease; ok is false while another replica has it.
func (s *Store) acquire(ctx context.Context, holder uuid.UUID) (ok bool, err error) {
	tag, err := s.pool.Exec(ctx, `INSERT INTO oly_passkey_lease (name, holder, until) VALUES ('lead', $1, now() + CAST($2 AS FLOAT) * INTERVAL '1 second')
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE oly_passkey_lease.holder = excluded.holder OR oly_passkey_lease.until < now()`, holder, leaseFor.Seconds())
	return tag.RowsAffected() == 1, err
}

// renew renews the lease until ctx is done or another replica may have acquired it.
func (s *Store) renew(ctx context.Context, holder uuid.UUID) {
	for renewed := time.Now(); ; {
		select {
		case <-time.After(renewEvery):
		case <-ctx.Done():
			return
		}
		began := time.Now()
		asking, cancel := context.WithTimeout(ctx, renewEvery)
		ok, err := s.acquire(asking, holder)
		cancel()
		switch {
		case err == nil && ok:
			renewed = began
		case err == nil, time.Since(renewed) >= leaseFor-renewEvery:
			return
		}
	}
}

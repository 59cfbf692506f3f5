package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// One replica leads as long as it renews a row. A lock of the session would
// need no clock, but CockroachDB has none.
const (
	leaseFor   = 30 * time.Second // how long a leader that was killed is waited for
	renewEvery = 10 * time.Second
)

// Lead implements index.Leader.
func (s *Store) Lead(ctx context.Context) (lead context.Context, release func(), err error) {
	holder := uuid.New()
	ok, err := s.take(ctx, holder)
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
		// Where the database cannot be asked any more the lease runs out.
		_, _ = s.pool.Exec(last, `DELETE FROM oly_passkey_lease WHERE name = 'lead' AND holder = $1`, holder)
	}, nil
}

// Clock implements index.Leader.
func (s *Store) Clock(ctx context.Context) (now time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// take takes or renews the lease; ok is false while another replica has it.
func (s *Store) take(ctx context.Context, holder uuid.UUID) (ok bool, err error) {
	tag, err := s.pool.Exec(ctx, `INSERT INTO oly_passkey_lease (name, holder, until) VALUES ('lead', $1, now() + CAST($2 AS FLOAT) * INTERVAL '1 second')
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE oly_passkey_lease.holder = excluded.holder OR oly_passkey_lease.until < now()`, holder, leaseFor.Seconds())
	return tag.RowsAffected() == 1, err
}

// renew returns when ctx ends, or when another replica may have the lease.
func (s *Store) renew(ctx context.Context, holder uuid.UUID) {
	for renewed := time.Now(); ; {
		select {
		case <-time.After(renewEvery):
		case <-ctx.Done():
			return
		}
		began := time.Now()
		asking, cancel := context.WithTimeout(ctx, renewEvery)
		ok, err := s.take(asking, holder)
		cancel()
		switch {
		case err == nil && ok:
			renewed = began
		case err == nil, time.Since(renewed) >= leaseFor-renewEvery:
			return
		}
	}
}

package postgres

import (
	"context"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// Counting ten million rows takes seconds, and the statistics are read every few
// seconds. Therefore every transaction adds its changes to a sharded counter: with a
// single row, all writers would wait for each other.

// statsShards is the number of rows.
const statsShards = 16

// addStats adds statistics. It must be the last statement of a transaction, so that a
// transaction that has locked a shard never waits for another lock.
func addStats(b *pgx.Batch, by index.Stats) {
	b.Queue(`INSERT INTO oly_passkey_stats (shard, identities, deleted, active, orphaned, removed, unknown) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (shard) DO UPDATE SET
			identities = oly_passkey_stats.identities + excluded.identities, deleted = oly_passkey_stats.deleted + excluded.deleted,
			active = oly_passkey_stats.active + excluded.active, orphaned = oly_passkey_stats.orphaned + excluded.orphaned,
			removed = oly_passkey_stats.removed + excluded.removed, unknown = oly_passkey_stats.unknown + excluded.unknown`,
		rand.IntN(statsShards), by.Identities, by.Deleted, by.Active, by.Orphaned, by.Removed, by.Unknown) //nolint:gosec // spreads writers, no secret
}

// Stats implements index.Store.
func (r *Reader) Stats(ctx context.Context) (index.Stats, error) {
	var st index.Stats
	err := r.pool.QueryRow(ctx, `SELECT CAST(coalesce(sum(identities), 0) AS BIGINT), CAST(coalesce(sum(deleted), 0) AS BIGINT),
		CAST(coalesce(sum(active), 0) AS BIGINT), CAST(coalesce(sum(orphaned), 0) AS BIGINT),
		CAST(coalesce(sum(removed), 0) AS BIGINT), CAST(coalesce(sum(unknown), 0) AS BIGINT) FROM oly_passkey_stats`).
		Scan(&st.Identities, &st.Deleted, &st.Active, &st.Orphaned, &st.Removed, &st.Unknown)
	return st, err
}

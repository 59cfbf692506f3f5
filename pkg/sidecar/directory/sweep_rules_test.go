package directory

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
)

// TestSweepIsSuspicious: a sweep stops if more than a hundred identities and more than
// one percent are missing, unless that number was accepted.
func TestSweepIsSuspicious(t *testing.T) {
	for _, tc := range []struct {
		gone, held, accept int
		stops              bool
	}{
		{100, 100, 0, false},
		{101, 101, 0, true},
		{101, 10_099, 0, true},
		{101, 10_100, 0, false},
		{101, 101, 100, true},
		{101, 101, 101, false},
		{101, 101, 102, false},
	} {
		t.Run(fmt.Sprint(tc), func(t *testing.T) {
			d, err := New(t.Context(), Options{Store: memory.New()})
			require.NoError(t, err)
			require.NoError(t, d.Reconcile(t.Context(), tc.accept))
			_, err = (&sweeper{d: d, gone: tc.gone, held: tc.held}).confirm(t.Context())
			if tc.stops {
				require.ErrorIs(t, err, errManyDeleted)
				require.EqualError(t, err, fmt.Sprintf("too many identities would be deleted: Kratos does not list %d of the %d identities in the index", tc.gone, tc.held))
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// TestSweepWeighs: a sweep counts the identities that are missing on the list, and
// removes deleted ones after thirty days.
func TestSweepWeighs(t *testing.T) {
	const month = 30 * 24 * time.Hour
	now := mergeTime.Add(100 * 24 * time.Hour)
	for name, tc := range map[string]struct {
		deleted              time.Duration // ago; 0: it is not
		listed               bool
		held, gone, remember int
	}{
		"listed":                           {0, true, 1, 0, 1},
		"not listed":                       {0, false, 1, 1, 1},
		"deleted thirty days ago":          {month, false, 0, 0, 1},
		"deleted longer ago":               {month + 1, false, 0, 0, 0},
		"deleted long ago and listed now":  {month + 1, true, 0, 0, 1},
		"deleted a moment ago, and listed": {1, true, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			store := memory.New()
			record := recordOf([]kept{{name: "A", kind: index.Passkey, state: index.Active}}, nil)
			if tc.deleted > 0 {
				record.DeletedAt = now.Add(-tc.deleted)
			}
			_, err := store.Update(t.Context(), []uuid.UUID{mergeID}, func(uuid.UUID, *index.Identity) *index.Identity { return record })
			require.NoError(t, err)
			s := sweeper{d: &Directory{store: store, tracer: noop.Tracer{}, now: func() time.Time { return now }}}
			require.NoError(t, s.checkDeletions(t.Context(), record, tc.listed))
			require.Equal(t, []int{tc.held, tc.gone, tc.gone}, []int{s.held, s.gone, len(s.missing)})
			stats, err := store.Stats(t.Context())
			require.NoError(t, err)
			require.Equal(t, tc.remember, stats.Identities)
		})
	}
}

// TestSweepForgetsNobodyWhoCameBack while it looked at the record of before.
func TestSweepForgetsNobodyWhoCameBack(t *testing.T) {
	for name, current := range map[string]*index.Identity{
		"came back":     recordOf([]kept{{name: "A", kind: index.Passkey, state: index.Active}}, nil),
		"was forgotten": nil,
	} {
		t.Run(name, func(t *testing.T) {
			store := memory.New()
			_, err := store.Update(t.Context(), []uuid.UUID{mergeID}, func(uuid.UUID, *index.Identity) *index.Identity { return current })
			require.NoError(t, err)
			old := recordOf(nil, nil)
			old.DeletedAt = mergeTime
			s := sweeper{d: &Directory{store: store, tracer: noop.Tracer{}, now: time.Now}}
			require.NoError(t, s.checkDeletions(t.Context(), old, false))
			got, err := store.Identity(t.Context(), mergeID)
			require.NoError(t, err)
			require.True(t, index.Equal(current, got))
		})
	}
}

// TestSweepIsBoundedInMemory: of more than a million who are missing the rest is
// left to the next sweep.
func TestSweepIsBoundedInMemory(t *testing.T) {
	s := sweeper{missing: make([]uuid.UUID, 999_999)}
	for range 3 {
		require.NoError(t, s.checkDeletions(t.Context(), recordOf(nil, nil), false))
	}
	require.Len(t, s.missing, 1_000_000)
	require.Equal(t, 3, s.gone)
}

// TestListIsNotEnough: an identity is pulled if it has several passkeys and one of them
// is new, or if it was not pulled for a day.
func TestListIsNotEnough(t *testing.T) {
	handle := func(kind index.Kind, state index.State, pulled bool) index.Handle {
		return index.Handle{Kind: kind, State: state, Pulled: pulled}
	}
	p, w := index.Passkey, index.WebAuthn
	known, fresh := handle(p, index.Active, true), handle(p, index.Unknown, false)
	for name, tc := range map[string]struct {
		handles []index.Handle
		pulled  time.Duration // ago
		tells   bool
		enough  bool
	}{
		"nothing":                          {nil, 25 * time.Hour, true, true},
		"one":                              {[]index.Handle{fresh}, 25 * time.Hour, true, true},
		"one and a removed one":            {[]index.Handle{fresh, handle(p, index.Removed, true)}, 25 * time.Hour, true, true},
		"one and two of webauthn":          {[]index.Handle{fresh, handle(w, index.Active, false), handle(w, index.Unknown, false)}, 25 * time.Hour, true, true},
		"two, pulled today":                {[]index.Handle{known, known}, 24 * time.Hour, false, true},
		"two, pulled yesterday":            {[]index.Handle{known, known}, 24*time.Hour + 1, false, false},
		"a new one":                        {[]index.Handle{known, fresh}, time.Hour, false, false},
		"none can tell, though pulled":     {[]index.Handle{known, handle(p, index.Unknown, true)}, time.Hour, false, true},
		"an active one that is not pulled": {[]index.Handle{known, handle(p, index.Active, false)}, time.Hour, false, true},
		"a new one of webauthn":            {[]index.Handle{known, known, handle(w, index.Unknown, false)}, time.Hour, false, true},
	} {
		d := &Directory{maxAge: 24 * time.Hour}
		record := &index.Identity{Handles: tc.handles, PulledAt: mergeTime}
		require.Equal(t, tc.tells, listSuffices(record.Passkeys()), name)
		require.Equal(t, !tc.enough, d.needsPull(record, mergeTime.Add(tc.pulled)), name)
	}
	require.False(t, (&Directory{}).needsPull(nil, mergeTime))
}

package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
)

// TestParseUUID accepts the usual forms of an identity's id.
func TestParseUUID(t *testing.T) {
	const id = "6b0c3d4e-9a8b-4c5d-8e7f-102938475601"
	for text, want := range map[string]bool{
		id:                              true,
		strings.ToUpper(id):             true,
		strings.ReplaceAll(id, "-", ""): true,
		strings.ReplaceAll(strings.ToUpper(id), "-", ""): true,
		"x" + id + "y":                   false,
		"{" + id + "}":                   false,
		"urn:uuid:" + id:                 false,
		" " + id:                         false,
		id[:35]:                          false,
		id[:35] + "g":                    false,
		strings.ReplaceAll(id, "-", "_"): false,
		"":                               false,
	} {
		got, ok := parseUUID(text)
		require.Equal(t, want, ok, text)
		if want {
			require.Equal(t, id, got.String(), text)
		}
	}
}

func TestEventOf(t *testing.T) {
	id := uuid.UUID{1}
	for _, tc := range []struct{ header, want string }{
		{"", "00000000-0000-0000-0000-000000000000"},
		{"6b0c3d4e-9a8b-4c5d-8e7f-10293847560g", "00000000-0000-0000-0000-000000000000"},
		{"no uuid", "00000000-0000-0000-0000-000000000000"},
		{"{6b0c3d4e-9a8b-4c5d-8e7f-102938475601}", "00000000-0000-0000-0000-000000000000"},
		{"6b0c3d4e-9a8b-4c5d-8e7f-102938475601", "6b0c3d4e-9a8b-4c5d-8e7f-102938475601"},
		{"6B0C3D4E-9A8B-4C5D-8E7F-102938475601", "6b0c3d4e-9a8b-4c5d-8e7f-102938475601"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set(triggerHeader, tc.header)
		require.Equal(t, event{uuid.MustParse(tc.want), id, index.FlowLogin}, eventOf(r, id, index.FlowLogin))
	}
}

// TestEventsAreForgotten: the latest 4096 are remembered, and never more than
// twice as many.
func TestEventsAreForgotten(t *testing.T) {
	var s dedupe
	event := func(n int) event { return event{trigger: uuid.UUID{1, byte(n >> 16), byte(n >> 8), byte(n)}} }
	for n := range 3*maxEvents + 7 {
		require.False(t, s.has(event(n)))
		s.add(event(n))
		require.True(t, s.has(event(n)))
		require.True(t, s.has(event(max(0, n-maxEvents+1))))
		require.LessOrEqual(t, len(s.newer)+len(s.rest), 2*maxEvents)
	}
	require.False(t, s.has(event(0)))
}

// TestHooksWithoutATriggerAreNotRepeats of one another.
func TestHooksWithoutATriggerAreNotRepeats(t *testing.T) {
	var s dedupe
	s.add(event{identity: uuid.UUID{1}})
	require.False(t, s.has(event{identity: uuid.UUID{1}}))
}

// fulldisk takes no job while it is full.
type fulldisk struct {
	index.Store

	full bool
}

func (s *fulldisk) Enqueue(ctx context.Context, j index.Job) (uint64, error) {
	if s.full {
		return 0, errors.New("no space left on device")
	}
	return s.Store.Enqueue(ctx, j)
}

// TestHookThatWasNotStored is stored at its next try.
func TestHookThatWasNotStored(t *testing.T) {
	store := &fulldisk{Store: memory.New(), full: true}
	d, err := directory.New(t.Context(), directory.Options{Store: store, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	s := &Server{directory: d}
	try := func() error {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"identity_id":"11111111-1111-4111-8111-111111111111"}`))
		r.Header.Set(triggerHeader, "6b0c3d4e-9a8b-4c5d-8e7f-102938475601")
		return s.hook(index.FlowLogin)(httptest.NewRecorder(), r)
	}
	require.EqualError(t, try(), "no space left on device")
	store.full = false
	require.NoError(t, try())
	jobs, err := store.Jobs(t.Context())
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	store.full = true
	require.NoError(t, try(), "it is stored already")
}

package index_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func full() *index.Identity {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.UTC)
	h1, h2 := userhandle.DigestOf([]byte("h1")), userhandle.DigestOf([]byte("h2"))
	return &index.Identity{
		ID: uuid.MustParse("3fa85f64-5717-4562-b3fc-2c963f66afa6"),
		Handles: []index.Handle{
			{Digest: h1, Kind: index.Passkey, State: index.Active, Pulled: true, FirstSeen: at},
			{Digest: h2, Kind: index.WebAuthn, State: index.Orphaned, FirstSeen: at.Add(time.Hour)},
		},
		Credentials: []index.Credential{
			{Digest: userhandle.DigestOf([]byte("c1")), Kind: index.Passkey, Handle: h1, Live: true, UsedAt: at},
			{Digest: userhandle.DigestOf([]byte("c2")), Kind: index.WebAuthn},
		},
		SeenAt:    at,
		PulledAt:  at.Add(-time.Minute),
		DeletedAt: at.Add(time.Minute),
	}
}

func TestEncodeDecode(t *testing.T) {
	for _, i := range []*index.Identity{full(), {ID: uuid.New()}} {
		back, err := index.Decode(i.ID, i.Encode())
		require.NoError(t, err)
		require.Equal(t, i, back)
		require.True(t, index.Equal(i, back))
	}
}

func TestDecodeErrors(t *testing.T) {
	whole := full().Encode()
	change := func(at int, to byte) []byte {
		b := append([]byte(nil), whole...)
		b[at] = to
		return b
	}
	const firstHandle = 1 + 3*8 + 1
	for _, tc := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"empty", nil, "index record is truncated"},
		{"another version", change(0, 9), "index record has version 9; this program reads versions 1 to 2"},
		{"no kind", change(firstHandle+16, 9), "index record has a handle of kind 9 and state 1"},
		{"no state", change(firstHandle+17, 0), "index record has a handle of kind 1 and state 0"},
		{"no kind of credential", change(len(whole)-19, 0), "index record has a credential of kind 0"},
		{"too long", append(first(whole), 0), "index record has 1 trailing bytes"},
		{"an extension without a length", append(slices.Clone(whole), 7), "index record is truncated"},
		{"an extension that is cut short", append(slices.Clone(whole), 7, 2, 0), "index record is truncated"},
		{"a time that never comes", []byte{2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, "index record contains an invalid time (9223372036854775807 µs since 1970)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := index.Decode(uuid.Nil, tc.raw)
			require.EqualError(t, err, tc.want)
		})
	}
	for n := range whole {
		_, err := index.Decode(uuid.Nil, whole[:n])
		require.Error(t, err, "%d of %d bytes", n, len(whole))
	}
}

// first is a record as version 1 wrote it: there are no extensions.
func first(record []byte) []byte {
	b := slices.Clone(record)
	b[0] = 1
	return b
}

// TestDecodeFirstVersion reads a record of version 1, and writes it again as the
// present one.
func TestDecodeFirstVersion(t *testing.T) {
	i := full()
	back, err := index.Decode(i.ID, first(i.Encode()))
	require.NoError(t, err)
	require.Equal(t, i, back)
	require.Equal(t, i.Encode(), back.Encode())
	require.True(t, index.Current(back.Encode()))
	require.False(t, index.Current(first(back.Encode())))
	require.False(t, index.Current(nil))
}

// TestExtensions: what a newer program has added to a record stays when this one
// writes it, and makes two records differ.
func TestExtensions(t *testing.T) {
	i := full()
	raw := append(i.Encode(), 7, 3, 'n', 'e', 'w', 0xff, 1, 0)
	back, err := index.Decode(i.ID, raw)
	require.NoError(t, err)
	require.False(t, index.Equal(i, back))
	require.Equal(t, raw, back.Clone().Encode())
	raw[len(raw)-4]++
	require.NotEqual(t, raw, back.Encode(), "it is a copy")
}

func TestHandleOfDeletedIdentity(t *testing.T) {
	i := full()
	h, ok := i.Handle(userhandle.DigestOf([]byte("h1")))
	require.True(t, ok)
	require.Equal(t, index.Removed, h.State)
	require.Equal(t, index.Active, i.Handles[0].State, "the record keeps what was true before")
	_, ok = i.Handle(userhandle.DigestOf([]byte("h3")))
	require.False(t, ok)
}

// FuzzDecode: no bytes make it panic, and what it reads it writes again.
func FuzzDecode(f *testing.F) {
	f.Add(full().Encode())
	f.Add((&index.Identity{}).Encode())
	f.Add(append(full().Encode(), 7, 2, 1, 2))
	f.Add([]byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, raw []byte) {
		i, err := index.Decode(uuid.Nil, raw)
		if err != nil {
			return
		}
		again, err := index.Decode(uuid.Nil, i.Encode())
		require.NoError(t, err)
		require.Equal(t, i, again)
	})
}

package index_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func digest(name string) userhandle.Digest { return userhandle.DigestOf([]byte(name)) }

// TestOwner: the result of a lookup of each handle, for records of every shape.
func TestOwner(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456000, time.UTC)
	all := indextest.Sample()
	credential := func(name string, belongs bool) index.OwnerCredential {
		return index.OwnerCredential{Digest: digest(name), Belongs: belongs}
	}
	for _, tc := range []struct {
		of     int
		handle string
		want   index.Owner
	}{
		{0, "one", index.Owner{Kind: index.Passkey, State: index.Active, Complete: true, Passkeys: 1, PulledAt: at, Credentials: []index.OwnerCredential{credential("c1", true)}}},
		{1, "listed", index.Owner{Kind: index.Passkey, State: index.Active, Passkeys: 1}},
		{2, "lost", index.Owner{Kind: index.Passkey, State: index.Removed, Complete: true, Passkeys: 2, PulledAt: at.Add(-time.Hour)}},
		{2, "unclear", index.Owner{
			Kind: index.Passkey, State: index.Unknown, Passkeys: 2, PulledAt: at.Add(-time.Hour),
			Credentials: []index.OwnerCredential{credential("gone", false), credential("either", true), credential("kept's", false)},
		}},
		{2, "kept", index.Owner{
			Kind: index.Passkey, State: index.Active, Complete: true, Passkeys: 2, PulledAt: at.Add(-time.Hour),
			Credentials: []index.OwnerCredential{credential("either", true), credential("kept's", true)},
		}},
		{3, "overwritten", index.Owner{
			Kind: index.WebAuthn, State: index.Orphaned,
			Credentials: []index.OwnerCredential{credential("first key", true), credential("second key", false)},
		}},
		{4, "deleted", index.Owner{Kind: index.Passkey, State: index.Removed, Complete: true, Passkeys: 1, PulledAt: at, Credentials: []index.OwnerCredential{credential("c5", true)}}},
		{5, "shared", index.Owner{Kind: index.WebAuthn, State: index.Active}},
	} {
		if tc.handle == "deleted" { // nothing belongs to it any more
			tc.want.Credentials = nil
		}
		tc.want.ID, tc.want.SeenAt = all[tc.of].ID, at
		got, ok := all[tc.of].Owner(digest(tc.handle))
		require.True(t, ok, tc.handle)
		require.Equal(t, tc.want, got, tc.handle)
		back, ok, err := index.DecodeOwner(got.ID, all[tc.of].EncodeOwner(digest(tc.handle)))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, got, back, tc.handle)
	}
	_, ok := all[0].Owner(digest("shared"))
	require.False(t, ok)
	require.Empty(t, all[0].EncodeOwner(digest("shared")))
	require.Empty(t, (*index.Identity)(nil).EncodeOwner(digest("shared")))
}

// TestOwnerIsBounded: beside a handle of an identity with very many credentials
// there is nothing, and the record has to be read.
func TestOwnerIsBounded(t *testing.T) {
	i := &index.Identity{ID: uuid.New(), Handles: []index.Handle{{Digest: digest("h"), Kind: index.Passkey, State: index.Active}}}
	for n := range 120 {
		i.Credentials = append(i.Credentials, index.Credential{Digest: digest(fmt.Sprint(n)), Kind: index.Passkey, Live: true})
	}
	whole := i.EncodeOwner(digest("h"))
	require.NotEmpty(t, whole)
	require.Less(t, len(whole), 2<<10+32)
	i.Credentials = append(i.Credentials, index.Credential{Digest: digest("more"), Kind: index.Passkey, Live: true})
	require.Empty(t, i.EncodeOwner(digest("h")))
	_, ok, err := index.DecodeOwner(i.ID, nil)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestDecodeOwnerErrors(t *testing.T) {
	whole := indextest.Sample()[0].EncodeOwner(digest("one"))
	_, ok, err := index.DecodeOwner(uuid.Nil, append([]byte{2}, whole[1:]...))
	require.NoError(t, err, "another version says nothing")
	require.False(t, ok)
	for n := 1; n < len(whole); n++ {
		_, _, err := index.DecodeOwner(uuid.Nil, whole[:n])
		require.EqualError(t, err, "index entry is truncated", "%d of %d bytes", n, len(whole))
	}
	_, _, err = index.DecodeOwner(uuid.Nil, append(whole, 0))
	require.EqualError(t, err, "index entry has 1 trailing bytes")
	whole[2] = 9
	_, _, err = index.DecodeOwner(uuid.Nil, whole[:len(whole):len(whole)])
	require.EqualError(t, err, "index entry has a handle of kind 1 and state 9")
}

// FuzzDecodeOwner: no bytes make it panic.
func FuzzDecodeOwner(f *testing.F) {
	for _, i := range indextest.Sample()[:7] {
		for _, h := range i.Handles {
			f.Add(i.EncodeOwner(h.Digest))
		}
	}
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _, _ = index.DecodeOwner(uuid.Nil, raw)
	})
}

package index_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
)

// FuzzImport: an import can be exported and imported again with the same result; a
// rejected import does not mark the index as complete.
func FuzzImport(f *testing.F) {
	store := memory.New()
	one := full()
	one.ID = uuid.UUID{1}
	_, err := store.Update(f.Context(), []uuid.UUID{one.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return one })
	require.NoError(f, err)
	var export bytes.Buffer
	_, err = index.Export(f.Context(), store, &export)
	require.NoError(f, err)
	f.Add(export.Bytes())
	f.Add([]byte("{\"format\":\"oly-passkey-index\",\"version\":2,\"meta\":{}}\n{\"identities\":0}\n"))
	f.Add([]byte("{\"format\":\"oly-passkey-index\",\"version\":2}\n{\"id\":\"00000000-0000-0000-0000-000000000000\",\"record\":\"\"}\n{\"identities\":1}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		first := memory.New()
		n, err := index.Import(t.Context(), first, bytes.NewReader(raw))
		if err != nil {
			meta, err := first.Meta(t.Context())
			require.NoError(t, err)
			require.Zero(t, meta, "half an import is believed")
			return
		}
		var again, third bytes.Buffer
		exported, err := index.Export(t.Context(), first, &again)
		require.NoError(t, err)
		require.LessOrEqual(t, exported, n)
		second := memory.New()
		_, err = index.Import(t.Context(), second, bytes.NewReader(again.Bytes()))
		require.NoError(t, err)
		_, err = index.Export(t.Context(), second, &third)
		require.NoError(t, err)
		require.Equal(t, again.String(), third.String())
	})
}

package index_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// filled is a store with many records.
func filled(t *testing.T, n int) index.Store {
	t.Helper()
	s := memory.New()
	for range n {
		i := full()
		i.ID = uuid.New()
		i.Handles[0].Digest = userhandle.DigestOf(i.ID[:])
		_, err := s.Update(t.Context(), []uuid.UUID{i.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return i })
		require.NoError(t, err)
	}
	require.NoError(t, s.UpdateMeta(t.Context(), func(m *index.Meta) { m.BuiltAt = time.Unix(1, 0).UTC() }))
	return s
}

func TestExportImport(t *testing.T) {
	from, to := filled(t, 2500), memory.New()
	var file bytes.Buffer
	n, err := index.Export(t.Context(), from, &file)
	require.NoError(t, err)
	require.Equal(t, 2500, n)
	export := file.String()
	n, err = index.Import(t.Context(), to, &file)
	require.NoError(t, err)
	require.Equal(t, 2500, n)
	file.Reset()
	_, err = index.Export(t.Context(), to, &file)
	require.NoError(t, err)
	require.Equal(t, export, file.String())
	_, err = index.Import(t.Context(), to, &file)
	require.ErrorIs(t, err, index.ErrNotEmpty)
}

// TestExportKeepsWhatIsUnknown: what a newer program has added goes along.
func TestExportKeepsWhatIsUnknown(t *testing.T) {
	i := full()
	extended, err := index.Decode(i.ID, append(i.Encode(), 7, 1, 'x'))
	require.NoError(t, err)
	from, to := memory.New(), memory.New()
	_, err = from.Update(t.Context(), []uuid.UUID{i.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return extended })
	require.NoError(t, err)
	require.NoError(t, from.UpdateMeta(t.Context(), func(m *index.Meta) { m.Unknown = []byte(`{"later":true}`) }))
	var file bytes.Buffer
	_, err = index.Export(t.Context(), from, &file)
	require.NoError(t, err)
	_, err = index.Import(t.Context(), to, &file)
	require.NoError(t, err)
	found, err := to.Identity(t.Context(), i.ID)
	require.NoError(t, err)
	require.Equal(t, extended, found)
	meta, err := to.Meta(t.Context())
	require.NoError(t, err)
	require.Equal(t, index.Meta{Unknown: []byte(`{"later":true}`)}, meta)
}

// written is a store that is written while it is read.
type written struct{ index.Store }

func (s written) After(ctx context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	page, err := s.Store.After(ctx, id, limit)
	if err != nil || len(page) == 0 || page[len(page)-1].ID == uuid.Max {
		return page, err
	}
	i := &index.Identity{ID: uuid.Max, SeenAt: time.Unix(1, 0).UTC()}
	_, err = s.Update(ctx, []uuid.UUID{i.ID}, func(uuid.UUID, *index.Identity) *index.Identity { return i })
	return page, err
}

// TestExportWhileItIsWritten: servers on a database that they share go on.
func TestExportWhileItIsWritten(t *testing.T) {
	var file bytes.Buffer
	n, err := index.Export(t.Context(), written{filled(t, 3)}, &file)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	n, err = index.Import(t.Context(), memory.New(), &file)
	require.NoError(t, err)
	require.Equal(t, 4, n)
}

func TestImportErrors(t *testing.T) {
	var file bytes.Buffer
	_, err := index.Export(t.Context(), filled(t, 2), &file)
	require.NoError(t, err)
	lines := strings.SplitAfter(file.String(), "\n")
	for _, tc := range []struct{ name, file, want string }{
		{"empty", "", "line 1: the export is empty"},
		{"something else", "hello\n", "line 1: not an export of an index"},
		{"newer", strings.Replace(lines[0], `"version":3`, `"version":4`, 1), "line 1: export has version 4; this program reads versions 2 to 3"},
		{"too old", strings.Replace(lines[0], `"version":3`, `"version":1`, 1), "line 1: export has version 1; this program reads versions 2 to 3"},
		{"cut short", lines[0] + lines[1], "the export is truncated: it ends after 1 identities without its last line"},
		{"without a line", lines[0] + lines[1] + lines[3], "line 3: the export declares 2 identities, but contains 1"},
		{"more than all", strings.Join(lines, "") + lines[1], "line 5: data after the end of the export"},
		{"cut in a line", lines[0] + lines[1] + lines[2][:20], "line 3: not a record of an identity"},
		{"not base64", lines[0] + `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","record":"!"}`, "line 2: record of identity 3fa85f64-5717-4562-b3fc-2c963f66afa6: illegal base64 data at input byte 0"},
		{"no record", lines[0] + `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","record":""}`, "line 2: identity 3fa85f64-5717-4562-b3fc-2c963f66afa6: index record is truncated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := memory.New()
			_, err := index.Import(t.Context(), s, strings.NewReader(tc.file))
			require.EqualError(t, err, tc.want)
			meta, err := s.Meta(t.Context())
			require.NoError(t, err)
			require.Equal(t, index.Meta{}, meta, "half an import is not believed")
		})
	}
}

package index

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// transferFormat identifies exports, and transferVersion is the version of their
// lines. Version 2 differs only in that its records have no extensions.
const (
	transferFormat   = "oly-passkey-index"
	transferVersion  = 3
	transferEarliest = 2
)

// transferHead is the first line of an export.
type transferHead struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Meta    Meta   `json:"meta"`
}

// transferLine is every other line: one record.
type transferLine struct {
	ID     uuid.UUID `json:"id"`
	Record string    `json:"record"` // base64 of Identity.Encode
}

// transferEnd is the last line, with the number of records. It cannot be in the first
// line, because the store may be written to during the export.
type transferEnd struct {
	Identities *int `json:"identities"`
}

// walkPage is the number of records per page.
const walkPage = 1000

// walk calls each with every record, in the order of their IDs.
func walk(ctx context.Context, s Source, each func(*Identity) error) error {
	for from := uuid.Nil; ; {
		page, err := s.After(ctx, from, walkPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, i := range page {
			if err := each(i); err != nil {
				return err
			}
		}
		from = page[len(page)-1].ID
	}
}

// Export writes a store as JSON lines, for a backup or another kind of store. Like the
// store, it contains digests instead of user handles and credential IDs.
func Export(ctx context.Context, s Source, w io.Writer) (identities int, err error) {
	meta, err := s.Meta(ctx)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	enc := jsontext.NewEncoder(out) // ends each value with a line break
	if err := json.MarshalEncode(enc, transferHead{transferFormat, transferVersion, meta}); err != nil {
		return 0, err
	}
	err = walk(ctx, s, func(i *Identity) error {
		identities++
		return json.MarshalEncode(enc, transferLine{i.ID, base64.StdEncoding.EncodeToString(i.Encode())})
	})
	if err == nil {
		err = json.MarshalEncode(enc, transferEnd{&identities})
	}
	return identities, errors.Join(err, out.Flush())
}

// ErrNotEmpty is returned if the store to import into is not empty.
var ErrNotEmpty = errors.New("index is not empty: import into an empty directory or database, or delete what a failed import left in this one")

// maxTransferLine is the maximum length of a line, in bytes.
const maxTransferLine = 16 << 20

// Import reads an export into an empty store. The metadata about builds and sweeps is
// imported last, so that after a partial import the index is rebuilt.
func Import(ctx context.Context, s Store, r io.Reader) (identities int, err error) {
	stats, err := s.Stats(ctx)
	if err != nil {
		return 0, err
	}
	if stats.Identities > 0 {
		return 0, ErrNotEmpty
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxTransferLine)
	head, err := readHead(lines)
	if err != nil {
		return 0, err
	}
	batch := map[uuid.UUID]*Identity{}
	flush := func() error {
		ids := slices.Collect(maps.Keys(batch))
		_, err := s.Update(ctx, ids, func(id uuid.UUID, _ *Identity) *Identity { return batch[id] })
		clear(batch)
		return err
	}
	identities, err = readRecords(lines, func(i *Identity) error {
		batch[i.ID] = i
		if len(batch) < walkPage {
			return nil
		}
		return flush()
	})
	if err := errors.Join(err, flush()); err != nil {
		return identities, err
	}
	return identities, s.UpdateMeta(ctx, func(m *Meta) { *m = head.Meta })
}

// readRecords calls a function with every record up to the last line, which is
// required.
func readRecords(lines *bufio.Scanner, each func(*Identity) error) (identities int, err error) {
	for n := 2; lines.Scan(); n++ {
		i, end, err := readLine(lines.Bytes())
		switch {
		case err != nil:
			return identities, fmt.Errorf("line %d: %w", n, err)
		case end == nil:
			identities++
			if err := each(i); err != nil {
				return identities, err
			}
		case *end != identities:
			return identities, fmt.Errorf("line %d: the export declares %d identities, but contains %d", n, *end, identities)
		case lines.Scan():
			return identities, fmt.Errorf("line %d: data after the end of the export", n+1)
		default:
			return identities, lines.Err()
		}
	}
	if err := lines.Err(); err != nil {
		return identities, err
	}
	return identities, fmt.Errorf("the export is truncated: it ends after %d identities without its last line", identities)
}

func readHead(lines *bufio.Scanner) (head transferHead, err error) {
	if !lines.Scan() {
		return head, errors.Join(errors.New("line 1: the export is empty"), lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Format != transferFormat {
		return head, errors.New("line 1: not an export of an index")
	}
	if head.Version < transferEarliest || head.Version > transferVersion {
		return head, fmt.Errorf("line 1: export has version %d; this program reads versions %d to %d", head.Version, transferEarliest, transferVersion)
	}
	return head, nil
}

// readLine returns a record or the last line.
func readLine(raw []byte) (i *Identity, end *int, err error) {
	var line struct {
		transferLine
		transferEnd
	}
	err = json.Unmarshal(raw, &line)
	if err == nil && line.Identities != nil {
		return nil, line.Identities, nil
	}
	if err != nil || line.ID == uuid.Nil {
		return nil, nil, errors.New("not a record of an identity")
	}
	record, err := base64.StdEncoding.DecodeString(line.Record)
	if err != nil {
		return nil, nil, fmt.Errorf("record of identity %s: %w", line.ID, err)
	}
	if i, err = Decode(line.ID, record); err != nil {
		return nil, nil, fmt.Errorf("identity %s: %w", line.ID, err)
	}
	return i, nil, nil
}

package index

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// transferFormat names an export, and transferVersion the shape of its lines.
const (
	transferFormat  = "oly-passkey-index"
	transferVersion = 1
)

// transferHead is the first line of an export.
type transferHead struct {
	Format     string `json:"format"`
	Version    int    `json:"version"`
	Meta       Meta   `json:"meta"`
	Identities int    `json:"identities"`
}

// transferLine is every other line: one record.
type transferLine struct {
	ID     uuid.UUID `json:"id"`
	Record string    `json:"record"` // base64 of Identity.Encode
}

// walkPage is how many records are read at a time.
const walkPage = 1000

// walk hands every record on, in the order of their ids.
func walk(ctx context.Context, s Store, each func(*Identity) error) error {
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

// Export writes a store as lines of JSON, for a backup or for another kind of
// store. Handles and credential ids are digests there as well.
func Export(ctx context.Context, s Store, w io.Writer) (identities int, err error) {
	meta, err := s.Meta(ctx)
	if err != nil {
		return 0, err
	}
	stats, err := s.Stats(ctx)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	if err := enc.Encode(transferHead{transferFormat, transferVersion, meta, stats.Identities}); err != nil {
		return 0, err
	}
	err = walk(ctx, s, func(i *Identity) error {
		identities++
		return enc.Encode(transferLine{i.ID, base64.StdEncoding.EncodeToString(i.Encode())})
	})
	return identities, errors.Join(err, out.Flush())
}

// ErrNotEmpty says that a store to import into holds something already.
var ErrNotEmpty = errors.New("index is not empty")

// maxTransferLine bounds a line, in bytes.
const maxTransferLine = 1 << 20

// Import reads an export into an empty store. What it says about builds and
// sweeps is taken over once every record is there, so that half an import is
// built anew rather than believed.
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
		ids := make([]uuid.UUID, 0, len(batch))
		for id := range batch {
			ids = append(ids, id)
		}
		_, err := s.Update(ctx, ids, func(id uuid.UUID, _ *Identity) *Identity { return batch[id] })
		clear(batch)
		return err
	}
	for n := 2; lines.Scan(); n++ {
		i, err := readLine(lines.Bytes())
		if err != nil {
			return identities, fmt.Errorf("line %d: %w", n, err)
		}
		batch[i.ID] = i
		identities++
		if len(batch) == walkPage {
			if err := flush(); err != nil {
				return identities, err
			}
		}
	}
	if err := errors.Join(lines.Err(), flush()); err != nil {
		return identities, err
	}
	if identities != head.Identities {
		return identities, fmt.Errorf("export says it has %d identities, %d were read: it is cut short", head.Identities, identities)
	}
	return identities, s.UpdateMeta(ctx, func(m *Meta) { *m = head.Meta })
}

func readHead(lines *bufio.Scanner) (head transferHead, err error) {
	if !lines.Scan() {
		return head, errors.Join(errors.New("line 1: export is empty"), lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Format != transferFormat {
		return head, errors.New("line 1: this is no export of an index")
	}
	if head.Version != transferVersion {
		return head, fmt.Errorf("line 1: export has version %d, this program reads version %d", head.Version, transferVersion)
	}
	return head, nil
}

func readLine(raw []byte) (*Identity, error) {
	var line transferLine
	if err := json.Unmarshal(raw, &line); err != nil || line.ID == uuid.Nil {
		return nil, errors.New("this is no record of an identity")
	}
	record, err := base64.StdEncoding.DecodeString(line.Record)
	if err != nil {
		return nil, fmt.Errorf("record of identity %s: %w", line.ID, err)
	}
	i, err := Decode(line.ID, record)
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", line.ID, err)
	}
	return i, nil
}

// Verify looks every handle of every record up and counts the records again.
// Each disagreement is reported in one sentence.
func Verify(ctx context.Context, s Store, report func(problem string)) (counted Stats, err error) {
	err = walk(ctx, s, func(i *Identity) error {
		counted.Replace(nil, i)
		for _, h := range i.Handles {
			owners, err := s.Owners(ctx, h.Digest)
			if err != nil {
				return err
			}
			found := false
			for _, o := range owners {
				found = found || o.ID == i.ID
			}
			if !found {
				report(fmt.Sprintf("identity %s: its handle %s does not lead to it", i.ID, h.Digest))
			}
		}
		return nil
	})
	if err != nil {
		return counted, err
	}
	stored, err := s.Stats(ctx)
	if err == nil && stored != counted {
		report(fmt.Sprintf("figures are %+v, counted are %+v", stored, counted))
	}
	return counted, err
}

package audit

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// state is the state of an audit on disk: a checkpoint after every page, the
// findings so far, and the digests of all credential IDs, which would not fit into
// memory.
type state struct {
	checkpointed

	dir            string
	temporary      bool
	findings, keys *appender
}

// checkpointed is the content of a checkpoint.
type checkpointed struct {
	Format   int      `json:"format"`
	Source   string   `json:"source"`
	RPID     string   `json:"rp_id_change"`
	Token    string   `json:"token"` // of the next page
	Done     bool     `json:"done"`  // every page was read
	Findings int64    `json:"findings_bytes"`
	Keys     int64    `json:"keys_bytes"`
	Summary  *Summary `json:"summary"`
}

const (
	stateFormat    = 1
	checkpointFile = "checkpoint.json"
	newCheckpoint  = checkpointFile + ".new" // until it is renamed
	findingsFile   = "findings.tsv"
	keysFile       = "keys.bin"
)

// openState opens an existing state or creates one. Without a directory in the
// options, it creates a temporary one.
func openState(o Options) (*state, error) {
	st := &state{dir: o.State, checkpointed: checkpointed{Format: stateFormat, Source: o.Source, Summary: newSummary(o.Forecast)}}
	if o.Forecast != nil {
		st.RPID = o.Forecast.RPID
	}
	if st.dir == "" {
		dir, err := os.MkdirTemp("", "oly-passkey-audit-*")
		if err != nil {
			return nil, err
		}
		st.dir, st.temporary = dir, true
	} else if err := os.MkdirAll(st.dir, 0o700); err != nil {
		return nil, err
	}
	if err := st.load(); err != nil {
		return nil, err
	}
	var err error
	if st.findings, err = openAppender(filepath.Join(st.dir, findingsFile), st.Findings); err != nil {
		return nil, err
	}
	st.keys, err = openAppender(filepath.Join(st.dir, keysFile), st.Keys)
	return st, err
}

func (st *state) load() error {
	path := filepath.Join(st.dir, checkpointFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return st.emptyFolder()
	}
	if err != nil {
		return err
	}
	saved := checkpointed{Summary: newSummary(nil)}
	if err := json.Unmarshal(raw, &saved); err != nil || saved.Format != stateFormat {
		return fmt.Errorf("%q is not a checkpoint of this version; delete the directory to start over", path)
	}
	if saved.Source != st.Source || saved.RPID != st.RPID {
		return fmt.Errorf("%q belongs to an audit of %q with --rp-id-change %q; delete the directory to start over", path, saved.Source, saved.RPID)
	}
	st.checkpointed = saved
	return nil
}

// emptyFolder returns an error if the directory contains other files, because the
// directory is removed together with the state.
func (st *state) emptyFolder() error {
	entries, err := os.ReadDir(st.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains([]string{findingsFile, keysFile, newCheckpoint}, e.Name()) {
			return fmt.Errorf("directory %q is not empty and does not contain an audit; use another one", st.dir)
		}
	}
	return nil
}

// add counts an identity and stores its findings and credential IDs.
func (st *state) add(i *kratosadmin.Inventory) error {
	for _, f := range st.Summary.add(i) {
		if err := st.addFinding(f); err != nil {
			return err
		}
	}
	for _, k := range newIdentity(i).allKeys() {
		d := userhandle.DigestOf(k.ID)
		if _, err := st.keys.Write(append(d[:], i.ID[:]...)); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) addFinding(f Finding) error {
	_, err := fmt.Fprintf(st.findings, "%s\t%s\t%s\n", f.Rule, f.Identity, f.Detail)
	return err
}

// checkpoint saves the progress, so that the audit can resume from here.
func (st *state) checkpoint() error {
	var err error
	if st.Findings, err = st.findings.flush(); err != nil {
		return err
	}
	if st.Keys, err = st.keys.flush(); err != nil {
		return err
	}
	raw, err := json.Marshal(st.checkpointed)
	if err != nil {
		return err
	}
	// No fsync: the files whose sizes it contains are not synced either.
	path := filepath.Join(st.dir, newCheckpoint)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(st.dir, checkpointFile))
}

// Each record of keysFile is the digest of a credential ID and an identity ID.
const (
	recordSize   = len(userhandle.Digest{}) + len(uuid.UUID{})
	recordsAtOne = 1 << 19 // records in memory at a time
)

// findDuplicates finds credential IDs of two identities. Each of its passes over the
// file handles a share of the digests, which bounds its memory.
func (st *state) findDuplicates(ctx context.Context) error {
	passes := st.Keys/int64(recordSize)/recordsAtOne + 1
	for pass := range passes {
		if err := st.duplicatesOf(ctx, pass, passes); err != nil {
			return err
		}
	}
	_, err := st.findings.flush()
	return err
}

func (st *state) duplicatesOf(ctx context.Context, pass, passes int64) error {
	f, err := os.Open(filepath.Join(st.dir, keysFile))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	owners := make(map[userhandle.Digest]uuid.UUID)
	r := bufio.NewReaderSize(io.LimitReader(f, st.Keys), 1<<20)
	var record [recordSize]byte
	for n := 0; ; n++ {
		if _, err := io.ReadFull(r, record[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if n%recordsAtOne == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		digest, owner := userhandle.Digest(record[:]), uuid.UUID(record[len(userhandle.Digest{}):])
		if int64(binary.BigEndian.Uint16(digest[:]))%passes != pass {
			continue
		}
		first, known := owners[digest]
		if !known {
			owners[digest] = owner
			continue
		}
		if first == owner {
			continue
		}
		st.Summary.Findings[duplicateKey]++
		if err := st.addFinding(Finding{Rule: duplicateKey, Identity: owner, Detail: "identity " + first.String() + " has the same credential"}); err != nil {
			return err
		}
	}
}

// all returns the stored findings.
func (st *state) all() iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		f, err := os.Open(filepath.Join(st.dir, findingsFile))
		if err != nil {
			yield(Finding{}, err)
			return
		}
		defer func() { _ = f.Close() }()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			part := strings.SplitN(lines.Text(), "\t", 3)
			id, err := uuid.Parse(part[min(1, len(part)-1)])
			if err != nil || len(part) != 3 {
				yield(Finding{}, fmt.Errorf("%q contains a line that is not a finding", f.Name()))
				return
			}
			if !yield(Finding{Rule: part[0], Identity: id, Detail: part[2]}, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Finding{}, err)
		}
	}
}

// abandon closes the files. The state is kept for a later audit, unless it is
// temporary.
func (st *state) abandon(err error) error {
	err = errors.Join(err, st.findings.close(), st.keys.close())
	if st.temporary {
		return errors.Join(err, os.RemoveAll(st.dir))
	}
	return &ResumeError{State: st.dir, Identities: st.Summary.Identities, Err: err}
}

// remove deletes the files, and the directory if it is empty then.
func (st *state) remove() error {
	err := errors.Join(st.findings.close(), st.keys.close())
	if st.temporary {
		return errors.Join(err, os.RemoveAll(st.dir))
	}
	for _, name := range []string{checkpointFile, findingsFile, keysFile} {
		if rm := os.Remove(filepath.Join(st.dir, name)); !errors.Is(rm, os.ErrNotExist) {
			err = errors.Join(err, rm)
		}
	}
	_ = os.Remove(st.dir) // fails if it is not empty
	return err
}

// appender is an append-only file, truncated to a known good size when it is opened.
type appender struct {
	*bufio.Writer
	file *os.File
}

func openAppender(path string, size int64) (*appender, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(size, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &appender{Writer: bufio.NewWriterSize(f, 1<<16), file: f}, nil
}

// flush writes the buffer and returns the size of the file.
func (a *appender) flush() (int64, error) {
	if err := a.Flush(); err != nil {
		return 0, err
	}
	return a.file.Seek(0, io.SeekCurrent)
}

func (a *appender) close() error { return a.file.Close() }

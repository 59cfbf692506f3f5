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

// state is an audit on disk: a checkpoint after every page, the findings so
// far, and the digests of all credential ids, which memory has no room for.
type state struct {
	checkpointed

	dir            string
	temporary      bool
	findings, keys *appender
}

// checkpointed is what a checkpoint holds.
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

// openState goes on with a state, or begins a new one; without a folder it is
// kept in a temporary one.
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
		return fmt.Errorf("%q is no checkpoint of this version; remove the folder to begin anew", path)
	}
	if saved.Source != st.Source || saved.RPID != st.RPID {
		return fmt.Errorf("%q belongs to an audit of %q with --rp-id-change %q; remove the folder to begin anew", path, saved.Source, saved.RPID)
	}
	st.checkpointed = saved
	return nil
}

// emptyFolder refuses a folder of somebody else's: the state is removed with
// its folder.
func (st *state) emptyFolder() error {
	entries, err := os.ReadDir(st.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains([]string{findingsFile, keysFile, newCheckpoint}, e.Name()) {
			return fmt.Errorf("folder %q is not empty and holds no audit; give one of its own", st.dir)
		}
	}
	return nil
}

// add counts an identity and keeps its findings and credential ids.
func (st *state) add(i *kratosadmin.Inventory) error {
	for _, f := range st.Summary.add(i) {
		if err := st.addFinding(f); err != nil {
			return err
		}
	}
	for _, k := range newPerson(i).allKeys() {
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

// checkpoint makes what was read so far survive an interruption.
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
	// Not flushed: the files that it counts are not flushed either.
	path := filepath.Join(st.dir, newCheckpoint)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(st.dir, checkpointFile))
}

// Each record of keysFile is the digest of a credential id and an identity.
const (
	recordSize   = len(userhandle.Digest{}) + len(uuid.UUID{})
	recordsAtOne = 1 << 19 // that are held in memory at a time
)

// findDuplicates looks for a credential id of two identities, in as many passes
// over the file as keep the memory flat.
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

// all reads the findings back.
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
				yield(Finding{}, fmt.Errorf("%q has a line that is no finding", f.Name()))
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

// abandon closes the files; a state of its own folder can go on later.
func (st *state) abandon(err error) error {
	err = errors.Join(err, st.findings.close(), st.keys.close())
	if st.temporary {
		return errors.Join(err, os.RemoveAll(st.dir))
	}
	return &ResumeError{State: st.dir, Identities: st.Summary.Identities, Err: err}
}

// remove deletes the files and, where nothing else is in it, the folder.
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
	_ = os.Remove(st.dir) // it stays where somebody put something into it
	return err
}

// appender is a file that only grows, from a size on that is known to be good.
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

// flush writes out and answers the size.
func (a *appender) flush() (int64, error) {
	if err := a.Flush(); err != nil {
		return 0, err
	}
	return a.file.Seek(0, io.SeekCurrent)
}

func (a *appender) close() error { return a.file.Close() }

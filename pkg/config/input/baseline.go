package input

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// recorded is a file of known findings. Fingerprints contain no line numbers.
type recorded struct {
	Version  int            `json:"oly_passkey_baseline"`
	Findings map[string]int `json:"findings"` // by fingerprint
}

// Baseline is an earlier state to compare with: earlier files, or recorded
// findings. The zero Baseline changes nothing.
type Baseline struct {
	known *recorded
	file  *source.File
	rev   string // of git
}

// Baseline reads a baseline: a file, or "git:" and a revision; "" for none.
func (l *Loader) Baseline(name string) (Baseline, error) {
	if name == "" {
		return Baseline{}, nil
	}
	if rev, ok := strings.CutPrefix(name, "git:"); ok {
		if rev == "" || rev[0] == '-' {
			return Baseline{}, optionErrorf("invalid --baseline %q: use git: and a revision", name)
		}
		return Baseline{rev: rev}, nil
	}
	f, err := l.Open(name)
	if err != nil {
		return Baseline{}, err
	}
	var known recorded
	if json.Unmarshal(f.Data, &known) == nil && known.Version == 1 {
		return Baseline{known: &known}, nil
	}
	return Baseline{file: f}, nil
}

// Before returns the earlier state of a configuration's files, nil if there is
// none.
func (b Baseline) Before(ctx context.Context, files []*source.File) ([]*source.File, error) {
	if b.file != nil {
		return []*source.File{b.file}, nil
	}
	if b.rev == "" {
		return nil, nil
	}
	var out []*source.File
	for _, f := range files {
		old, err := atRevision(ctx, f.Name, b.rev)
		if err != nil {
			return nil, err
		}
		if old != nil {
			out = append(out, old)
		}
	}
	return out, nil
}

// atRevision reads a file from a git revision, nil if the revision lacks it.
func atRevision(ctx context.Context, name, rev string) (*source.File, error) {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	var stdout, stderr bytes.Buffer
	show := exec.CommandContext(ctx, "git", "-C", filepath.Dir(name), "show", "--end-of-options", rev+":./"+filepath.Base(name)) //nolint:gosec // the revision cannot be an option
	show.Stdout, show.Stderr = &stdout, &stderr
	err := show.Run()
	if err == nil {
		return source.Read(rev+":"+name, &stdout)
	}
	why := strings.TrimSpace(stderr.String())
	if strings.Contains(why, "exists on disk, but not in") || strings.Contains(why, "does not exist in") {
		return nil, nil
	}
	return nil, fmt.Errorf("read %q at %q: %w: %s", name, rev, err, why)
}

// New returns the findings that the baseline has not recorded. A finding that is
// recorded n times is dropped n times.
func (b Baseline) New(all []finding.Finding) []finding.Finding {
	if b.known == nil {
		return all
	}
	left := maps.Clone(b.known.Findings)
	out := all[:0:0]
	for _, f := range all {
		if print := report.Fingerprint(f); left[print] > 0 {
			left[print]--
			continue
		}
		out = append(out, f)
	}
	return out
}

// Record returns findings as a baseline file.
func Record(all []finding.Finding) ([]byte, error) {
	r := recorded{Version: 1, Findings: make(map[string]int)}
	for _, f := range all {
		r.Findings[report.Fingerprint(f)]++
	}
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}

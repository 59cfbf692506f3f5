package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// recorded is a baseline of findings: what a team has taken over and does not
// want to hear of again. Fingerprints hold no line numbers.
type recorded struct {
	Version  int            `json:"oly_passkey_baseline"`
	Findings map[string]int `json:"findings"` // by fingerprint
}

// baseline is what --baseline names: earlier files, or recorded findings.
type baseline struct {
	known *recorded
	file  *source.File
	rev   string // of git
}

func (l *linter) readBaseline() (baseline, error) {
	if l.baseline == "" {
		return baseline{}, nil
	}
	if rev, ok := strings.CutPrefix(l.baseline, "git:"); ok {
		if rev == "" || rev[0] == '-' {
			return baseline{}, cli.Usagef("--baseline %q names no revision", l.baseline)
		}
		return baseline{rev: rev}, nil
	}
	f, err := l.read(l.baseline)
	if err != nil {
		return baseline{}, err
	}
	var known recorded
	if json.Unmarshal(f.Data, &known) == nil && known.Version == 1 {
		return baseline{known: &known}, nil
	}
	return baseline{file: f}, nil
}

// before answers the earlier state of a configuration's files, nil when there is
// none.
func (b baseline) before(ctx context.Context, files []*source.File) ([]*source.File, error) {
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

// atRevision reads a file as git has it, nil when it was not there.
func atRevision(ctx context.Context, name, rev string) (*source.File, error) {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	var stdout, stderr bytes.Buffer
	show := exec.CommandContext(ctx, "git", "-C", filepath.Dir(name), "show", "--end-of-options", rev+":./"+filepath.Base(name)) //nolint:gosec // git is asked for a revision, which cannot be an option
	show.Stdout, show.Stderr = &stdout, &stderr
	err := show.Run()
	if err == nil {
		return source.Read(rev+":"+name, &stdout)
	}
	why := strings.TrimSpace(stderr.String())
	if strings.Contains(why, "exists on disk, but not in") || strings.Contains(why, "does not exist in") {
		return nil, nil
	}
	return nil, fmt.Errorf("read %q as of %q: %w: %s", name, rev, err, why)
}

// unknown drops the findings that the baseline has recorded, each as often as it
// was there.
func (b baseline) unknown(all []finding.Finding) []finding.Finding {
	if b.known == nil {
		return all
	}
	left := make(map[string]int, len(b.known.Findings))
	for print, n := range b.known.Findings {
		left[print] = n
	}
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

// record writes the findings of now to --write-baseline.
func (l *linter) record(all []finding.Finding) error {
	name := l.writeBaseline
	r := recorded{Version: 1, Findings: make(map[string]int)}
	for _, f := range all {
		r.Findings[report.Fingerprint(f)]++
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		if !l.bounds.MayWrite(name) {
			return outsideError(name)
		}
		return os.WriteFile(name, text, 0o644) //nolint:gosec // it is committed beside the configuration
	}
	return l.rewrite([]yamledit.Change{{Name: name, After: text}})
}

// enrolled asks the sidecar how many people have keys, nil without a sidecar.
func (l *linter) enrolled(ctx context.Context) (*int, error) {
	if l.sidecar == "" {
		return nil, nil
	}
	if err := keyGoesTo(l.sidecar, l.insecureHTTP || l.keyFile == ""); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(l.sidecar, "/")+"/v1/index", nil)
	if err != nil {
		return nil, cli.Usagef("--sidecar is not a URL")
	}
	if l.keyFile != "" {
		keys, err := api.ReadKeyFile(l.keyFile)
		if err != nil {
			return nil, err
		}
		key := keys.Key(api.ScopeRead)
		if key == "" {
			return nil, fmt.Errorf("ask the sidecar: %q has no key of scope %q", l.keyFile, api.ScopeRead)
		}
		req.Header.Set("Authorization", "Bearer "+key)
	}
	// The key is meant for this host alone.
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the sidecar: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the sidecar: it answers %s; a key of scope read is in --api-key-file", resp.Status)
	}
	var status struct {
		Complete            bool
		Identities, Deleted int
		Handles             map[string]int
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&status); err != nil {
		return nil, fmt.Errorf("ask the sidecar: %w", err)
	}
	if !status.Complete {
		return nil, errors.New("ask the sidecar: its index is not complete yet; try again, or leave out --sidecar")
	}
	// An identity stays in the index after its last key is gone.
	live := status.Handles["active"] + status.Handles["orphaned"] + status.Handles["unknown"]
	people := min(status.Identities-status.Deleted, live)
	return &people, nil
}

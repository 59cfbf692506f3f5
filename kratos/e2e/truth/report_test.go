package truth_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// report counts what was said against what happened.
type report struct {
	Seed          uint64
	Of            int // deployments there are
	N             int
	Confusion     map[stage]map[stage]int // said, happened
	Strata        map[string]int
	Quarrels      int // how many disagreements there are
	Disagreements []string
}

func (r *report) add(d *deployment, f *forecast, o outcome) {
	if r.Confusion == nil {
		r.Confusion, r.Strata = map[stage]map[stage]int{}, map[string]int{}
	}
	said := o.Stage
	if !f.Stages[o.Stage] {
		for s := range f.Stages {
			said = s
		}
	}
	if r.Confusion[said] == nil {
		r.Confusion[said] = map[stage]int{}
	}
	r.N++
	r.Confusion[said][o.Stage]++
	r.Strata[d.Stratum]++
	if !f.agrees(o) {
		r.Quarrels++
		r.Disagreements = append(r.Disagreements, fmt.Sprintf("%s\n\tsaid: %s, session %t\n\thappened: %s %s, session %t: %s",
			d, f, f.Session, o.Stage, o.Class, o.Session, o.Detail))
	}
}

// write leaves the table in the artefacts folder, when there is one, and in the
// test's log.
func (r *report) write(t *testing.T) {
	t.Helper()
	stages := []stage{stageWorks, stageBrowser, stageKratos, stageFlow, stageStart}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "# Said against happened\n\n%d of %d deployments, seed %d.\n\n| said \\ happened |", r.N, r.Of, r.Seed)
	for _, s := range stages {
		_, _ = fmt.Fprintf(&b, " %s |", s)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(stages)) + "\n")
	for _, said := range stages {
		_, _ = fmt.Fprintf(&b, "| %s |", said)
		for _, happened := range stages {
			_, _ = fmt.Fprintf(&b, " %d |", r.Confusion[said][happened])
		}
		b.WriteString("\n")
	}
	_, _ = fmt.Fprintf(&b, "\n%d disagreements.\n", r.Quarrels)
	t.Log("\n" + b.String() + strings.Join(r.Disagreements, "\n"))
	if dir := os.Getenv("OLY_PASSKEY_ARTEFACTS"); dir != "" {
		require.NoError(t, os.MkdirAll(dir, 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "truth.md"), []byte(b.String()), 0o600))
	}
}

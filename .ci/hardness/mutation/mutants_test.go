package mutation_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/ci/hardness/mutation"
)

var (
	only   = flag.String("package", "", "mutate this package only, such as pkg/webauthn")
	name   = flag.String("mutant", "", "run only mutants whose name begins with this, such as merge.go")
	names  = flag.String("names", "", "run only the mutants that this file names, one a line")
	seed   = flag.Uint64("seed", 1, "of the sample")
	sample = flag.Int("sample", 25, "mutants a package; 0 for all, as with OLY_PASSKEY_PROOF=1")
	update = flag.Bool("update", false, "write the score of all mutants into results.tsv")
)

const root = "../../.."

// TestMutants runs a sample of the mutants, or all of them: whatever survives is
// in survivors.tsv with its reason, and whatever is there survives.
func TestMutants(t *testing.T) {
	if os.Getenv("OLY_PASSKEY_PROOF") == "1" {
		*sample = 0
	}
	known := readKnown(t)
	for _, path := range mutation.Packages() {
		if *only != "" && path != *only {
			continue
		}
		t.Run(path, func(t *testing.T) { score(t, path, known[path]) })
	}
}

func score(t *testing.T, path string, known map[string]string) {
	p, err := mutation.Find(root, "./"+path)
	require.NoError(t, err)
	requireKnownExist(t, p, known)
	runner, err := mutation.NewRunner(t.Context(), p, t.TempDir())
	require.NoError(t, err)
	count := map[mutation.Outcome]int{}
	started := time.Now()
	chosen := choose(t, p.Mutants)
	var unexplained, stale []string
	for _, m := range chosen {
		outcome, err := runner.Run(t.Context(), m)
		require.NoError(t, err)
		count[outcome]++
		_, listed := known[m.Name()]
		switch {
		case outcome == mutation.Survived && !listed:
			unexplained = append(unexplained, m.Name())
			t.Logf("survived: %s:%d\t%s", path, m.Line, m.Name())
		case outcome != mutation.Survived && listed:
			stale = append(stale, m.Name())
		case outcome == mutation.TimedOut:
			t.Logf("timed out: %d %s", m.Line, m.Name())
		}
	}
	t.Logf("%s: %d of %d mutants, seed %d, %s: %v", path, len(chosen), len(p.Mutants), *seed, time.Since(started).Round(time.Second), count)
	if *update && len(chosen) == len(p.Mutants) {
		commit, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--short", "HEAD").Output()
		require.NoError(t, err)
		require.NoError(t, mutation.Record("results.tsv", strings.TrimSpace(string(commit)), mutation.Result{
			Package: path, Mutants: len(chosen), Killed: count[mutation.Killed], TimedOut: count[mutation.TimedOut], Survived: count[mutation.Survived],
		}))
	}
	require.Empty(t, unexplained, "no test notices these; write one, or say in survivors.tsv why none can:\n%s", strings.Join(unexplained, "\n"))
	require.Empty(t, stale, "survivors.tsv says that these survive, but the tests notice them:\n%s", strings.Join(stale, "\n"))
}

func choose(t *testing.T, all []mutation.Mutant) []mutation.Mutant {
	t.Helper()
	if *name != "" {
		return slices.DeleteFunc(slices.Clone(all), func(m mutation.Mutant) bool { return !strings.HasPrefix(m.Name(), *name) })
	}
	if *names != "" {
		text, err := os.ReadFile(*names)
		require.NoError(t, err)
		wanted := strings.Split(string(text), "\n")
		return slices.DeleteFunc(slices.Clone(all), func(m mutation.Mutant) bool { return !slices.Contains(wanted, m.Name()) })
	}
	if *sample == 0 || *sample >= len(all) {
		return all
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	chosen := make([]mutation.Mutant, 0, *sample)
	for _, i := range random.Perm(len(all))[:*sample] {
		chosen = append(chosen, all[i])
	}
	return chosen
}

func requireKnownExist(t *testing.T, p *mutation.Package, known map[string]string) {
	t.Helper()
	names := map[string]bool{}
	for _, m := range p.Mutants {
		names[m.Name()] = true
	}
	for name := range known {
		require.True(t, names[name], "survivors.tsv lists a mutant that is no more: %s", name)
	}
}

func readKnown(t *testing.T) mutation.Known {
	t.Helper()
	f, err := os.Open("survivors.tsv")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	known, err := mutation.ReadKnown(f)
	require.NoError(t, err)
	return known
}

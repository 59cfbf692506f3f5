package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// goPackages are those with benchmarks that need no server; the conformance
// module's hold lint against Kratos' own loader.
func goPackages() []string {
	return []string{"./pkg/webauthn", "./pkg/config/hookbody", "./pkg/config/lint/...", "./pkg/sidecar/audit", "./pkg/sidecar/directory", "./pkg/sidecar/kratosadmin", "kratos/conformance:./..."}
}

// rawFile keeps the benchmarks' own output, for benchstat.
const rawFile = "benchmarks-go.txt"

// goTimeout bounds the benchmarks of one package.
const goTimeout = 4 * time.Minute

func measureGo(t *testing.T, s scale, p *part) {
	packages := s.packages
	if packages == nil {
		packages = goPackages()
	}
	var raw bytes.Buffer
	var failed []string
	for _, name := range packages {
		dir, pattern, nested := strings.Cut(name, ":")
		if !nested {
			dir, pattern = "", name
		}
		ctx, cancel := context.WithTimeout(t.Context(), goTimeout)
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchmem", "-count", fmt.Sprint(s.count), "-benchtime", s.time, pattern)
		cmd.Dir = path.Join(root, dir)
		cmd.WaitDelay = 5 * time.Second
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Logf("%s: %v\n%s", name, err, out)
			failed = append(failed, name)
			continue
		}
		raw.Write(out)
	}
	p.Files[rawFile] = raw.Bytes()
	results := readGo(t, raw.Bytes())
	require.NotEmpty(t, results)
	p.printf("Medians of %d runs with their 95 %% intervals; `benchstat` reads the [output itself](%s). Ratios are to the first of a group.\n\n", s.count, rawFile)
	p.printf("| | time | of the first | memory | allocations | its own figures |\n|---|---:|---:|---:|---:|---|\n")
	p.printf("%s", goRows(results))
	for _, name := range failed {
		p.printf("\n**The benchmarks of `%s` failed in this run.**\n", name)
	}
}

// goRows are the table's. What a benchmark does not report stays empty: one that
// compares whole processes has no time of its own.
func goRows(results []*goResult) string {
	var rows strings.Builder
	first := map[string]float64{}
	for _, r := range results {
		took, compared := "", ""
		if len(r.values["sec/op"]) > 0 {
			time := r.summary("sec/op")
			took = latency(time.Center*1e6) + " ± " + time.PctRangeString()
			if at := strings.LastIndex(r.name, "/"); at >= 0 {
				group := r.name[:at]
				if first[group] == 0 {
					first[group] = time.Center
				}
				compared = fmt.Sprintf("%.2f", time.Center/first[group])
			}
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s | %.0f | %s |\n", r.name, took, compared,
			bytesOf(r.summary("B/op").Center), r.summary("allocs/op").Center, r.own())
	}
	return rows.String()
}

// goResult is one benchmark with all of its runs.
type goResult struct {
	name   string
	values map[string][]float64 // by unit
}

func (r *goResult) summary(unit string) benchmath.Summary {
	sample := benchmath.NewSample(r.values[unit], &benchmath.DefaultThresholds)
	const confidence = 0.95
	return benchmath.AssumeNothing.Summary(sample, confidence)
}

// own lists what a benchmark measures beside time and memory.
func (r *goResult) own() string {
	var all []string
	for _, unit := range slices.Sorted(maps.Keys(r.values)) {
		if !slices.Contains([]string{"sec/op", "B/op", "allocs/op", "B/s"}, unit) {
			all = append(all, fmt.Sprintf("%.4g %s", r.summary(unit).Center, unit))
		}
	}
	return strings.Join(all, ", ")
}

// readGo reads the output in the order of the benchmarks.
func readGo(t *testing.T, raw []byte) []*goResult {
	t.Helper()
	var all []*goResult
	byName := map[string]*goResult{}
	for r := benchfmt.NewReader(bytes.NewReader(raw), rawFile); r.Scan(); {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Fatal(rec)
		case *benchfmt.Result:
			base, parts := rec.Name.Parts()
			name := path.Base(rec.GetConfig("pkg")) + "." + string(base)
			for _, part := range parts {
				if !bytes.HasPrefix(part, []byte("-")) { // the number of cores
					name += string(part)
				}
			}
			if byName[name] == nil {
				byName[name] = &goResult{name: name, values: map[string][]float64{}}
				all = append(all, byName[name])
			}
			for _, v := range rec.Values {
				byName[name].values[v.Unit] = append(byName[name].values[v.Unit], v.Value)
			}
		}
	}
	return all
}

func bytesOf(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", n/1e3)
	}
	return fmt.Sprintf("%.0f B", n)
}

func TestGoRows(t *testing.T) {
	got := goRows(readGo(t, []byte(`pkg: example.com/pkg/a
BenchmarkQuick-2      9 95.4 ns/op 176 B/op 4 allocs/op
BenchmarkSize/one-2   9 2000 ns/op 1500 B/op 1 allocs/op
BenchmarkSize/two-2   9 5000000 ns/op 3000000 B/op 2 allocs/op
BenchmarkCold-2       9 7.25 lint-ms 0 B/op 0 allocs/op
`)))
	require.Equal(t, `| a.Quick | 95 ns ± ∞ |  | 176 B | 4 |  |
| a.Size/one | 2 µs ± ∞ | 1.00 | 1.5 kB | 1 |  |
| a.Size/two | 5.0 ms ± ∞ | 2500.00 | 3.0 MB | 2 |  |
| a.Cold |  |  | 0 B | 0 | 7.25 lint-ms |
`, got)
}

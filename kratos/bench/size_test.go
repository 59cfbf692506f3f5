package bench_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func measureSize(t *testing.T, s scale, p *part) {
	info, err := os.Stat(program(t))
	require.NoError(t, err)
	p.printf("| | |\n|---|---:|\n| binary, static and stripped | %.1f MB |\n", float64(info.Size())/1e6)
	for _, args := range [][]string{{"version"}, {"--help"}} {
		var took []float64
		for range 4 * s.rounds {
			from := time.Now()
			require.NoError(t, exec.CommandContext(t.Context(), program(t), args...).Run())
			took = append(took, float64(time.Since(from).Microseconds()))
		}
		p.printf("| `oly-passkey %s`, from start to end | %s |\n", args[0], latency(median(took)))
	}
	side := startSidecar(t, "--kratos-admin-url", "http://127.0.0.1:1", "--data-dir", t.TempDir())
	p.printf("| `oly-passkey serve` on an empty data directory, until it is ready | %s |\n", latency(float64(side.ready.Microseconds())))
	p.printf("| its memory outside of the page cache then | %.0f MB |\n", side.memory(t))
}

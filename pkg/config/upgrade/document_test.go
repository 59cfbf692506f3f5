package upgrade_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/upgrade"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var update = flag.Bool("update", false, "write the document")

// TestDocument compares docs/versions.md with the table.
func TestDocument(t *testing.T) {
	var b strings.Builder
	require.NoError(t, upgrade.WriteDocument(&b))
	golden.File(t, "../../../docs/versions.md", []byte(b.String()), *update)
}

// TestEveryPair goes up and down between all versions that are known apart. What
// the history says between two of them is what it says on the way, step by step.
func TestEveryPair(t *testing.T) {
	versions := upgrade.Versions()
	ids := func(from, to int) []string {
		found, err := upgrade.Check([]*source.File{source.New("kratos.yml", []byte(head+verified+passkeyOn))}, lint.Options{}, versions[from], versions[to])
		require.NoError(t, err)
		out := []string{}
		for _, f := range found {
			out = append(out, f.Rule)
		}
		return out
	}
	for from := range versions {
		require.Empty(t, ids(from, from))
		for to := range versions {
			step := 1
			if to < from {
				step = -1
			}
			var way []string
			for at := from; at != to; at += step {
				way = append(way, ids(at, at+step)...)
			}
			require.ElementsMatch(t, way, ids(from, to), "%s to %s", versions[from], versions[to])
		}
	}
}

package release

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// TestLicences: docs/licences.md lists what is linked today, and nothing is linked
// whose licence is not allowed.
func TestLicences(t *testing.T) {
	want := command(t, ".", nil, "go", "run", "./licences", root)
	got, err := os.ReadFile(root + "/docs/licences.md")
	require.NoError(t, err)
	now, then := strings.Split(want, "\n"), strings.Split(string(got), "\n")
	for i := range min(len(now), len(then)) {
		require.Equal(t, now[i], then[i], "docs/licences.md:%d is stale; run: make licences", i+1)
	}
	require.Len(t, then, len(now), "docs/licences.md is stale; run: make licences")
}

// TestSBOM writes the SBOM of a program and holds it against CycloneDX' schema
// and against what the toolchain says is linked.
func TestSBOM(t *testing.T) {
	env, flags := buildFlags(t)
	dir := t.TempDir()
	program, path := filepath.Join(dir, "oly-passkey"), filepath.Join(dir, "bom.json")
	command(t, clones[0], env, "go", append(flags, "-o", program, "./cmd/oly-passkey")...)
	command(t, ".", nil, "go", "run", "./sbom", program, path)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, cycloneDX(t).Validate(decoded(t, string(text))))

	var bom cdx.BOM
	require.NoError(t, json.Unmarshal(text, &bom))
	main := bom.Metadata.Component
	require.Equal(t, "github.com/olympusoss/oly-passkey", main.Name)
	commit := strings.TrimSpace(command(t, clones[0], nil, "git", "rev-parse", "HEAD"))
	require.Contains(t, *main.Properties, cdx.Property{Name: "build:vcs.revision", Value: commit})
	require.Contains(t, *main.Properties, cdx.Property{Name: "build:vcs.modified", Value: "false"})

	var linked []string
	for line := range strings.Lines(command(t, ".", nil, "go", "version", "-m", program)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "dep" {
			linked = append(linked, "pkg:golang/"+fields[1]+"@"+fields[2])
		}
	}
	require.NotEmpty(t, linked)
	var listed []string
	for _, c := range *bom.Components {
		if c.Name != "std" {
			listed = append(listed, c.PackageURL)
		}
	}
	require.Equal(t, linked, listed)

	again := filepath.Join(dir, "again.json")
	command(t, ".", nil, "go", "run", "./sbom", program, again)
	second, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, string(text), string(second), "the same program has the same SBOM")
}

// cycloneDX is the schema of version 1.6, as npm's @cyclonedx/cyclonedx-library
// carries it.
func cycloneDX(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	const base = "http://cyclonedx.org/schema/"
	for name, file := range map[string]string{"bom-1.6.schema.json": "bom-1.6", "spdx.SNAPSHOT.schema.json": "spdx", "jsf-0.82.SNAPSHOT.schema.json": "jsf-0.82"} {
		text, err := os.ReadFile("testdata/" + file + ".schema.json")
		require.NoError(t, err)
		require.NoError(t, c.AddResource(base+name, decoded(t, string(text))))
	}
	s, err := c.Compile(base + "bom-1.6.schema.json")
	require.NoError(t, err)
	return s
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return v
}

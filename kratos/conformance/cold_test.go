package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

// BenchmarkColdProcess starts, in turn, a Go program that does nothing, lint and
// a real Kratos. Both reject the same file. It reports the mean of each
// in milliseconds, how much lint is above the empty program, and how often lint
// can reject a configuration in the time that Kratos takes to do so once.
func BenchmarkColdProcess(b *testing.B) {
	dir := b.TempDir()
	empty, lint := buildEmpty(b, dir), buildLint(b, dir)
	config := filepath.Join(dir, "rejected.yml")
	text, err := os.ReadFile("../../pkg/config/lint/rules/testdata/typical.yml")
	require.NoError(b, err)
	text = append(text, "passkeys: {enabled: true}\nmethods: {}\nselfservices: {}\n"...)
	require.NoError(b, os.WriteFile(config, text, 0o600))
	kratos := realKratos(b)

	var ofEmpty, ofLint, ofKratos time.Duration
	for b.Loop() {
		ofEmpty += run(b, 0, empty)
		ofLint += run(b, 1, lint, "lint", "-c", config)
		ofKratos += run(b, 1, kratos, "serve", "-c", config, "--sqa-opt-out")
	}
	mean := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(b.N) }
	b.ReportMetric(mean(ofEmpty), "empty-ms")
	b.ReportMetric(mean(ofLint), "lint-ms")
	b.ReportMetric(mean(ofLint-ofEmpty), "above-empty-ms")
	b.ReportMetric(mean(ofKratos), "kratos-ms")
	b.ReportMetric(float64(ofKratos)/float64(ofLint), "x-lint")
	b.ReportMetric(0, "ns/op") // the sum of three means nothing
}

// BenchmarkLintFolder lints 300 files in one call of a cold process.
func BenchmarkLintFolder(b *testing.B) {
	dir := b.TempDir()
	lint := buildLint(b, dir)
	text, err := os.ReadFile("../../pkg/config/lint/rules/testdata/typical.yml")
	require.NoError(b, err)
	schema, err := os.ReadFile("../../pkg/config/lint/rules/testdata/identity.schema.json")
	require.NoError(b, err)
	folder := filepath.Join(dir, "deploy")
	const files = 300
	for i := range files {
		one := filepath.Join(folder, strconv.Itoa(i))
		require.NoError(b, os.MkdirAll(one, 0o750))
		require.NoError(b, os.WriteFile(filepath.Join(one, "kratos.yml"), text, 0o600))
		require.NoError(b, os.WriteFile(filepath.Join(one, "identity.schema.json"), schema, 0o600))
	}
	var total time.Duration
	for b.Loop() {
		total += run(b, 1, lint, "lint", "--fail-on", "info", folder)
	}
	b.ReportMetric(total.Seconds()*1000/float64(b.N), "ms/300files")
}

// run runs a program and returns how long it took.
func run(b *testing.B, code int, program string, args ...string) time.Duration {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), time.Minute)
	defer stop()
	command := exec.CommandContext(ctx, program, args...)
	start := time.Now()
	out, err := command.CombinedOutput()
	took := time.Since(start)
	if code == 0 {
		require.NoError(b, err, string(out))
		return took
	}
	var exit *exec.ExitError
	require.ErrorAs(b, err, &exit, string(out))
	require.Equal(b, code, exit.ExitCode(), string(out))
	return took
}

func buildEmpty(b *testing.B, dir string) string {
	b.Helper()
	name := filepath.Join(dir, "empty.go")
	require.NoError(b, os.WriteFile(name, []byte("package main\n\nfunc main() {}\n"), 0o600))
	return build(b, ".", filepath.Join(dir, "empty"), name)
}

func buildLint(b *testing.B, dir string) string {
	b.Helper()
	return build(b, "../..", filepath.Join(dir, "oly-passkey"), "./cmd/oly-passkey")
}

func build(b *testing.B, from, target, what string) string {
	b.Helper()
	command := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, what)
	command.Dir = from
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := command.CombinedOutput()
	require.NoError(b, err, string(out))
	return target
}

func realKratos(b *testing.B) string {
	b.Helper()
	name, err := filepath.Abs(kratostest.Binary(b))
	require.NoError(b, err)
	return name
}

package audit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/audit"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

var update = flag.Bool("update", false, "rewrite the expected reports in testdata")

func requireCounts(t *testing.T, want tally, s *audit.Summary) {
	t.Helper()
	got := tally{
		passkeyOnly: s.PasskeyOnly, legacyOnly: s.LegacyOnly, both: s.Both, neither: s.Neither,
		passkeys: s.Passkeys, synced: s.Synced, stale: s.StaleHandles,
		lockedOut: s.Findings["lock-out-risk"], duplicates: s.Findings["duplicate-credential-id"],
	}
	require.Equal(t, want, got)
}

// TestCounts compares the audit of many identities with an independent count.
func TestCounts(t *testing.T) {
	f := &fakekratos{n: 10_000, page: 250}
	r, err := audit.Run(t.Context(), audit.Options{Kratos: f})
	require.NoError(t, err)
	require.Equal(t, 10_000, r.Summary.Identities)
	requireCounts(t, f.count(), r.Summary)
	found := map[string]int{}
	for one, err := range r.Findings() {
		require.NoError(t, err)
		found[one.Rule]++
	}
	require.Equal(t, r.Summary.Findings, found)
	require.NoError(t, r.Close())
}

// TestUnreadIdentities: identities that cannot be read are findings, and all others are
// counted.
func TestUnreadIdentities(t *testing.T) {
	f := &fakekratos{n: 1000, page: 100, unread: 400}
	last := kratosadmin.Progress{}
	r, err := audit.Run(t.Context(), audit.Options{Kratos: f, Progress: func(p kratosadmin.Progress) { last = p }})
	require.NoError(t, err)
	require.Equal(t, 997, r.Summary.Identities)
	require.Equal(t, 997, last.Identities)
	require.Equal(t, 3, r.Summary.Findings["identity-unread"])
	require.Contains(t, []finding.Severity{finding.Warning, finding.Error}, r.Summary.Worst())
	var found []uuid.UUID
	for one, err := range r.Findings() {
		require.NoError(t, err)
		if one.Rule == "identity-unread" {
			found = append(found, one.Identity)
		}
	}
	require.Equal(t, []uuid.UUID{f.id(0), f.id(400), f.id(800)}, found)
	var text bytes.Buffer
	require.NoError(t, r.WriteText(&text))
	require.Contains(t, text.String(), "warning: 3: an identity could not be read [identity-unread]")
	require.NoError(t, r.Close())
}

// TestResume interrupts an audit several times, once in the middle of a write, and
// requires the numbers of an uninterrupted one.
func TestResume(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	f := &fakekratos{n: 5000, page: 100, failAt: 13}
	o := audit.Options{Kratos: f, State: dir, Source: "http://kratos:4434"}
	_, err := audit.Run(t.Context(), o)
	require.ErrorIs(t, err, errFake)
	require.EqualError(t, err, "kratos went away; 1300 identities were read; run the same command with --state "+dir+" to continue")

	// What was written behind the checkpoint does not count.
	for _, name := range []string{"findings.tsv", "keys.bin"} {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = file.WriteString("half a line")
		require.NoError(t, errors.Join(err, file.Close()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	f.failAt = 0
	o.Progress = func(p kratosadmin.Progress) {
		require.GreaterOrEqual(t, p.Fraction, 0.0)
		if p.Identities == 3000 {
			cancel()
		}
	}
	_, err = audit.Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	other := o
	other.Source = "http://other:4434"
	_, err = audit.Run(t.Context(), other)
	require.ErrorContains(t, err, `belongs to an audit of "http://kratos:4434"`)

	f.asked = 0
	r, err := audit.Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 20, f.asked, "it reads the 2000 identities that are left")
	requireCounts(t, f.count(), r.Summary)
	require.NoError(t, r.Keep())

	// A report that could not be written is made again without Kratos.
	f.asked = 0
	r, err = audit.Run(t.Context(), o)
	require.NoError(t, err)
	require.Zero(t, f.asked)
	requireCounts(t, f.count(), r.Summary)
	require.NoError(t, r.Close())
	require.NoDirExists(t, dir)
}

// TestKilledBeforeFirstCheckpoint: what the first checkpoint leaves when it is cut
// off belongs to the audit.
func TestKilledBeforeFirstCheckpoint(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"findings.tsv", "keys.bin", "checkpoint.json.new"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600))
	}
	f := &fakekratos{n: 3, page: 1}
	r, err := audit.Run(t.Context(), audit.Options{Kratos: f, State: dir})
	require.NoError(t, err)
	requireCounts(t, f.count(), r.Summary)
	require.NoError(t, r.Close())
}

func TestStateOfSomebodyElse(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "thesis.txt")
	require.NoError(t, os.WriteFile(mine, []byte("x"), 0o600))
	_, err := audit.Run(t.Context(), audit.Options{Kratos: &fakekratos{n: 1, page: 1}, State: dir})
	require.EqualError(t, err, `directory "`+dir+`" is not empty and does not contain an audit; use another one`)
	require.FileExists(t, mine)
	require.NoError(t, os.Rename(mine, filepath.Join(dir, "checkpoint.json")))
	_, err = audit.Run(t.Context(), audit.Options{Kratos: &fakekratos{n: 1, page: 1}, State: dir})
	require.ErrorContains(t, err, "is not a checkpoint of this version; delete the directory to start over")
}

// TestMemory reads ten times as many identities in the same memory.
func TestMemory(t *testing.T) {
	heap := func(n int) uint64 {
		var most uint64
		r, err := audit.Run(t.Context(), audit.Options{Kratos: &fakekratos{n: n, page: 500}, Progress: func(p kratosadmin.Progress) {
			if p.Identities%5000 != 0 {
				return
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}})
		require.NoError(t, err)
		require.NoError(t, r.Close())
		return most
	}
	small, large := heap(5000), heap(50_000)
	require.Less(t, large, small+4<<20)
}

func TestPace(t *testing.T) {
	f := &fakekratos{n: 50, page: 10}
	began := time.Now()
	r, err := audit.Run(t.Context(), audit.Options{Kratos: f, MaxRPS: 100})
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond, "five requests at a hundred a second")
}

// few is one identity for each rule.
func few(t *testing.T) pages {
	t.Helper()
	id := func(n byte) kratosadmin.Identity {
		return kratosadmin.Identity{ID: uuid.UUID{0: n, 6: 0x40, 8: 0x80}}
	}
	passkeys := func(handles []string, keys ...kratosadmin.Key) *kratosadmin.Credentials {
		return &kratosadmin.Credentials{Identifiers: handles, Config: &kratosadmin.Config{Keys: keys}}
	}
	handle := strings.Repeat("h", 64)
	cloned, flagless, flip, strange := key(1, true), key(2, true), key(3, true), key(4, false)
	cloned.Authenticator.CloneWarning = true
	flagless.Flags = nil
	flip.Flags = &kratosadmin.Flags{}
	strange.Authenticator.AAGUID = nil
	legacy, second := key(5, false), key(6, false)
	legacy.Passwordless = true
	var full []kratosadmin.Key
	var fullHandles []string
	for n := range uint64(20) {
		full = append(full, key(100+n, false))
		fullHandles = append(fullHandles, handle[:60]+string(rune('a'+n)))
	}
	person := func(n byte, recovery bool, others ...string) *kratosadmin.Inventory {
		return &kratosadmin.Inventory{Identity: id(n), Recovery: recovery, Others: others}
	}
	with := func(i *kratosadmin.Inventory, passkey, webauthn *kratosadmin.Credentials) *kratosadmin.Inventory {
		i.Passkey, i.WebAuthn = passkey, webauthn
		return i
	}
	webauthn := func(handle []byte, keys ...kratosadmin.Key) *kratosadmin.Credentials {
		return &kratosadmin.Credentials{Config: &kratosadmin.Config{UserHandle: handle, Keys: keys}}
	}
	return pages{
		person(1, true),
		with(person(2, true), passkeys([]string{handle}, cloned), nil),
		with(person(3, true), passkeys([]string{handle}, flagless), nil),
		with(person(4, true), passkeys([]string{handle}, flip), nil),
		with(person(5, false, "code"), passkeys([]string{handle}, strange), nil),
		with(person(6, false, "password"), passkeys([]string{handle}, key(7, true)), nil),
		with(person(7, false), passkeys([]string{handle}, key(8, true)), nil),
		with(person(8, false, "oidc"), passkeys([]string{handle, handle[1:]}, key(9, true)), nil),
		with(person(9, true), nil, webauthn(nil, legacy)),
		with(person(10, true), passkeys(fullHandles, full...), nil),
		with(person(11, true), passkeys([]string{"", handle + "x", "lost\ufffd", "ada@example.com"}, key(7, true), key(11, true), key(12, true), key(13, true)), nil),
		with(person(12, false, "password"), nil, webauthn([]byte("+49 30 1234567"), second)),
	}
}

// pages is a Kratos of one page, and beside its identities there is one that
// cannot be read.
type pages []*kratosadmin.Inventory

func (p pages) Inventory(ctx context.Context, _ string) (*kratosadmin.InventoryPage, error) {
	page := &kratosadmin.InventoryPage{Identities: p}
	if len(p) > 0 {
		page.Unread = []uuid.UUID{uuid.MustParse("0d000000-0000-4000-8000-000000000000")}
	}
	return page, ctx.Err()
}

func fewReport(t *testing.T) *audit.Report {
	t.Helper()
	forecast, err := audit.NewForecast("example.org")
	require.NoError(t, err)
	r, err := audit.Run(t.Context(), audit.Options{Kratos: few(t), Forecast: forecast})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	r.Source, r.Made = "http://kratos:4434", time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	return r
}

// TestReports writes one identity of each kind in every format.
func TestReports(t *testing.T) {
	r := fewReport(t)
	saved := &audit.Saved{Made: r.Made.AddDate(0, -1, 0), Summary: &audit.Summary{Identities: 10, Passkeys: 30, Findings: map[string]int{"clone-warning": 4}}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.csv":  func(b *bytes.Buffer) error { return r.WriteCSV(b) },
		"report.json": func(b *bytes.Buffer) error { return r.WriteJSON(b) },
		"report.txt":  func(b *bytes.Buffer) error { return r.WriteText(b) },
		"report.html": func(b *bytes.Buffer) error { return r.WriteHTML(b) },
	} {
		t.Run(name, func(t *testing.T) {
			r.Since = saved
			var b bytes.Buffer
			require.NoError(t, write(&b))
			golden.File(t, "testdata/"+name, b.Bytes(), *update)
			require.NotContains(t, b.String(), "ada@example.com")
			require.NotContains(t, b.String(), "1234567,")
			require.NotContains(t, b.String(), strings.Repeat("h", 60))
		})
	}
	// Every rule has an identity here, and every format can be read back.
	for _, rule := range audit.Rules() {
		require.Positive(t, r.Summary.Findings[rule.ID], rule.ID)
	}
	var b bytes.Buffer
	require.NoError(t, r.WriteJSON(&b))
	require.True(t, json.Valid(b.Bytes()))
	back, err := audit.ReadSaved(&b)
	require.NoError(t, err)
	require.Equal(t, &audit.Saved{Made: r.Made, Summary: r.Summary}, back)
	b.Reset()
	require.NoError(t, r.WriteCSV(&b))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), len(audit.Rules()))
	// The page needs nothing from elsewhere.
	b.Reset()
	require.NoError(t, r.WriteHTML(&b))
	for _, foreign := range []string{"<script", "src=", "href=", "http-equiv=\"refresh", "url("} {
		require.NotContains(t, b.String(), foreign)
	}
}

func TestForecast(t *testing.T) {
	r := fewReport(t)
	require.Equal(t, &audit.Forecast{RPID: "example.org", Keys: 33, Identities: 11, LockedOut: 1, Perhaps: 1, Reenrol: 9}, r.Summary.Forecast)
	for rpID, want := range map[string]string{
		"https://example.org": `invalid rp.id "https://example.org": use a bare lower-case domain, such as example.com`,
		"Example.org":         `invalid rp.id "Example.org": use a bare lower-case domain, such as example.com`,
		"127.0.0.1":           `invalid rp.id "127.0.0.1": use a bare lower-case domain, such as example.com`,
		"":                    `invalid rp.id "": use a bare lower-case domain, such as example.com`,
		"co.uk":               `invalid rp.id "co.uk": browsers reject public suffixes`,
	} {
		_, err := audit.NewForecast(rpID)
		require.EqualError(t, err, want)
	}
}

func TestNothing(t *testing.T) {
	r, err := audit.Run(t.Context(), audit.Options{Kratos: pages{}})
	require.NoError(t, err)
	for _, write := range []func(*bytes.Buffer) error{
		func(b *bytes.Buffer) error { return r.WriteText(b) },
		func(b *bytes.Buffer) error { return r.WriteHTML(b) },
	} {
		var b bytes.Buffer
		require.NoError(t, write(&b))
		require.Contains(t, strings.ToLower(b.String()), "no findings.")
	}
	require.Empty(t, r.Summary.Worst())
	require.NoError(t, r.Close())
}

func TestReadSavedRefuses(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", `{"summary":{}}`, `{"made_at":"2026-01-01T00:00:00Z"}`, `{"summary":7}`, `{"a":`, "\x00"} {
		_, err := audit.ReadSaved(strings.NewReader(text))
		require.EqualError(t, err, "not a report that oly-passkey audit --format json wrote", text)
	}
}

// FuzzReadSaved reads anything as an earlier report.
func FuzzReadSaved(f *testing.F) {
	f.Add(`{"made_at":"2026-01-01T00:00:00Z","source":"x","summary":{"identities":1,"findings":{"x":1}},"findings":[`)
	f.Add(`{"summary":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		saved, err := audit.ReadSaved(strings.NewReader(text))
		require.Equal(t, err == nil, saved != nil)
	})
}

package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/aaguid"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Summary contains the counts of an audit. Its size does not depend on the number of
// identities.
type Summary struct {
	Identities int `json:"identities"`
	// Identities by their keys: only passkeys, only passwordless keys of the webauthn
	// method, both, or neither.
	PasskeyOnly int `json:"passkey_only"`
	LegacyOnly  int `json:"legacy_only"`
	Both        int `json:"both"`
	Neither     int `json:"neither"`

	// Keys by kind. Only passkeys are known to be discoverable: Kratos does not request
	// it of the keys of the webauthn method.
	Passkeys     int `json:"passkeys"`
	Passwordless int `json:"passwordless_keys"`
	SecondFactor int `json:"second_factor_keys"`

	// Keys of all kinds by backup state at registration.
	Synced      int `json:"synced"`
	Syncable    int `json:"syncable_not_synced"`
	DeviceBound int `json:"device_bound"`
	StateUnsure int `json:"backup_state_unknown"`

	Handles      int `json:"handles"` // live and stale
	StaleHandles int `json:"stale_handles"`

	Providers   map[string]int `json:"providers"`             // keys by make
	Kinds       map[string]int `json:"authenticator_kinds"`   // keys by aaguid.Kind
	PerIdentity map[int]int    `json:"passkeys_per_identity"` // identities by number of passkeys; 10 means 10 or more
	AddedIn     map[string]int `json:"passkeys_added"`        // by month, 2026-11
	Others      map[string]int `json:"other_credentials"`     // identities by further credential types
	Recoverable int            `json:"with_recovery_address"` // identities

	Findings map[string]int `json:"findings"` // by rule
	Forecast *Forecast      `json:"rp_id_change,omitempty"`
}

// Forecast is the effect of changing rp.id. A key only works with the rp.id that it
// was created for. Kratos does not store that; the audit assumes the current one.
type Forecast struct {
	RPID       string `json:"rp_id"`      // the new one
	Keys       int    `json:"keys"`       // keys that stop working
	Identities int    `json:"identities"` // identities with such keys
	LockedOut  int    `json:"locked_out"` // of these, without another way to sign in
	Perhaps    int    `json:"perhaps"`    // of these, with at most a password
	Reenrol    int    `json:"reenrol"`    // of these, with another way to sign in
}

// NewForecast returns an empty forecast for a new rp.id, which must be a bare domain
// and not a public suffix.
func NewForecast(rpID string) (*Forecast, error) {
	page, err := webauthn.ParsePage("https://" + rpID)
	if err != nil || page.Host != rpID || page.IP.IsValid() {
		return nil, fmt.Errorf("invalid rp.id %q: use a bare lower-case domain, such as example.com", rpID)
	}
	if webauthn.IsPublicSuffix(rpID) {
		return nil, fmt.Errorf("invalid rp.id %q: browsers reject public suffixes", rpID)
	}
	return &Forecast{RPID: rpID}, nil
}

func newSummary(forecast *Forecast) *Summary {
	return &Summary{
		Providers: map[string]int{}, Kinds: map[string]int{}, PerIdentity: map[int]int{},
		AddedIn: map[string]int{}, Others: map[string]int{}, Findings: map[string]int{}, Forecast: forecast,
	}
}

// maxPerIdentity is the last bucket of PerIdentity.
const maxPerIdentity = 10

// add counts an identity and returns the findings about it.
func (s *Summary) add(i *kratosadmin.Inventory) []Finding {
	p := newIdentity(i)
	s.Identities++
	switch {
	case len(p.passkeys) > 0 && p.passwordless > 0:
		s.Both++
	case len(p.passkeys) > 0:
		s.PasskeyOnly++
	case p.passwordless > 0:
		s.LegacyOnly++
	default:
		s.Neither++
	}
	s.Passkeys += len(p.passkeys)
	s.Passwordless += p.passwordless
	s.SecondFactor += len(p.keys) - p.passwordless
	s.Handles += p.handleCount()
	s.StaleHandles += max(0, len(p.handles)-len(p.passkeys))
	s.PerIdentity[min(len(p.passkeys), maxPerIdentity)]++
	for _, other := range p.Others {
		s.Others[bounded(s.Others, other)]++
	}
	if p.Recovery {
		s.Recoverable++
	}
	for _, k := range p.allKeys() {
		s.addKey(k)
	}
	for _, k := range p.passkeys {
		if !k.AddedAt.IsZero() {
			s.AddedIn[bounded(s.AddedIn, k.AddedAt.UTC().Format("2006-01"))]++
		}
	}
	found := p.inspect()
	found = append(found, s.forecast(p)...)
	for _, f := range found {
		s.Findings[f.Rule]++
	}
	return found
}

// bounded returns the key to count a name under. It limits the size of a map whose
// keys come from Kratos.
func bounded(m map[string]int, name string) string {
	const most = 1000
	if _, known := m[name]; !known && len(m) >= most {
		return "other"
	}
	return name
}

// unknown is the name of unlisted authenticator models.
const unknown = "unknown"

func (s *Summary) addKey(k kratosadmin.Key) {
	made := aaguid.Lookup(k.Authenticator.AAGUID)
	s.Providers[cmp.Or(made.Name, unknown)]++
	s.Kinds[cmp.Or(string(made.Kind), unknown)]++
	switch f := k.Flags; {
	case f == nil:
		s.StateUnsure++
	case f.BackupState:
		s.Synced++
	case f.BackupEligible:
		s.Syncable++
	default:
		s.DeviceBound++
	}
}

func (s *Summary) forecast(p *identity) []Finding {
	f := s.Forecast
	n := len(p.passkeys) + len(p.keys)
	if f == nil || n == 0 {
		return nil
	}
	f.Keys += n
	f.Identities++
	if p.firstFactors() == 0 {
		f.Reenrol++ // its keys are second factors; the first factor still works
		return nil
	}
	switch p.otherMethod() {
	case certainMethod:
		f.Reenrol++
		return nil
	case uncertainMethod:
		f.Perhaps++
		return []Finding{{Rule: orphan, Identity: p.ID, Detail: "at most a password is left, which Kratos also lists if there is none"}}
	case noMethod:
	}
	f.LockedOut++
	return []Finding{{Rule: orphan, Identity: p.ID, Detail: "no other way to sign in"}}
}

// Counted is a name and its count.
type Counted struct {
	Name string
	N    int
}

// Top returns the n most frequent names of a map, ties sorted by name, and one entry
// for all others.
func Top(m map[string]int, n int) []Counted {
	var all []Counted
	for name, count := range m {
		all = append(all, Counted{name, count})
	}
	slices.SortFunc(all, func(a, b Counted) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Name, b.Name)
	})
	if len(all) <= n {
		return all
	}
	rest := Counted{Name: fmt.Sprintf("%d others", len(all)-n)}
	for _, c := range all[n:] {
		rest.N += c.N
	}
	return append(all[:n], rest)
}

// Worst returns the highest severity of the findings, zero if there are none.
func (s *Summary) Worst() finding.Severity {
	var worst finding.Severity
	for id, n := range s.Findings {
		if r, ok := RuleOf(id); ok && n > 0 {
			worst = max(worst, r.Severity)
		}
	}
	return worst
}

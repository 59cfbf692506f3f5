package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// embedx/config.schema.json: both methods' blocks and their config have
// additionalProperties: false, even if the method is disabled.
var schemaInvalid = &lint.Rule{
	ID: "schema-invalid", Severity: finding.Error, Last: true,
	Check: func(p *lint.Pass) {
		for _, m := range []*passkeys.Method{p.Passkey, p.WebAuthn} {
			block := p.Get(m.Path)
			unknownKeys(p, block, m.Path, []string{"config", "enabled"})
			allowed := []string{"rp", "display_name"} // display-name-misnested reports it
			switch m.Name {
			case "webauthn":
				allowed = append(allowed, "passwordless")
			case "passkey":
				allowed = append(allowed, "attestation", "authenticator_selection", "timeouts") // in newer versions
			}
			unknownKeys(p, m.Config, m.Path+".config", allowed)
			if m.RP.Is(kratosconf.Map) && m.RP.Get("display_name") == nil && m.Config.Get("display_name") == nil && m.ID.Exists() && !p.Incomplete() {
				p.Report(finding.Finding{
					Span:    m.RP.Place(),
					Message: fmt.Sprintf("%s has no display_name, so Kratos does not start", m.RPPath()),
					Help:    "set display_name to the name of your application, which authenticators show",
					Suggest: proposeName(p, m),
				})
			}
		}
		misspeltKeys(p, p.Root, "", []string{
			"selfservice", "database", "dsn", "courier", "oauth2_provider", "preview", "serve", "tracing", "log", "identity", "secrets", "hashers", "ciphers",
			"cookies", "session", "security", "version", "dev", "help", "config", "clients", "feature_flags", "organizations", "enterprise",
		})
		misspeltKeys(p, p.Get("selfservice.methods"), "selfservice.methods", []string{"passkey", "webauthn", "password", "code", "link", "totp", "lookup_secret", "oidc", "profile"})
		for _, list := range p.HookLists() {
			hookNames(p, list)
		}
		lists(p)
		uris(p)
		ceremonyPolicy(p)
		againstCatalogue(p)
		fatalURLs(p)
		identitySchemas(p)
	},
}

// misspeltKeys reports keys that nearly equal one that the block allows. It
// ignores other unknown keys, which a newer Kratos may have.
func misspeltKeys(p *lint.Pass, block *kratosconf.Value, path string, known []string) {
	for _, f := range block.Fields() {
		meant := nearly(f.Name, known)
		if meant == "" || passkeys.TemplateLeft(f.Name) {
			continue
		}
		where := "at the top level"
		if path != "" {
			where = "under " + path
		}
		p.Report(finding.Finding{
			Span:    f.Value.Key,
			Message: fmt.Sprintf("key %q is not allowed %s, so Kratos does not start", f.Name, where),
			Help:    fmt.Sprintf("write %q", meant),
			Suggest: renamed(block, f.Value.Key, meant),
		})
	}
}

// renamed proposes the correct key, unless the block already has it.
func renamed(block *kratosconf.Value, key source.Span, meant string) []source.Edit {
	if block.Field(meant) != nil || block.Shared || key.End <= key.Start {
		return nil
	}
	return []source.Edit{{Span: key, New: meant}}
}

// hookNames reports hooks that Kratos does not accept in this list. It ignores
// unknown names that a newer Kratos may have.
func hookNames(p *lint.Pass, list passkeys.HookList) {
	known := []string{"b2b_sso", "require_verified_address", "revoke_active_sessions", "session", "show_verification_ui", "verification", "web_hook"}
	for _, item := range list.Value.Items() {
		hook := item.Get("hook")
		meant := nearly(hook.Text(), known)
		issuesSession := hook.Text() == "session" && (list.Flow == "login" || list.Flow == "settings" || list.Flow == "registration" && list.Method == "")
		switch {
		case meant != "":
			p.ReportAt(hook, finding.Finding{
				Message: fmt.Sprintf("unknown hook %q, so Kratos does not start", hook.Str),
				Help:    fmt.Sprintf("write %q", meant),
				Suggest: hook.Edit(meant),
			})
		case issuesSession && list.After:
			p.ReportAt(hook, finding.Finding{
				Message: fmt.Sprintf("the hook \"session\" is not allowed in %s, so Kratos does not start", list.Path),
				Help:    "remove it; it belongs under registration.after.METHOD",
				Suggest: yamledit.DeleteItem(list.Value, item),
			})
		}
	}
}

// nearly returns the known name that differs from a name by one or two letters,
// or "" if the name is known or differs more.
func nearly(name string, known []string) string {
	if name == "" || slices.Contains(known, name) {
		return ""
	}
	for _, k := range known {
		if d := levenshtein.Distance(name, k, nil); d == 1 || d == 2 && len(k) > 5 {
			return k
		}
	}
	return ""
}

// unknownKeys reports the keys of a block that Kratos' schema does not allow.
func unknownKeys(p *lint.Pass, block *kratosconf.Value, path string, allowed []string) {
	for _, f := range block.Fields() {
		if slices.Contains(allowed, f.Name) || strings.ContainsAny(f.Name, "{}$@%<>") {
			continue // the names in a template are unknown
		}
		help := fmt.Sprintf("remove it; %s allows only %s", path, strings.Join(slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "display_name" }), ", "))
		if slices.Contains([]string{"id", "origins"}, f.Name) {
			help = fmt.Sprintf("move it into %s.rp", strings.TrimSuffix(path, ".config")+".config")
		}
		suggest := renamed(block, f.Value.Key, nearly(f.Name, allowed))
		if nearly(f.Name, allowed) == "" {
			suggest = p.RemoveField(f.Value)
		}
		p.Report(finding.Finding{
			Span:    f.Value.Key,
			Message: fmt.Sprintf("key %q is not allowed under %s, so Kratos does not start", f.Name, path),
			Help:    help,
			Suggest: suggest,
		})
	}
}

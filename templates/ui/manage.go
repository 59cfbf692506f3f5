package ui

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// credentialView is a passkey or a security key that a settings flow can remove.
type credentialView struct {
	Field, ID, Name string // Field is the name of Kratos' remove node
	Added, Used     string // a text with the date, "" if unknown
	Provider        string // "" if unknown, or if it is the name already
	Kept            string // the text that says whether the passkey is synced
	Synced          bool
	Predates        bool   // older than the verification of the account's address
	Given           string // the name that the user gave it
	Flow            string // the id of the flow that can rename it, or ""
	Form            formView
}

// credentials lists the credentials that a settings flow can remove.
func (b *viewBuilder) credentials(field string) []credentialView {
	var list []credentialView
	given := map[string]string{}
	if b.flow.Identity != nil {
		given = b.flow.Identity.names()
	}
	for i := range b.flow.UI.Nodes {
		n := &b.flow.UI.Nodes[i]
		if n.Attributes.Name != field {
			continue
		}
		c := credentialView{Field: field, ID: n.value()}
		if b.config.AdminURL != "" {
			c.Flow = b.flow.ID
		}
		if label := n.Meta.Label; label != nil {
			if name, ok := label.Context["display_name"].(string); ok && name != "unnamed" {
				c.Name = name
			}
			if at, ok := label.Context["added_at"].(string); ok {
				if added, err := time.Parse(time.RFC3339Nano, at); err == nil {
					c.Added = b.speaker.say("settings.added", "date", b.speaker.date(added))
				}
			}
		}
		c.Given = given[c.ID]
		c.Name = cmp.Or(c.Given, c.Name)
		c.Form = formView{Group: field, Action: b.flow.UI.Action, Hidden: b.csrf()}
		list = append(list, c)
	}
	return list
}

func (b *viewBuilder) csrf() []fieldView {
	n := b.flow.find("csrf_token")
	if n == nil {
		return nil
	}
	return []fieldView{{Name: "csrf_token", Value: n.value()}}
}

// guard protects the only way into an account, which Kratos would remove.
func (b *viewBuilder) guard(v *flowView) {
	ways := len(v.Passkeys)
	if !b.config.SecondFactor {
		ways += len(v.Keys)
	}
	if ways != 1 || !b.onlyKeys() {
		return
	}
	v.LastPasskey = len(v.Passkeys) == 1
	v.LastKey = !v.LastPasskey
}

// onlyKeys reports whether passkeys and security keys are the only ways into the
// account: it has no recovery address and, according to the flow, no password.
func (b *viewBuilder) onlyKeys() bool {
	for i := range b.flow.UI.Nodes {
		if group := b.flow.UI.Nodes[i].Group; group == "password" || group == "oidc" {
			return false
		}
	}
	return b.flow.Identity != nil && len(b.flow.Identity.RecoveryAddresses) == 0
}

// signalsView is the argument of signals in passkey.js.
type signalsView struct {
	RPID, Name, DisplayName string
	All                     []Signal
}

// describe adds what the directory knows. The page works without it, so a failing
// directory only leaves details out.
func (s *Server) describe(ctx context.Context, speaker speaker, v *flowView) {
	if s.config.Directory == nil || v.Flow.Identity == nil {
		return
	}
	id := v.Flow.Identity.ID
	passkeys, err := s.config.Directory.Passkeys(ctx, id)
	if err != nil {
		return
	}
	advice, err := s.config.Directory.Advice(ctx, id)
	if err != nil {
		advice = Advice{}
	}
	for _, list := range [][]credentialView{v.Passkeys, v.Keys} {
		for i := range list {
			list[i].describe(speaker, passkeys, advice)
		}
	}
	rpID := v.Flow.rpID()
	if v.Flow.State != "success" || rpID == "" {
		return
	}
	// Never cached: browsers hide every credential that a signal leaves out.
	if all, err := s.config.Directory.Signals(ctx, id); err == nil {
		identity := v.Flow.Identity
		v.Signals = &signalsView{RPID: rpID, Name: identity.name(), DisplayName: identity.fill(s.config.DisplayName), All: all}
	}
}

func (c *credentialView) describe(speaker speaker, passkeys []Passkey, advice Advice) {
	id := base64urlOf(c.ID)
	c.Predates = slices.Contains(advice.Predating, id)
	for _, p := range passkeys {
		if p.CredentialID != id {
			continue
		}
		if c.Provider = p.Provider; c.Name == "" {
			c.Name, c.Provider = p.Provider, ""
		}
		if p.LastUsed != nil {
			c.Used = speaker.say("settings.used", "date", speaker.date(*p.LastUsed))
		}
		if p.Synced != nil {
			c.Synced = *p.Synced
			c.Kept = speaker.say("settings.kept-here")
			if c.Synced {
				c.Kept = speaker.say("settings.kept-synced")
			}
		}
	}
}

// nameless gives unnamed credentials a generic name.
func (v *flowView) nameless(speaker speaker) {
	for _, list := range [][]credentialView{v.Passkeys, v.Keys} {
		for i := range list {
			list[i].Name = cmp.Or(list[i].Name, speaker.say("settings.unnamed-"+list[i].Field))
		}
	}
}

package ui

import (
	"net/http"
	"slices"
	"strings"
)

// flowView is a flow, arranged as a page shows it.
type flowView struct {
	Flow     *Flow
	Messages []messageView
	// Passkey and Key are the ceremonies of Kratos' methods passkey and webauthn,
	// nil if the flow has none.
	Passkey, Key *formView
	// Passkeys and Keys are the credentials that a settings flow can remove.
	Passkeys, Keys []credentialView
	Forms          []formView
	// LastPasskey and LastKey are true if the account has only this credential,
	// and no other way in.
	LastPasskey, LastKey bool
	// Signals tells the browser what has changed.
	Signals *signalsView
	// Warning tells developers why passkeys cannot work on this page.
	Warning string
}

// CodeSent reports whether this step asks for the code from an email.
func (v *flowView) CodeSent() bool { return v.Flow.find("code") != nil }

// Refused reports whether Kratos rejected the last submission.
func (v *flowView) Refused() bool {
	return slices.ContainsFunc(v.Messages, func(m messageView) bool { return m.Kind == "error" })
}

// SecondFactor reports whether a signed-in user is asked for a second factor.
func (v *flowView) SecondFactor() bool { return v.Flow.AAL == "aal2" }

// Started reports whether the user has entered a name and sees the next step.
func (v *flowView) Started() bool { return v.CodeSent() || v.Key != nil }

type messageView struct {
	Kind string // "error", "info" or "success"
	Text string
}

// formView is one form of the page, posted to Kratos.
type formView struct {
	Group   string
	Action  string
	Hidden  []fieldView
	Fields  []fieldView
	Buttons []buttonView
	// Options of passkey.js, set as data attributes.
	ResidentKey, Attachment, DisplayName string
	UserVerification, Hints              string
	Autofill                             bool
	Second                               bool // the page has a more important form
}

type fieldView struct {
	ID, Name, Type, Value, Label string
	Autocomplete, Pattern        string
	InputMode                    string
	Required, Disabled, Checked  bool
	Optional                     bool // show that it is optional
	MaxLength                    int
	Messages                     []messageView
}

type buttonView struct {
	Name, Value, Label string
	NoValidate         bool // may be pressed with required fields empty
	Key                bool // starts a ceremony, which needs JavaScript
}

// pageURL returns the page's URL as the browser sees it.
func pageURL(r *http.Request) string {
	scheme := r.Header.Get("X-Forwarded-Proto")
	switch {
	case r.TLS != nil:
		scheme = "https"
	case scheme == "":
		scheme = "http"
	}
	return scheme + "://" + r.Host + r.URL.Path
}

func (s *Server) flowView(r *http.Request, kind string, flow *Flow) *flowView {
	b := &viewBuilder{config: s.config, speaker: s.speaker(r), kind: kind, flow: flow}
	v := b.build()
	if kind == "settings" {
		s.describe(r.Context(), b.speaker, v)
		v.nameless(b.speaker)
	}
	if id := flow.rpID(); id != "" && s.config.Check != nil {
		v.Warning = s.config.Check(pageURL(r), id)
	}
	return v
}

// viewBuilder arranges the nodes of one flow.
type viewBuilder struct {
	config  Config
	speaker speaker
	kind    string
	flow    *Flow
}

func (b *viewBuilder) build() *flowView {
	v := &flowView{Flow: b.flow, Messages: b.messages(b.flow.UI.Messages)}
	if b.offersKeys() {
		v.Passkey = b.ceremony("passkey", "passkey_challenge", "passkey_create_data")
		v.Key = b.ceremony("webauthn", "webauthn_login_trigger", "webauthn_register_trigger")
		if v.Key != nil {
			v.Key.Second = v.Passkey != nil
		}
	}
	v.Passkeys = b.credentials("passkey_remove")
	v.Keys = b.credentials("webauthn_remove")
	b.guard(v)
	if b.kind == "settings" {
		for _, group := range b.groups() {
			form := b.form(group)
			form.Second = true // passkeys come first on this page
			v.Forms = append(v.Forms, form)
		}
		return v
	}
	if form := b.form(""); len(form.Buttons) > 0 {
		form.Second = v.Passkey != nil || v.Key != nil
		v.Forms = append(v.Forms, form)
	}
	return v
}

// offersKeys reports whether the page offers passkeys and security keys. On a
// code-first sign-up, Kratos would reject them.
func (b *viewBuilder) offersKeys() bool {
	return b.kind != "registration" || !b.config.CodeFirst
}

// isCeremony reports whether a node needs JavaScript. Such nodes get their own
// form, or none.
func isCeremony(n *Node) bool {
	name := n.Attributes.Name
	return n.Group == "passkey" || strings.HasPrefix(name, "webauthn_") || n.Type == "script"
}

// groups lists the groups of a settings flow that get a form, in the order of
// their first nodes.
func (b *viewBuilder) groups() []string {
	var groups []string
	seen := map[string]bool{"default": true}
	for i := range b.flow.UI.Nodes {
		n := &b.flow.UI.Nodes[i]
		if !seen[n.Group] && !isCeremony(n) {
			seen[n.Group] = true
			groups = append(groups, n.Group)
		}
	}
	return groups
}

// form returns the form that works without JavaScript: with the nodes of one
// group and the default group, or of all groups for "".
func (b *viewBuilder) form(group string) formView {
	form := formView{Group: group, Action: b.flow.UI.Action}
	for i := range b.flow.UI.Nodes {
		n := &b.flow.UI.Nodes[i]
		if isCeremony(n) || (group != "" && n.Group != group && n.Group != "default") {
			continue
		}
		b.add(&form, n)
	}
	// Enter presses the first button: a method that most users have.
	slices.SortStableFunc(form.Buttons, func(a, b buttonView) int { return a.order() - b.order() })
	passwordIsChoice := len(form.Buttons) > 1
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.Type == "password" && passwordIsChoice {
			f.Required = false
		}
	}
	return form
}

func (b buttonView) order() int {
	switch {
	case b.NoValidate: // back, or resend the code
		return 2
	case b.Key:
		return 1
	}
	return 0
}

func (b *viewBuilder) add(form *formView, n *Node) {
	switch {
	case n.Type != "input":
		return
	case n.Attributes.Name == "identifier" && b.asksAgain():
		n.Attributes.Type, n.Attributes.Required = "text", true
		n.Meta.Label = &Message{Text: b.speaker.say("field.identifier")}
		form.Fields = append(form.Fields, b.field(n))
	case n.isInput("hidden"):
		form.Hidden = append(form.Hidden, fieldView{Name: n.Attributes.Name, Value: n.value()})
	case n.isInput("submit"):
		form.Buttons = append(form.Buttons, b.button(n))
	case n.isInput("button"):
		return
	default:
		form.Fields = append(form.Fields, b.field(n))
	}
}

// asksAgain reports whether the page shows the identifier field that Kratos hides
// after rejecting a name at sign-in. Otherwise users could not correct it.
func (b *viewBuilder) asksAgain() bool {
	return b.kind == "login" && !b.flow.Refresh && b.flow.AAL != "aal2" && b.flow.find("code") == nil && b.flow.find("webauthn_login_trigger") == nil
}

func (b *viewBuilder) button(n *Node) buttonView {
	name, value := n.Attributes.Name, n.value()
	keys := []string{b.kind + "." + name + "." + value, name + "." + value}
	if b.kind == "login" && b.flow.find("code") != nil {
		keys = append([]string{"login.code-step." + name + "." + value}, keys...)
	}
	return buttonView{
		Name:       name,
		Value:      value,
		Label:      b.speaker.message(n.Meta.Label, keys...),
		NoValidate: name == "screen" || name == "resend",
		Key:        name == "method" && value == "webauthn",
	}
}

func (b *viewBuilder) field(n *Node) fieldView {
	a := n.Attributes
	f := fieldView{
		ID: "field-" + strings.ReplaceAll(a.Name, ".", "-"), Name: a.Name, Type: a.Type, Value: n.value(),
		Label:    b.speaker.message(n.Meta.Label, b.kind+".field."+a.Name, "field."+a.Name),
		Required: a.Required, Optional: !a.Required && b.kind != "login", Disabled: a.Disabled, Checked: a.Type == "checkbox" && a.Value == true,
		Autocomplete: a.Autocomplete, Pattern: a.Pattern, MaxLength: a.MaxLength,
		Messages: b.messages(n.Messages),
	}
	switch {
	case a.Type == "checkbox":
		f.Value = "true"
	case a.Name == "code":
		f.Autocomplete, f.InputMode = "one-time-code", "numeric"
	case a.Name == "identifier":
		// The token "webauthn" makes browsers offer passkeys here (HTML, autofill
		// detail tokens).
		f.Autocomplete = "username webauthn"
	case a.Name == "traits.username" && a.Autocomplete == "":
		f.Autocomplete = "username"
	}
	return f
}

// ceremony returns the form of a method that needs JavaScript, or nil if the flow
// has no options for it.
func (b *viewBuilder) ceremony(method, login, create string) *formView {
	if b.flow.find(login) == nil && b.flow.find(create) == nil {
		return nil
	}
	form := &formView{Group: method, Action: b.flow.UI.Action, Autofill: b.flow.find(login) != nil && method == "passkey"}
	form.UserVerification, form.Hints = b.config.UserVerification, b.config.Hints
	if b.flow.find(create) != nil {
		form.Attachment, form.DisplayName = b.config.Attachment, b.config.DisplayName
	}
	if method == "webauthn" && b.flow.find(create) != nil {
		form.ResidentKey = b.config.ResidentKey
	}
	if b.flow.Identity != nil {
		form.DisplayName = b.flow.Identity.fill(b.config.DisplayName)
	}
	for i := range b.flow.UI.Nodes {
		n := &b.flow.UI.Nodes[i]
		a := n.Attributes
		switch {
		case n.Group == "default" && n.isInput("hidden") && a.Name != "method", n.Group == method && n.isInput("hidden"),
			a.Name == login, a.Name == create:
			form.Hidden = append(form.Hidden, fieldView{Name: a.Name, Value: n.value()})
		case n.Group == method && n.isInput("text"):
			form.Fields = append(form.Fields, b.field(n))
		}
	}
	return form
}

// wrongTOTP is Kratos' "the provided authentication code is invalid". v1.3.1 also
// uses it for a passkey that does not belong to the account.
const wrongTOTP = 4000008

func (b *viewBuilder) messages(list []Message) []messageView {
	var views []messageView
	for i := range list {
		kind := list[i].Type
		if kind != "error" && kind != "success" {
			kind = "info"
		}
		var own []string
		if list[i].ID == wrongTOTP && b.kind == "login" && b.flow.AAL != "aal2" && b.flow.find("code") == nil {
			own = []string{"login.wrong-key"}
		}
		if text := b.speaker.message(&list[i], own...); text != "" {
			views = append(views, messageView{Kind: kind, Text: text})
		}
	}
	return views
}

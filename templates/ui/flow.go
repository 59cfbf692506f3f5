package ui

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Flow is what the pages read of a self-service flow of Kratos.
type Flow struct {
	ID       string
	State    string
	Refresh  bool   // sign-in again, to confirm who it is
	ReturnTo string `json:"return_to"`
	AAL      string `json:"requested_aal"` // "aal1", or "aal2" for a second factor
	Identity *Identity
	UI       struct {
		Action   string
		Nodes    []Node
		Messages []Message
	}
}

// Identity is an account.
type Identity struct {
	ID     string
	Traits map[string]any
	// MetadataPublic is any JSON; the pages keep names of passkeys in it.
	MetadataPublic any `json:"metadata_public"`
	// RecoveryAddresses are where a code can be sent to get back in.
	RecoveryAddresses []struct{ Value string } `json:"recovery_addresses"`
	// Addresses are proven by a code that was sent there. Kratos v1.3.1 does not
	// say when, where the code was one to sign in with.
	Addresses []struct {
		Verified   bool
		VerifiedAt string `json:"verified_at"`
	} `json:"verifiable_addresses"`
}

// provedSometime is true where an address was proven and Kratos does not say
// when.
func (i *Identity) provedSometime() bool {
	for _, a := range i.Addresses {
		if a.Verified && a.VerifiedAt == "" {
			return true
		}
	}
	return false
}

// Session is somebody signed in.
type Session struct {
	Identity Identity
	Methods  []method `json:"authentication_methods"`
}

// method is one that a session was opened with.
type method struct{ Method string }

// Node is one element of a flow's form.
type Node struct {
	Type       string
	Group      string
	Attributes Attributes
	Messages   []Message
	Meta       struct{ Label *Message }
}

// Attributes are those of the HTML element that a node stands for.
type Attributes struct {
	Name         string
	Type         string // input type
	Value        any
	Required     bool
	Disabled     bool
	Autocomplete string
	Pattern      string
	MaxLength    int `json:"maxlength"`
	Text         *Message
	Src          string
	NodeType     string `json:"node_type"`
}

// Message is a sentence of Kratos. The id is stable over versions.
type Message struct {
	ID      int64
	Type    string // "info", "error" or "success"
	Text    string
	Context map[string]any
}

// value is the node's value as a form sends it.
func (n *Node) value() string {
	switch v := n.Attributes.Value.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
}

func (n *Node) isInput(kind string) bool {
	return n.Type == "input" && n.Attributes.Type == kind
}

// find answers the first node with that name.
func (f *Flow) find(name string) *Node {
	for i := range f.UI.Nodes {
		if f.UI.Nodes[i].Attributes.Name == name {
			return &f.UI.Nodes[i]
		}
	}
	return nil
}

// rpID is the relying party id of the flow's ceremony, "" when it has none.
func (f *Flow) rpID() string {
	for _, name := range []string{"passkey_challenge", "passkey_create_data", "webauthn_login_trigger", "webauthn_register_trigger"} {
		n := f.find(name)
		if n == nil {
			continue
		}
		type options struct {
			RPID string              `json:"rpId"` // of a request
			RP   struct{ ID string } // of a creation
		}
		var data struct {
			PublicKey         options
			CredentialOptions struct{ PublicKey options }
		}
		if json.Unmarshal([]byte(n.value()), &data) != nil {
			continue
		}
		for _, id := range []string{data.PublicKey.RPID, data.PublicKey.RP.ID, data.CredentialOptions.PublicKey.RP.ID} {
			if id != "" {
				return id
			}
		}
	}
	return ""
}

var placeholder = regexp.MustCompile(`\{traits\.([^}]+)\}`)

// fill puts traits into a template of a display name; without one it answers
// the name.
func (i *Identity) fill(template string) string {
	if template == "" {
		return i.name()
	}
	return placeholder.ReplaceAllStringFunc(template, func(field string) string {
		text, _ := i.Traits[placeholder.FindStringSubmatch(field)[1]].(string)
		return text
	})
}

// name is what a person would recognize an account by: the first of the usual
// traits that it has.
func (i *Identity) name() string {
	for _, trait := range []string{"username", "name", "email", "phone"} {
		if text, ok := i.Traits[trait].(string); ok && strings.TrimSpace(text) != "" {
			return text
		}
	}
	return i.ID
}

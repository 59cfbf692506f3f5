package ui

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Flow holds the parts of a Kratos self-service flow that the pages use.
type Flow struct {
	ID       string
	State    string
	Refresh  bool   // signing in again, to confirm the user's identity
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
	// MetadataPublic is any JSON; the pages store the names of passkeys in it.
	MetadataPublic any `json:"metadata_public"`
	// RecoveryAddresses can receive a recovery code.
	RecoveryAddresses []struct{ Value string } `json:"recovery_addresses"`
	// Addresses are verified by a code sent to them. Kratos v1.3.1 does not record
	// the time if that code was a sign-in code.
	Addresses []struct {
		Verified   bool
		VerifiedAt string `json:"verified_at"`
	} `json:"verifiable_addresses"`
}

// verifiedAtUnknownTime reports whether an address was verified without Kratos
// recording when.
func (i *Identity) verifiedAtUnknownTime() bool {
	for _, a := range i.Addresses {
		if a.Verified && a.VerifiedAt == "" {
			return true
		}
	}
	return false
}

// Session is the session of a signed-in user.
type Session struct {
	Identity Identity
	Methods  []method `json:"authentication_methods"`
}

// method is an authentication method of a session.
type method struct{ Method string }

// Node is one element of a flow's form.
type Node struct {
	Type       string
	Group      string
	Attributes Attributes
	Messages   []Message
	Meta       struct{ Label *Message }
}

// Attributes are the attributes of the HTML element that a node describes.
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

// Message is a text of Kratos. Its id is stable across versions.
type Message struct {
	ID      int64
	Type    string // "info", "error" or "success"
	Text    string
	Context map[string]any
}

// value returns the node's value as a form would send it.
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

// find returns the first node with that name, or nil.
func (f *Flow) find(name string) *Node {
	for i := range f.UI.Nodes {
		if f.UI.Nodes[i].Attributes.Name == name {
			return &f.UI.Nodes[i]
		}
	}
	return nil
}

// rpID returns the RP ID of the flow's ceremony, or "" if it has none.
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

// fill replaces "{traits.NAME}" in a display name template. For an empty
// template it returns the name.
func (i *Identity) fill(template string) string {
	if template == "" {
		return i.name()
	}
	return placeholder.ReplaceAllStringFunc(template, func(field string) string {
		text, _ := i.Traits[placeholder.FindStringSubmatch(field)[1]].(string)
		return text
	})
}

// name returns what users recognize an account by: the first of the usual traits
// that it has, otherwise its id.
func (i *Identity) name() string {
	for _, trait := range []string{"username", "name", "email", "phone"} {
		if text, ok := i.Traits[trait].(string); ok && strings.TrimSpace(text) != "" {
			return text
		}
	}
	return i.ID
}

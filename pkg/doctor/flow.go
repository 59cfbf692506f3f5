package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// flow is what a browser's script sees of a Kratos flow (GET
// /self-service/*/browser with Accept: application/json).
type flow struct {
	UI struct {
		Action string `json:"action"`
		Nodes  []node `json:"nodes"`
	} `json:"ui"`
}

type node struct {
	Type       string `json:"type"`
	Group      string `json:"group"`
	Attributes struct {
		Name      string          `json:"name"`
		Value     json.RawMessage `json:"value"`
		Src       string          `json:"src"`
		Integrity string          `json:"integrity"`
	} `json:"attributes"`
}

// readFlow reads an answer; the error says why it is no flow.
func readFlow(a *answer) (*flow, error) {
	if a.status != http.StatusOK {
		var e struct {
			Error struct{ Message, Reason string }
		}
		if json.Unmarshal(a.body, &e) == nil && e.Error.Message+e.Error.Reason != "" {
			return nil, fmt.Errorf("kratos answers with status %d: %s %s", a.status, e.Error.Message, e.Error.Reason)
		}
		return nil, fmt.Errorf("answers with status %d", a.status)
	}
	var f flow
	if json.Unmarshal(a.body, &f) != nil || f.UI.Action == "" {
		return nil, fmt.Errorf("answers with %q, which is no flow of Kratos", a.header.Get("Content-Type"))
	}
	return &f, nil
}

// node answers the node of a name, nil where there is none.
func (f *flow) node(name string) *node {
	for i := range f.UI.Nodes {
		if f.UI.Nodes[i].Attributes.Name == name {
			return &f.UI.Nodes[i]
		}
	}
	return nil
}

// script answers the node of Kratos' own script.
func (f *flow) script() *node {
	for i := range f.UI.Nodes {
		if f.UI.Nodes[i].Type == "script" {
			return &f.UI.Nodes[i]
		}
	}
	return nil
}

// options are the parts of PublicKeyCredentialRequestOptionsJSON and
// PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3 §5.1.8) that are
// looked at.
type options struct {
	Challenge string   `json:"challenge"`
	RPID      string   `json:"rpId"`
	Timeout   *float64 `json:"timeout"` // ms
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
}

// signIn answers the options of the passkey method's sign-in; nil where the
// flow has none.
func (f *flow) signIn() *options {
	n := f.node("passkey_challenge")
	var text string
	var data struct {
		PublicKey *options `json:"publicKey"`
	}
	if n == nil || json.Unmarshal(n.Attributes.Value, &text) != nil || json.Unmarshal([]byte(text), &data) != nil {
		return nil
	}
	return data.PublicKey
}

// signUp answers the options of the passkey method's registration; nil where
// the flow shows none, which is so in the first of two steps.
func (f *flow) signUp() *options {
	n := f.node("passkey_create_data")
	var text string
	var data struct {
		CredentialOptions struct {
			PublicKey *options `json:"publicKey"`
		} `json:"credentialOptions"`
	}
	if n == nil || json.Unmarshal(n.Attributes.Value, &text) != nil || json.Unmarshal([]byte(text), &data) != nil {
		return nil
	}
	return data.CredentialOptions.PublicKey
}

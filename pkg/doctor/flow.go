package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// flow is the part of a Kratos flow that the checks need (GET
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

// readFlow parses a flow, and returns an error if the response is not one.
func readFlow(a *answer) (*flow, error) {
	if a.status != http.StatusOK {
		var e struct {
			Error struct{ Message, Reason string }
		}
		if json.Unmarshal(a.body, &e) == nil && e.Error.Message+e.Error.Reason != "" {
			return nil, fmt.Errorf("kratos responds with status %d: %s %s", a.status, e.Error.Message, e.Error.Reason)
		}
		return nil, fmt.Errorf("the response has status %d", a.status)
	}
	var f flow
	if json.Unmarshal(a.body, &f) != nil || f.UI.Action == "" {
		return nil, fmt.Errorf("the response is %q and not a flow of Kratos", a.header.Get("Content-Type"))
	}
	return &f, nil
}

// node returns the node with a name, nil if there is none.
func (f *flow) node(name string) *node {
	for i := range f.UI.Nodes {
		if f.UI.Nodes[i].Attributes.Name == name {
			return &f.UI.Nodes[i]
		}
	}
	return nil
}

// script returns the node of Kratos' own script, nil if there is none.
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
// checked.
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

// signIn returns the passkey method's options for signing in, nil if the flow has
// none.
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

// signUp returns the passkey method's options for registration, nil if the flow
// has none, as in the first of two steps.
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

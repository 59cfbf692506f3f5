package explain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func (c *ceremony) kind() Kind {
	if c.credential {
		return KindCredential
	}
	return KindClientData
}

func (c *ceremony) what() string {
	if c.credential {
		return "credential"
	}
	return "client data"
}

// facts lists what was decoded, for people.
func (c *ceremony) facts(config *config) []Fact {
	var out []Fact
	add := func(name, format string, args ...any) {
		out = append(out, Fact{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	add("type", "%s", c.typeInWords())
	add("origin", "%q", c.client.Origin)
	add("challenge", "%d bytes", len(decodeBase64(c.client.Challenge)))
	add("cross origin", "%t", c.client.CrossOrigin)
	if c.client.TopOrigin != "" {
		add("top origin", "%q", c.client.TopOrigin)
	}
	if c.credential {
		add("credential id", "%d bytes", len(c.id))
	}
	if c.asked {
		add("user handle", "%s", c.handleInWords())
	}
	if a := c.auth; a != nil {
		add("rp.id", "%s", c.rpIDInWords(config))
		add("flags", "%s", flagsInWords(a.flags))
		add("sign count", "%d", a.signCount)
		if a.aaguid != nil {
			h := hex.EncodeToString(a.aaguid)
			add("aaguid", "%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
		}
	}
	if c.attachment != "" {
		add("attachment", "%q", c.attachment)
	}
	for _, v := range c.verdicts(config) {
		add("with "+config.name(), "%s", v)
	}
	return out
}

func (c *ceremony) typeInWords() string {
	switch c.client.Type {
	case "webauthn.create":
		return "webauthn.create, a registration"
	case "webauthn.get":
		return "webauthn.get, a sign-in"
	}
	return fmt.Sprintf("%q, which is no ceremony of passkeys", c.client.Type)
}

func (c *ceremony) handleInWords() string {
	n := len(c.handle)
	if n == 0 {
		return "none: the credential is not discoverable"
	}
	switch userhandle.KindOf(c.handle) {
	case userhandle.KindPasskey:
		return "64 letters and digits, as Kratos' passkey method makes them"
	case userhandle.KindUUID:
		return "16 bytes, as Kratos' webauthn method makes them: random, or the identity's id"
	default:
		if form := c.encodedTwice(); form != "" {
			return fmt.Sprintf("%d bytes, which are %s of a user handle: it was encoded twice", n, form)
		}
		return fmt.Sprintf("%d bytes, in none of the forms that Kratos makes", n)
	}
}

// encodedTwice names the form in which the bytes of the handle are once more
// one of Kratos' handles.
func (c *ceremony) encodedTwice() userhandle.Form {
	for _, form := range []userhandle.Form{userhandle.UUID, userhandle.Hex, userhandle.Base64URL, userhandle.Base64} {
		inner, err := userhandle.Decode(string(c.handle), form)
		if err == nil && userhandle.KindOf(inner) != userhandle.KindOther {
			return form
		}
	}
	return ""
}

// rpIDInWords finds the rp.id whose hash was signed, among the page's host, the
// domains above it and those of the configuration.
func (c *ceremony) rpIDInWords(config *config) string {
	if id := c.rpID(config); id != "" {
		return fmt.Sprintf("%q (its SHA-256 is in the authenticator data)", id)
	}
	return "unknown: its SHA-256 is neither that of the origin's host nor of a domain above it"
}

func (c *ceremony) rpID(config *config) string {
	var candidates []string
	if page, err := webauthn.ParsePage(c.client.Origin); err == nil {
		for host := page.Host; host != ""; _, host, _ = strings.Cut(host, ".") {
			candidates = append(candidates, host)
		}
	}
	if config != nil {
		for _, m := range config.methods {
			candidates = append(candidates, m.ID.Text())
		}
	}
	for _, id := range candidates {
		if id != "" && sha256.Sum256([]byte(id)) == c.auth.rpIDHash {
			return id
		}
	}
	return ""
}

func flagsInWords(flags byte) string {
	var words []string
	for _, f := range []struct {
		bit byte
		yes string
		no  string
	}{
		{flagUserPresent, "user present", "user not present"},
		{flagUserVerified, "user verified", "user not verified"},
		{flagBackupEligible, "may be synced", "bound to one device"},
		{flagBackedUp, "synced", ""},
	} {
		switch {
		case flags&f.bit != 0:
			words = append(words, f.yes)
		case f.no != "":
			words = append(words, f.no)
		}
	}
	return strings.Join(words, ", ")
}

// check answers what is wrong with the credential by itself, and with each
// method of the configuration.
func (c *ceremony) check(config *config) []proof {
	var out []proof
	add := func(cause, format string, args ...any) {
		out = append(out, proof{cause, fmt.Sprintf(format, args...)})
	}
	if config != nil {
		for _, m := range config.methods {
			out = append(out, c.checkMethod(config, m)...)
		}
	}
	if page, err := webauthn.ParsePage(c.client.Origin); err == nil && page.IP.IsValid() {
		add("page-on-ip", "the origin is %q", c.client.Origin)
	}
	if c.asked {
		switch {
		case len(c.handle) == 0:
			add("user-handle-empty", "response.userHandle is empty")
		case c.encodedTwice() != "":
			add("user-handle-encoded-twice", "the %d bytes of response.userHandle are %s of a user handle", len(c.handle), c.encodedTwice())
		case len(c.handle) > userhandle.MaxLen:
			add("user-handle-too-long", "response.userHandle has %d bytes", len(c.handle))
		}
	}
	if a := c.auth; a != nil {
		if a.flags&flagUserPresent == 0 {
			add("user-presence-missing", "the flag user-present is not set")
		}
		if a.flags&flagBackedUp != 0 && a.flags&flagBackupEligible == 0 {
			add("backup-eligible-changed", "the flags say synced, but not that it may be")
		}
	}
	return out
}

// checkMethod holds the credential against one method of the configuration.
func (c *ceremony) checkMethod(config *config, m *lint.Method) []proof {
	if m.Unsure() {
		return nil
	}
	var out []proof
	where := m.ID.Place()
	if a := c.auth; a != nil && sha256.Sum256([]byte(m.ID.Text())) != a.rpIDHash {
		signed := "another rp.id"
		if id := c.rpID(config); id != "" {
			signed = fmt.Sprintf("%q", id)
		}
		out = append(out, proof{"rp-id-hash-differs", fmt.Sprintf("%s: rp.id of %s is %q, and the authenticator signed for %s", where, m.Name, m.ID.Text(), signed)})
	}
	if m.OriginsUnsure() {
		return out
	}
	origins := originsOf(m)
	if v := webauthn.Kratos(c.client.Origin, m.ID.Text(), origins, config.baseURL); !v.OK {
		p := proof{cause: "origins-defaulted", text: fmt.Sprintf("%s: %s: %s", where, m.Name, v.Reason)}
		if origins != nil {
			p = compareOrigins(origins, c.client.Origin)
			p.text = fmt.Sprintf("%s: %s: %s", m.OriginsKey.Place(), m.Name, p.text)
		}
		out = append(out, p)
	}
	return out
}

// verdicts says of each method whether it takes the credential.
func (c *ceremony) verdicts(config *config) []string {
	if config == nil {
		return nil
	}
	var out []string
	for _, m := range config.methods {
		switch {
		case m.Unsure() || m.OriginsUnsure():
			out = append(out, m.Name+": a template decides; give the rendered file with --rendered")
		case len(c.checkMethod(config, m)) > 0:
			out = append(out, m.Name+" refuses it")
		default:
			out = append(out, m.Name+" expects this origin and this rp.id")
		}
	}
	if len(config.methods) == 0 {
		out = append(out, "neither passkey nor webauthn is enabled")
	}
	return out
}

// originsOf are the configured origins as Kratos compares them, nil when there
// are none and Kratos makes one.
func originsOf(m *lint.Method) []string {
	if m.OriginsKey == nil {
		return nil
	}
	out := make([]string, 0, len(m.Origins))
	for _, o := range m.Origins {
		out = append(out, o.Value.Str)
	}
	return out
}

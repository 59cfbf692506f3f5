package rules

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// wrongBase64 reports a body that Kratos cannot decode: it takes the standard
// alphabet with padding alone (ory/x fetcher.go), unlike for identity schemas.
func wrongBase64(p *lint.Pass, h passkeys.Hook) {
	body := h.Config().Get("body")
	data, ok := strings.CutPrefix(body.Text(), "base64://")
	if !ok || body.Unknown() || !body.Is(kratosconf.String) || passkeys.TemplateLeft(body.Str) {
		return
	}
	if _, err := base64.StdEncoding.DecodeString(data); err == nil {
		return
	}
	f := finding.Finding{
		Message: fmt.Sprintf("the body is not in standard base64, which alone Kratos decodes: %s", consequence(h)),
		Help:    "encode it with + and / and with padding, such as by: base64 -w0 body.jsonnet",
	}
	if text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(data, "=")); err == nil {
		f.Message = fmt.Sprintf("the body is in base64url or lacks its padding, and Kratos decodes only standard base64: %s", consequence(h))
		f.Suggest = body.Edit("base64://" + base64.StdEncoding.EncodeToString(text))
	}
	p.ReportAt(body, f)
}

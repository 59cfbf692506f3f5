package setup

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Lint checks files that are not written yet, each kratos.yml with the kratos.env
// beside it. Only what a user has put into kratos.env can lead to a finding.
func Lint(files []File) ([]finding.Finding, error) {
	content := make(map[string][]byte)
	for _, f := range files {
		content[f.Path] = f.Content
	}
	var found []finding.Finding
	for _, f := range files {
		if name := path.Base(f.Path); name != KratosYML && name != HelmValues {
			continue
		}
		more, err := lintOne(f.Path, content)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func lintOne(config string, content map[string][]byte) ([]finding.Finding, error) {
	dir := path.Dir(config)
	at := func(name string) []byte { return content[path.Join(dir, name)] }
	read := func(name string) (*source.File, error) {
		b, ok := content[path.Clean(name)]
		if !ok {
			return nil, fmt.Errorf("read %q: %w", name, fs.ErrNotExist)
		}
		return source.New(name, b), nil
	}
	opts := lint.Options{
		Env:     kratosconf.Environ(Environ(at(KratosEnv))),
		Schemas: kratosconf.SchemaOptions{Read: read},
		Version: versionOf(content[config]),
	}
	if doc := at(wellknown.RelatedOrigins.Path()); doc != nil {
		opts.Related = &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: doc}
	}
	return lint.Check([]*source.File{source.New(config, content[config])}, opts, rules.All())
}

// versionOf is the Kratos for which init wrote a kratos.yml.
func versionOf(kratosYML []byte) kratosconf.Version {
	for line := range strings.Lines(string(kratosYML)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "version: "); ok {
			if v, err := kratosconf.ParseVersion(text); err == nil {
				return v
			}
		}
	}
	return kratosconf.Version{}
}

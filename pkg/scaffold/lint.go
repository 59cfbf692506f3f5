package scaffold

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Lint checks files that are not written yet, kratos.env included. Only what a
// user has put into kratos.env can lead to a finding.
func Lint(files []File) ([]lint.Finding, error) {
	content := make(map[string][]byte)
	for _, f := range files {
		content[f.Path] = f.Content
	}
	read := func(name string) (*source.File, error) {
		b, ok := content[path.Clean(name)]
		if !ok {
			return nil, fmt.Errorf("read %q: %w", name, fs.ErrNotExist)
		}
		return source.New(name, b), nil
	}
	return lint.Check([]*source.File{source.New(KratosYML, content[KratosYML])}, lint.Options{
		Env:     kratosconf.Environ(Environ(content[KratosEnv])),
		Schemas: kratosconf.SchemaOptions{Read: read},
	}, rules.All())
}

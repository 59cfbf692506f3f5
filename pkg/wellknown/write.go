package wellknown

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// WriteDir writes documents to DIR/.well-known/, each by rename, and answers
// their paths. A file that says something else is replaced only by force;
// otherwise nothing at all is written.
func WriteDir(dir string, texts map[Name][]byte, force bool) ([]string, error) {
	folder := filepath.Join(dir, ".well-known")
	for _, name := range Names() {
		text, ok := texts[name]
		if !ok || force {
			continue
		}
		path := filepath.Join(folder, string(name))
		old, err := os.ReadFile(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case !bytes.Equal(old, text):
			return nil, fmt.Errorf("%q says something else; compare it with oly-passkey wellknown check --dir %s, and replace it with --force", path, dir)
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a web server of another user reads it
		return nil, err
	}
	var written []string
	for _, name := range Names() {
		text, ok := texts[name]
		if !ok {
			continue
		}
		path := filepath.Join(folder, string(name))
		if err := source.WriteFile(path, text, 0o644); err != nil { // the documents are public
			return written, err
		}
		written = append(written, path)
	}
	return written, nil
}

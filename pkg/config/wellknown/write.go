package wellknown

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// WriteDir writes documents to DIR/.well-known/ atomically, and returns their
// paths. If a file exists with other content, it writes nothing unless force is set;
// with force it keeps a copy of that file.
func WriteDir(dir string, texts map[Name][]byte, force bool) ([]string, error) {
	folder := filepath.Join(dir, ".well-known")
	var replaced []string
	for _, name := range Names() {
		text, ok := texts[name]
		if !ok {
			continue
		}
		path := filepath.Join(folder, string(name))
		old, err := os.ReadFile(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case bytes.Equal(old, text):
		case force:
			replaced = append(replaced, path)
		default:
			return nil, fmt.Errorf("%q exists and differs; compare it with oly-passkey wellknown check --dir %s, or move it away", path, dir)
		}
	}
	for _, path := range replaced {
		if _, err := source.Backup(path, os.ModePerm); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // the web server may run as another user
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

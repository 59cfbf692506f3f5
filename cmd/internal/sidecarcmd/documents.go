package sidecarcmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// documentNames are the documents under /.well-known/ that passkeys need, as
// "oly-passkey wellknown generate --dir DIR" writes them.
var documentNames = []string{"webauthn", "passkey-endpoints", "assetlinks.json", "apple-app-site-association"}

// maxDocument bounds a document; browsers read no more of one than 256 KiB.
const maxDocument = 256 << 10

// documents returns the handler that serves the documents in dir/.well-known.
// At least one must be there, and each must be JSON.
func documents(dir string) (http.Handler, error) {
	mux := http.NewServeMux()
	found := false
	for _, name := range documentNames {
		body, err := readDocument(filepath.Join(dir, ".well-known", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("--well-known-dir: %w", err)
		}
		found = true
		mux.HandleFunc("GET /.well-known/"+name, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("Cache-Control", "public, max-age=3600")
			h.Set("X-Content-Type-Options", "nosniff")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		})
	}
	if !found {
		return nil, fmt.Errorf("--well-known-dir: no document in %q; write them with oly-passkey wellknown generate --dir %s", filepath.Join(dir, ".well-known"), dir)
	}
	return mux, nil
}

func readDocument(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxDocument:
		return nil, fmt.Errorf("%q is larger than 256 KiB, more than browsers read", path)
	case !json.Valid(body):
		return nil, fmt.Errorf("%q is not valid JSON", path)
	}
	return body, nil
}

package webauthn_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// observation is one line of testdata/*.ndjson: what a real Chromium answered.
type observation struct {
	Page    string  `json:"page"`
	RPID    *string `json:"rp_id"`
	Related *struct {
		Status      int    `json:"status"`
		ContentType string `json:"content_type"`
		Body        string `json:"body"`
	} `json:"related_origins"`
	Expect struct {
		OK    bool           `json:"ok"`
		Class webauthn.Class `json:"class"`
	} `json:"expect"`
	Note string `json:"note"`
}

func readObservations(t *testing.T, path string) []observation {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	var all []observation
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o observation
		require.NoError(t, json.Unmarshal(lines.Bytes(), &o))
		all = append(all, o)
	}
	require.NoError(t, lines.Err())
	return all
}

// TestBrowserAgreesWithChromium compares the browser's gate with all recorded results
// of a real browser: browser.ndjson covers the rules, edges.ndjson their edge cases.
func TestBrowserAgreesWithChromium(t *testing.T) {
	for _, name := range []string{"browser.ndjson", "edges.ndjson"} {
		all := readObservations(t, "testdata/"+name)
		require.Greater(t, len(all), 150)
		for i, o := range all {
			page, err := webauthn.ParsePage(o.Page)
			require.NoError(t, err, o.Page)
			v := webauthn.Browser(page, o.RPID, o.document())
			require.Equal(t, o.Expect.Class, v.Class, "%s:%d page %q %s: %s", name, i+1, o.Page, o.Note, v.Reason)
			require.Equal(t, o.Expect.OK, v.OK)
			require.Equal(t, o.Expect.OK, v.Gate == webauthn.GateNone)
		}
	}
}

func (o *observation) document() *webauthn.Document {
	if o.Related == nil {
		return nil
	}
	return &webauthn.Document{Status: o.Related.Status, ContentType: o.Related.ContentType, Body: []byte(o.Related.Body)}
}

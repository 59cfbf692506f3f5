package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// TestBatchBoundsItsLines: a line without end costs no memory and no other line.
func TestBatchBoundsItsLines(t *testing.T) {
	good := `{"page":"https://example.com","rp_id":"example.com"}`
	answer := `{"page":"https://example.com","rp_id":"example.com","ok":true,"gate":"","class":"ok","reason":"rp.id \"example.com\" is the page's host"}`
	in := good + "\n" + strings.Repeat("x", maxQueryBytes+1) + "\n" + good
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{"predict", "--batch"}, &app{stdin: strings.NewReader(in), stdout: &out, stderr: &errs})
	require.Equal(t, cli.ExitFindings, code)
	require.Equal(t, answer+"\n"+`{"error":"the line is longer than 4 MiB","line":2}`+"\n"+answer+"\n", out.String())
	require.Empty(t, errs.String())
}

// FuzzAnswerLine: every answer has a reason, and a negative one names its gate.
func FuzzAnswerLine(f *testing.F) {
	f.Add([]byte(`{"page":"https://example.com","rp_id":"example.com","origins":["https://example.com"]}`))
	f.Add([]byte(`{"page":"https://a.test","rp_id":"b.test","related_origins":{"origins":["https://a.test"]}}`))
	f.Add([]byte(`{"page":"about:blank","base_url":"https://x/"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		out, err := answerLine(line)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, out.OK, out.Gate == "")
		require.NotEmpty(t, out.Reason)
	})
}

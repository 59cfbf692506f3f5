package templates_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/templates"
)

// TestPages: the pages are complete without this project and without their tests.
func TestPages(t *testing.T) {
	files, err := templates.Pages()
	require.NoError(t, err)
	for _, name := range []string{"go.mod", "README.md", "passkey.js", "pages/login.html", "texts/de.json", "server/main.go"} {
		require.Contains(t, files, name)
	}
	for name, content := range files {
		require.NotContains(t, string(content), "github.com/olympusoss", name)
		require.NotContains(t, name, "_test.go")
	}
}

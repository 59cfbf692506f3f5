package finding_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

func TestSeverity(t *testing.T) {
	for name, want := range map[string]finding.Severity{"info": finding.Info, "warning": finding.Warning, "error": finding.Error} {
		got, ok := finding.ParseSeverity(name)
		require.True(t, ok)
		require.Equal(t, want, got)
		text, err := json.Marshal(want)
		require.NoError(t, err)
		require.JSONEq(t, `"`+name+`"`, string(text))
	}
	for _, name := range []string{"", "none", "Error", "fatal"} {
		_, ok := finding.ParseSeverity(name)
		require.False(t, ok, name)
	}
	require.Greater(t, finding.Error, finding.Warning)
	require.Greater(t, finding.Warning, finding.Info)
}

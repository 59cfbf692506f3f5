package cli

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	here := " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	for want, info := range map[string]*debug.BuildInfo{
		"oly-passkey devel" + here:  {},
		"oly-passkey v1.2.3" + here: {Main: debug.Module{Version: "v1.2.3"}},
		"oly-passkey v0.0.0-20261122100000-4f1c9d20a1b2 (commit 4f1c9d20a1b2, 2026-11-22T10:00:00Z, with changes that are not committed)" + here: {
			Main: debug.Module{Version: "v0.0.0-20261122100000-4f1c9d20a1b2+dirty"},
			Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "4f1c9d20a1b2c3d4e5f60718293a4b5c6d7e8f90"},
				{Key: "vcs.time", Value: "2026-11-22T10:00:00Z"},
				{Key: "vcs.modified", Value: "true"},
			},
		},
		"oly-passkey devel (commit abc)" + here: {
			Main:     debug.Module{Version: "(devel)"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}},
		},
	} {
		require.Equal(t, want, readBuild(info).String())
	}
}

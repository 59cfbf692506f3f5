package lint

import (
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Set is yamledit.Set for the configuration.
func (p *Pass) Set(path, text string) []source.Edit {
	return yamledit.Set(p.Config.Config, path, text)
}

// InsertPath is yamledit.Insert for the configuration.
func (p *Pass) InsertPath(path string, lines ...string) []source.Edit {
	return yamledit.Insert(p.Config.Config, path, lines...)
}

// RemoveField is yamledit.Delete for the configuration.
func (p *Pass) RemoveField(v *kratosconf.Value) []source.Edit {
	return yamledit.Delete(p.Config.Config, v)
}

// CopyHooks is yamledit.CopyItems for the configuration.
func (p *Pass) CopyHooks(path string, hooks ...*kratosconf.Value) []source.Edit {
	return yamledit.CopyItems(p.Config.Config, path, hooks...)
}

package kratosconf

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// A kratos.yml can be embedded in another file: as a text in a ConfigMap, a Secret
// or the configs of a compose file, as Helm values, or in the JSON of an Ory Network
// project. It is parsed in place, so that all positions refer to the outer file.

var (
	manifestKind = regexp.MustCompile(`(?m)^kind:[ \t]*["']?(ConfigMap|Secret)\b`)
	blockHeader  = regexp.MustCompile(`(?m)^([ \t]*)["']?([A-Za-z0-9._-]+)["']?:[ \t]*[|>][-+0-9]*[ \t]*(#.*)?\r?$`)
	// A compose file with texts of its own.
	composeKey     = regexp.MustCompile(`(?m)^["']?services["']?[ \t]*:`)
	composeConfigs = regexp.MustCompile(`(?m)^["']?configs["']?[ \t]*:`)
	kratosOnly     = regexp.MustCompile(`(?m)^[ \t]*["']?(selfservice|default_schema_id)["']?[ \t]*:`)
	kratosTable    = regexp.MustCompile(`(?m)^\[+selfservice\b`)
	kratosKey      = regexp.MustCompile(`(?m)^[ \t]*["']?(selfservice|identity)["']?[ \t]*:`)
)

// block is an indented text under a key.
type block struct {
	name       string
	start, end int
}

// findBlocks finds the block scalars of a manifest without parsing it as YAML,
// because manifests are often templates.
func findBlocks(data []byte) []block {
	var blocks []block
	for _, m := range blockHeader.FindAllSubmatchIndex(data, -1) {
		if len(blocks) > 0 && m[0] < blocks[len(blocks)-1].end {
			continue // a header inside of a block is text
		}
		start := min(m[1]+1, len(data))
		blocks = append(blocks, block{
			name:  string(data[m[4]:m[5]]),
			start: start,
			end:   blockEnd(data, start, m[3]-m[2]),
		})
	}
	return blocks
}

// blockEnd returns the end of the lines that are indented deeper than the key.
func blockEnd(data []byte, start, indent int) int {
	for at := start; at < len(data); {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			end = len(data) - at - 1
		}
		line := data[at : at+end+1]
		text := bytes.TrimLeft(line, " \t")
		if len(bytes.TrimSpace(line)) > 0 && len(line)-len(text) <= indent {
			return at
		}
		at += end + 1
	}
	return len(data)
}

// extract returns the text with everything outside a block blanked, which preserves
// all offsets.
func (b block) extract(data []byte) []byte {
	out := slices.Clone(data)
	for i := range out {
		if (i < b.start || i >= b.end) && out[i] != '\n' && out[i] != '\r' {
			out[i] = ' '
		}
	}
	return out
}

// embedded returns the block of a manifest that contains a kratos.yml.
func embedded(data []byte) (block, bool) {
	if !isManifest(data) {
		return block{}, false
	}
	for _, b := range findBlocks(data) {
		if kratosKey.Match(data[b.start:b.end]) {
			return b, true
		}
	}
	return block{}, false
}

// isManifest only applies the slow expression to texts that may match.
func isManifest(data []byte) bool {
	return bytes.Contains(data, []byte("kind:")) && manifestKind.Match(data) ||
		bytes.Contains(data, []byte("configs:")) && composeKey.Match(data) && composeConfigs.Match(data)
}

// embeddedRoot returns the part of a tree that is Kratos' configuration if the tree
// itself is not, and its path.
func embeddedRoot(root *Value) (*Value, string) {
	if LooksLikeKratos(root) {
		return root, ""
	}
	for _, path := range []string{
		"kratos.config",            // values of Ory's Helm chart
		"kratos.kratos.config",     // the chart as a dependency
		"services.identity.config", // an Ory Network project
		"project.services.identity.config",
	} {
		if v := root.Get(path); LooksLikeKratos(v) {
			return v, path
		}
	}
	if isCompose(root) {
		return nil, ""
	}
	return root, ""
}

// isCompose reports whether a tree is a compose file, whose keys are no spelling
// of Kratos' keys.
func isCompose(root *Value) bool {
	for _, service := range root.Get("services").Fields() {
		for _, key := range []string{"image", "build", "extends"} {
			if service.Value.Get(key).Exists() {
				return true
			}
		}
	}
	return false
}

// LooksLikeKratos reports whether a tree has the keys of a Kratos configuration.
func LooksLikeKratos(root *Value) bool {
	return root.Get("selfservice").Is(Map) || root.Get("identity.schemas").Is(List) || root.Get("identity.default_schema_id").Exists()
}

// MayBeLayer reports whether a tree can be one of several files of a Kratos
// configuration: it is one, it is empty, or it has only keys of one.
func MayBeLayer(root *Value) bool {
	if LooksLikeKratos(root) || len(root.Fields()) == 0 {
		return true
	}
	for _, f := range root.Fields() {
		known := f.Name == "version" || strings.Contains("\n"+keyTable, "\n"+f.Name+".") || strings.Contains("\n"+keyTable, "\n"+f.Name+"\t")
		if !known && !strings.HasPrefix(f.Name, "x-") && f.Name != "$schema" {
			return false
		}
	}
	return true
}

// MayBeKratos reports whether a file that was not named explicitly may be a
// configuration.
func MayBeKratos(f *source.File) bool {
	if strings.EqualFold(filepath.Ext(f.Name), ".toml") {
		return kratosTable.Match(f.Data)
	}
	return kratosKey.Match(f.Data) && kratosOnly.Match(f.Data)
}

// EmbeddedSchema returns an identity schema from the manifest or the Helm values
// that also contain the kratos.yml, under the base name of its URL. All offsets are
// those of the outer file.
func (d *Document) EmbeddedSchema(name string) *source.File {
	for _, b := range d.blocks() {
		if b.name == name && (d.inline == nil || b.under(d.inline.Field(name))) {
			f := source.New(d.File.Name, b.extract(d.File.Data))
			f.Foreign = d.File.Foreign
			return f
		}
	}
	return nil
}

// heldSchema returns an identity schema of Helm values that is not a block
// scalar, and the value that holds its text.
func (d *Document) heldSchema(name string) (*source.File, *Value) {
	v := d.inline.Field(name)
	if !v.Is(String) || v.Unknown() {
		return nil, nil
	}
	f := source.New("identity schema "+name, []byte(v.Str))
	f.Foreign = d.File.Foreign
	return f, v
}

// blocks are the block scalars of a file that may hold identity schemas.
func (d *Document) blocks() []block {
	if !isManifest(d.File.Data) && d.inline == nil {
		return nil
	}
	return findBlocks(d.File.Data)
}

// under reports whether the block is the text of a value.
func (b block) under(v *Value) bool {
	if v == nil || v.Key.File == nil {
		return false
	}
	next := v.Key.Position().Line + 1
	return next <= v.Key.File.Lines() && v.Key.File.LineStart(next) == b.start
}

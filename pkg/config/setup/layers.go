package setup

import (
	"iter"
	"reflect"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Source is where the value of an option comes from: a place in a file, or one of
// the constants.
type Source string

// The sources that are not files.
const (
	FromFlags  Source = "the command line"
	FromPrompt Source = "the prompt"
	FromPreset Source = "the preset"
)

// Layer is the options of one source, or of several after Merge. An option that is
// not in From is not set, whatever its value.
type Layer struct {
	Options
	From map[string]Source // by the name of the option's flag
}

// NewLayer returns a layer in which the named options are set.
func NewLayer(o Options, from Source, names []string) Layer {
	l := Layer{Options: o, From: map[string]Source{}}
	for _, name := range names {
		l.From[name] = from
	}
	return l
}

// recalled returns the layer of options that were read from files. The default of
// --sign-up counts as not set: a file does not say whether a user chose it.
func recalled(o Options, from Source) Layer {
	var names []string
	for name, value := range o.fields() {
		if !value.IsZero() && (name != "sign-up" || o.SignUp != CodeFirst) {
			names = append(names, name)
		}
	}
	return NewLayer(o, from, names)
}

// set sets one option of a layer to a text; the values of a list are separated by
// spaces or commas.
func (l *Layer) set(name, text string, from Source) {
	if l.From == nil {
		l.From = map[string]Source{}
	}
	for field, value := range l.fields() {
		if field != name {
			continue
		}
		l.From[name] = from
		switch value.Kind() {
		case reflect.Bool:
			value.SetBool(text == "true")
		case reflect.Slice:
			value.Set(reflect.ValueOf(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })))
		default:
			value.SetString(text)
		}
	}
}

// fields returns the options that have a flag, by its name, in the order of the
// help.
func (o *Options) fields() iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		all := reflect.ValueOf(o).Elem()
		for i := range all.NumField() {
			name := all.Type().Field(i).Tag.Get("flag")
			if name != "" && !yield(name, all.Field(i)) {
				return
			}
		}
	}
}

// Names returns the names of all options that have a flag.
func Names() []string {
	var names []string
	for name := range new(Options).fields() {
		names = append(names, name)
	}
	return names
}

// Flags returns the options as the command line takes them, each with its value.
// It leaves out defaults, and options for which keep reports false.
func (l *Layer) Flags(keep func(name string, from Source) bool) [][]string {
	var all [][]string
	defaults := map[string]string{"sign-up": string(CodeFirst), "dir": "."}
	for name, value := range l.fields() {
		from, set := l.From[name]
		if !set || !keep(name, from) {
			continue
		}
		switch value.Kind() {
		case reflect.Bool:
			if value.Bool() {
				all = append(all, []string{"--" + name})
			}
		case reflect.Slice:
			for i := range value.Len() {
				all = append(all, []string{"--" + name, value.Index(i).String()})
			}
		default:
			if text := value.String(); text != defaults[name] {
				all = append(all, []string{"--" + name, text})
			}
		}
	}
	return all
}

// merge returns the options of all layers. A later layer overrides an earlier one.
func merge(layers ...Layer) Layer {
	merged := Layer{From: map[string]Source{}}
	into := reflect.ValueOf(&merged.Options).Elem()
	for _, l := range layers {
		from := reflect.ValueOf(l.Options)
		for i := range from.NumField() {
			name := from.Type().Field(i).Tag.Get("flag")
			source, set := l.From[name]
			switch {
			case set:
				merged.From[name] = source
			case name != "" || from.Field(i).IsZero():
				continue
			}
			into.Field(i).Set(from.Field(i))
		}
	}
	return merged
}

// Inputs are the options of one run of init, by where they come from.
type Inputs struct {
	Flags    Layer // of the command line
	Answers  Layer // of the file of --answers
	Prompted Layer // of the terminal
	Recalled Layer // of what an earlier run wrote
	Found    Layer // of files around the folder
}

// Merge returns the options that count: found < preset < recalled < prompted <
// answers < flags. What an earlier run wrote overrides the preset and other files,
// so that a run without flags changes nothing, the RP ID above all.
func (in Inputs) Merge() Layer {
	said := in.Said()
	return merge(in.Found, preset(said.Options), in.Recalled, in.Prompted, in.Answers, in.Flags)
}

// Said returns the options without those that follow from the preset.
func (in Inputs) Said() Layer {
	return merge(in.Found, in.Recalled, in.Prompted, in.Answers, in.Flags)
}

// preset returns the options that follow from a preset.
func preset(o Options) Layer {
	l := Layer{}
	switch o.Preset {
	case Localhost:
		l.set("domain", "localhost", FromPreset)
	case Subdomains:
		if parent := registrable(o); parent != "" { // Files reports what is wrong with the domain
			l.set("rp-id", parent, FromPreset)
		}
	case RelatedOrigins:
		l.Related = true
	case NoPreset, OneDomain, Mobile, TwoKratos:
	}
	return l
}

func registrable(o Options) string { return webauthn.RegistrableDomain(strings.ToLower(o.Domain)) }

// Find adds a fact of a Discovery as an option, and reports whether nothing else sets
// that option.
func (in *Inputs) Find(name string, fact patch.Fact) bool {
	if fact.Value == "" {
		return false
	}
	in.Found.set(name, fact.Value, Source(Place(fact.From)))
	merged := in.Merge()
	return merged.From[name] == in.Found.From[name]
}

// Answered returns the inputs with the answers to the first of the questions. An
// empty answer, and one to a question that is skipped, leaves the option alone.
func (in Inputs) Answered(questions []Question, answers []string) Inputs {
	in.Prompted = merge(in.Prompted)
	for i, answer := range answers {
		q := questions[i]
		if answer == "" || q.Skip != nil && q.Skip(in.Merge().Options) {
			continue
		}
		in.Prompted.set(q.Field, answer, FromPrompt)
	}
	return in
}

package flagtable_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/flagtable"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

type options struct {
	URL   string
	Dev   bool
	Rate  float64
	Every time.Duration
	Names []string
}

func table(o *options) flagtable.Table {
	return flagtable.Table{Prefix: "APP_", Options: []flagtable.Option{
		flagtable.Text(&o.URL, "kratos-url", "http://k", "`URL` of Kratos"),
		flagtable.Switch(&o.Dev, "dev", false, "no | keys"),
		flagtable.Number(&o.Rate, "rate", 1, "a `NUMBER`").Reloadable(),
		flagtable.Duration(&o.Every, "every", time.Hour, "a `TIME`"),
		flagtable.List(&o.Names, "name", "a `NAME` in a file").Secret().Reloadable(),
	}}
}

func read(args, environ []string, yaml string) (options, error) {
	var o options
	t := table(&o)
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	t.Register(flags)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var file *source.File
	if yaml != "" {
		file = source.New("app.yml", []byte(yaml))
	}
	return o, t.Read(flags, environ, file)
}

func TestPrecedence(t *testing.T) {
	const file = "kratos-url: file\ndev: true\nrate: 2\nevery: 2m\nname: [a, b]\n"
	environ := []string{"PATH=/bin", "APP_KRATOS_URL=env", "APP_RATE=3", "APP_EVERY=", "APP_NAME=c,d"}
	for _, tc := range []struct {
		name    string
		args    []string
		environ []string
		file    string
		want    options
	}{
		{"defaults", nil, nil, "", options{"http://k", false, 1, time.Hour, nil}},
		{"an empty file", nil, nil, "# nothing\n", options{"http://k", false, 1, time.Hour, nil}},
		{"file", nil, nil, file, options{"file", true, 2, 2 * time.Minute, []string{"a", "b"}}},
		{"one of a list", nil, nil, "name: a,b", options{"http://k", false, 1, time.Hour, []string{"a,b"}}},
		{"aliases", nil, nil, "kratos-url: &u ours\nname: &n [*u, b]\n", options{"ours", false, 1, time.Hour, []string{"ours", "b"}}},
		{"environment over file", nil, environ, file, options{"env", true, 3, 2 * time.Minute, []string{"c", "d"}}},
		{
			"flags over both",
			[]string{"--kratos-url=flag", "--dev=false", "--name=e", "--name=f"},
			environ, file,
			options{"flag", false, 3, 2 * time.Minute, []string{"e", "f"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := read(tc.args, tc.environ, tc.file)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		name    string
		environ []string
		file    string
		want    string
	}{
		{"unknown key", nil, "# x\nratee: 3\n", `app.yml:2:1: unknown option "ratee"; did you mean "rate"?`},
		{"strange key", nil, "listen-on-something: 3\n", `app.yml:1:1: unknown option "listen-on-something"`},
		{"twice", nil, "rate: 3\nrate: 4\n", `app.yml:2:1: option "rate" is set twice`},
		{"no value", nil, "rate:\n", `app.yml:1:6: rate has no value; remove the line to use the default`},
		{"a mapping", nil, "rate: {a: 1}\n", `app.yml:1:7: rate must be a number`},
		{"a list for one", nil, "rate: [1]\n", `app.yml:1:7: rate must be a number`},
		{"a list of lists", nil, "name: [a, [b]]\n", `app.yml:1:11: name must be a list`},
		{"no number", nil, "rate: many\n", `app.yml:1:7: rate: "many" is not a number; use a value such as 2.5`},
		{"no switch", nil, "dev: yes\n", `app.yml:1:6: dev: "yes" is not a boolean; use a value such as true`},
		{"no duration", nil, "every: 90\n", `app.yml:1:8: every: "90" is not a duration; use a value such as 90s or 6h`},
		{"an alias of another kind", nil, "kratos-url: &u 5h\nrate: *u\n", `app.yml:2:7: rate: "5h" is not a number; use a value such as 2.5`},
		{"not a number", nil, "rate: NaN\n", `app.yml:1:7: rate: "NaN" is not a number; use a value such as 2.5`},
		{"endless", []string{"APP_RATE=-inf"}, "", `APP_RATE="-inf" is not a number; use a value such as 2.5`},
		{"an empty key", nil, `"": 1`, `app.yml:1:1: unknown option ""`},
		{"a short key", nil, "xyz: 1\n", `app.yml:1:1: unknown option "xyz"`},
		{"two documents", nil, "rate: 1\n---\nrate: 2\n", "app.yml:2:1: a second document begins here; options must be one mapping"},
		{"a second one with a mistake", nil, "rate: 1\n---\nrate: [\n", "app.yml:4:1: did not find expected node content"},
		{"no mapping", nil, "- rate\n", `app.yml:1:1: options must be a mapping, such as "kratos-url: VALUE"`},
		{"syntax", nil, "rate: [1\n", `app.yml:2:1: did not find expected ',' or ']'`},
		{"environment", []string{"APP_RATE=many"}, "", `APP_RATE="many" is not a number; use a value such as 2.5`},
		{"unknown variable", []string{"APP_KRATOS_URI=x"}, "", `environment: unknown option APP_KRATOS_URI; did you mean "APP_KRATOS_URL"?`},
		{"all at once", []string{"APP_EVERY=x"}, "dev: 3\nno-such-option: 1\n", `app.yml:2:1: unknown option "no-such-option"
app.yml:1:6: dev: "3" is not a boolean; use a value such as true
APP_EVERY="x" is not a duration; use a value such as 90s or 6h`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read(nil, tc.environ, tc.file)
			require.EqualError(t, err, tc.want)
		})
	}
}

// TestReadAgain reads a changed file under the command line of the start.
func TestReadAgain(t *testing.T) {
	var before, after options
	old, again := table(&before), table(&after)
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	old.Register(flags)
	require.NoError(t, flags.Parse([]string{"--kratos-url=flag", "--name=a", "--name=b"}))
	require.NoError(t, old.Read(flags, nil, source.New("app.yml", []byte("rate: 2"))))
	require.NoError(t, again.Read(flags, nil, source.New("app.yml", []byte("rate: 3\nevery: 1m\nkratos-url: file"))))
	require.Equal(t, options{"flag", false, 3, time.Minute, []string{"a", "b"}}, after)
	require.Equal(t, options{"flag", false, 2, time.Hour, []string{"a", "b"}}, before)
	taken, needRestart := again.Changed(old)
	require.Equal(t, []string{"rate"}, taken)
	require.Equal(t, []string{"every"}, needRestart)
}

func TestReference(t *testing.T) {
	require.Equal(t, `| flag, and key in the file | environment | type | default | reload | what |
|---|---|---|---|---|---|
| `+"`--kratos-url` | `APP_KRATOS_URL` | text | `http://k`"+` |  | URL of Kratos |
| `+"`--dev` | `APP_DEV` | boolean | `false`"+` |  | no \| keys |
| `+"`--rate` | `APP_RATE` | number | `1`"+` | yes | a NUMBER |
| `+"`--every` | `APP_EVERY` | duration | `1h0m0s`"+` |  | a TIME |
| `+"`--name` | `APP_NAME`"+` | list |  | yes | a NAME in a file. **The file is secret.** |
`, table(&options{}).Reference())
}

// FuzzFile: what a file sets it sets alike when it is read again, and an error
// says something.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"rate: 2", "name: [a]", "a: &x [*x]", "? {a: b}\n: c", "rate: !!map x", "name: *y", "---\n---\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read(nil, nil, text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := read(nil, nil, text)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(got), fmt.Sprint(again)) // NaN is not equal to itself
	})
}

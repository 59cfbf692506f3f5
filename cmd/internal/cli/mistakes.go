package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagError says what is wrong with a flag on the command line.
func FlagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var lacking *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var twice *twiceError
	switch {
	case errors.As(err, &twice):
		return Usagef("%w", twice)
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		return Usagef("unknown flag --%s%s", unknown.GetSpecifiedName(), didYouMean(unknown.GetSpecifiedName(), names, "--"))
	case errors.As(err, &unknown):
		name, all := unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()
		if name == all {
			return Usagef("unknown flag -%s", name)
		}
		return Usagef("unknown flag -%s in -%s", name, all)
	case errors.As(err, &lacking):
		value, _ := pflag.UnquoteUsage(lacking.GetFlag())
		return Usagef("--%s needs a value: --%s %s", lacking.GetFlag().Name, lacking.GetFlag().Name, value)
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		value := f.Value
		if o, ok := value.(*once); ok {
			value = o.Value
		}
		if _, ok := value.(*choice); ok {
			return Usagef("invalid --%s %q: %w", f.Name, invalid.GetValue(), errors.Unwrap(invalid))
		}
		return Usagef("invalid --%s %q: use %s", f.Name, invalid.GetValue(), example(f))
	}
	return Usagef("%w", err)
}

// example describes the values that a flag takes.
func example(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int":
		return "a whole number"
	case "float64":
		return "a number, such as 10"
	case "duration":
		return "a duration, such as 30s"
	}
	return "a " + f.Value.Type()
}

// didYouMean suggests the name that is nearest to a misspelt one, "" if none is
// near.
func didYouMean(name string, known []string, dashes string) string {
	best, found := 3, ""
	for _, k := range known {
		if d := levenshtein.Distance(name, k, nil); d < best && d < len(name) {
			best, found = d, k
		}
	}
	if found == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s%s?", dashes, found)
}

var (
	cobraRequired  = regexp.MustCompile(`^required flag\(s\) (.*) not set$`)
	cobraOneOf     = regexp.MustCompile(`^at least one of the flags in the group \[(.*)\] is required$`)
	cobraExclusive = regexp.MustCompile(`^if any flags in the group \[.*\] are set none of the others can be; \[(.*)\] were all set$`)
	cobraTogether  = regexp.MustCompile(`^if any flags in the group \[.*\] are set they must all be set; missing \[(.*)\]$`)
	cobraUnknown   = regexp.MustCompile(`(?s)^(unknown command .*)\n\nDid you mean this\?\n\t([^\n]*)\n.*$`)
)

// plain says cobra's errors about a command line in the words of this program.
func plain(c *cobra.Command, err error) error {
	text := err.Error()
	if m := cobraRequired.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s needs %s", c.Name(), flagList(strings.ReplaceAll(m[1], `"`, ""), ", ", " and "))
	}
	if m := cobraOneOf.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s needs %s", c.Name(), flagList(m[1], " ", " or "))
	}
	if m := cobraExclusive.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s cannot be used together", flagList(m[1], " ", " and "))
	}
	if m := cobraTogether.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("missing %s", flagList(m[1], " ", " and "))
	}
	if m := cobraUnknown.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s; did you mean %s?", m[1], m[2])
	}
	return err
}

func flagList(names, sep, last string) string {
	all := strings.Split(names, sep)
	for i, name := range all {
		all[i] = "--" + name
	}
	return strings.Join(all, last)
}

package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// once is the value of a flag that may be given once. Without it the last one
// counts, so that a second --domain would silently replace the first.
type once struct {
	pflag.Value
	flag  string
	first *string
}

// Set implements pflag.Value.
func (o *once) Set(text string) error {
	if o.first != nil {
		return &twiceError{flag: o.flag, first: *o.first, second: text}
	}
	o.first = &text
	return o.Value.Set(text)
}

// twiceError reports a flag with one value that was given two.
type twiceError struct{ flag, first, second string }

func (e *twiceError) Error() string {
	return fmt.Sprintf("--%s is given twice: %q and %q", e.flag, e.first, e.second)
}

// rejectRepeated makes every flag with one value an error when it is given twice.
// Lists take any number, and a repeated switch says the same.
func rejectRepeated(c *cobra.Command) {
	for _, child := range c.Commands() {
		rejectRepeated(child)
	}
	for _, flags := range []*pflag.FlagSet{c.PersistentFlags(), c.LocalNonPersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			_, list := f.Value.(pflag.SliceValue)
			_, wrapped := f.Value.(*once)
			if !list && !wrapped && f.Value.Type() != "bool" {
				f.Value = &once{Value: f.Value, flag: f.Name}
				if f.DefValue == "0s" {
					f.DefValue = "0" // pflag hides this default of a wrapped duration
				}
			}
		})
	}
}

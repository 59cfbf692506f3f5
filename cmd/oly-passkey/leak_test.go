package main

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// leakless fails if the tests leave a goroutine behind.
type leakless struct{ *testing.M }

func (l leakless) Run() int {
	code := l.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

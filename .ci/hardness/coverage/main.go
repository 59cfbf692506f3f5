// Command coverage reads what `go test -cover` says and writes a line for each
// package with tests: its name and the share of its statements, separated by a
// tab.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	passed = regexp.MustCompile(`^ok\s+github\.com/olympusoss/oly-passkey/(\S+)\s.*coverage: ([0-9.]+)% of statements`)
	failed = regexp.MustCompile(`^(FAIL|---|panic)`)
)

func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if failed.MatchString(lines.Text()) {
			return errors.New("a test fails: " + lines.Text())
		}
		if m := passed.FindStringSubmatch(lines.Text()); m != nil {
			if _, err := fmt.Fprintf(out, "%s\t%s %%\n", m[1], m[2]); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

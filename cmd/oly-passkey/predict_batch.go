package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// maxQueryBytes limits the length of a line. A related origins document may have
// 256 KiB.
const maxQueryBytes = 4 << 20

var errLineTooLong = errors.New("the line is longer than 4 MiB")

// predictBatch writes one line for each line of stdin.
func (a *app) predictBatch() error {
	in := bufio.NewReaderSize(a.stdin, 64<<10)
	out := bufio.NewWriter(a.stdout)
	bad := false
	for n := 1; ; n++ {
		line, err := readQuery(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			return errors.Join(err, out.Flush())
		}
		var answer any
		if err == nil {
			answer, err = answerLine(line)
		}
		if err != nil {
			bad = true
			answer = lineError{Error: err.Error(), Line: n}
		}
		if err := writeJSONLine(out, answer); err != nil {
			return err
		}
		// Interactive clients get each line at once.
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if bad {
		return cli.Findings()
	}
	return nil
}

type lineError struct {
	Error string `json:"error"`
	Line  int    `json:"line"` // counted from 1
}

func answerLine(line []byte) (*predictOut, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return nil, errors.New("the line is empty")
	}
	if line[0] != '{' {
		return nil, errors.New(`the line is not a JSON object such as {"page":"https://auth.example.com","rp_id":"example.com"}`)
	}
	var in predictIn
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, queryError(err)
	}
	return in.answer()
}

// queryError names the member instead of the Go type behind it.
func queryError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s cannot be a JSON %s", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("the line is not valid JSON: %w", err)
}

// readQuery reads a line. It skips a line that is too long and returns
// errLineTooLong. It returns io.EOF at the end.
func readQuery(in *bufio.Reader) ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxQueryBytes {
			tooLong = true
			line = line[:0]
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case tooLong:
			return nil, errLineTooLong
		case err != nil && len(line) == 0:
			return nil, io.EOF
		}
		return line, nil
	}
}

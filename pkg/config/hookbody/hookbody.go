// Package hookbody evaluates the Jsonnet body of a web_hook on sample contexts,
// to find out what Kratos would send.
package hookbody

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-jsonnet"
	"github.com/google/go-jsonnet/ast"
)

// limit is the time limit of a body, as in Kratos (ory/x jsonnetsecure,
// processVMTimeout). Most bodies take 0.3 ms.
const limit = time.Second

// ErrNotEvaluated is the error of a body that nothing could evaluate safely: it is
// not simple, and there is no Evaluator or no time left.
var ErrNotEvaluated = errors.New("the body was not evaluated")

// ErrTimeout is the error of a body that exceeds its time or its memory.
var ErrTimeout = errors.New("the body does not finish in time")

// Result is the result of a body for one sample.
type Result struct {
	JSON string
	Err  error // an *Error, ErrTimeout or ErrNotEvaluated
}

// Evaluate calls the body, a Jsonnet function of ctx, with a sample and returns the
// JSON that Kratos would send. Imports fail. The error is an *Error or ErrTimeout.
// A body that exceeds the time limit continues, and uses memory, until the process
// ends: see Bodies for bodies of others.
func Evaluate(body string, sample Sample) (string, error) {
	r := EvaluateAll(body, []Sample{sample})[0]
	return r.JSON, r.Err
}

// EvaluateAll calls the body with several samples. This takes little longer than one
// call, because most of the time is spent on Jsonnet's library.
func EvaluateAll(body string, samples []Sample) []Result {
	out := make([]Result, len(samples))
	program, err := jsonnet.SnippetToAST("body", body)
	if err != nil {
		for i := range out {
			out[i].Err = newError(err)
		}
		return out
	}
	if all, ok := together(program, samples); ok {
		return all
	}
	for i, sample := range samples {
		out[i] = alone(body, sample)
		if errors.Is(out[i].Err, ErrTimeout) {
			for j := range out[i+1:] {
				out[i+1+j].Err = ErrTimeout // each would take up to one more second
			}
			break
		}
	}
	return out
}

// together calls a body with all samples at once. It returns false if any of the
// calls fails.
func together(program ast.Node, samples []Sample) ([]Result, bool) {
	if len(samples) < 2 {
		return nil, false
	}
	base := ast.NodeBase{FreeVars: program.FreeVariables()}
	calls := &ast.Array{NodeBase: base}
	for _, sample := range samples {
		call := &ast.Apply{NodeBase: base, Target: program}
		call.Arguments.Positional = []ast.CommaSeparatedExpr{{Expr: literal(sample.context())}}
		calls.Elements = append(calls.Elements, ast.CommaSeparatedExpr{Expr: call})
	}
	text, err := limited(func(vm *jsonnet.VM) (string, error) { return vm.Evaluate(calls) })
	out := make([]Result, len(samples))
	if errors.Is(err, ErrTimeout) {
		for i := range out {
			out[i].Err = err // single calls would take another second each
		}
		return out, true
	}
	var parts []json.RawMessage
	if err != nil || json.Unmarshal([]byte(text), &parts) != nil || len(parts) != len(samples) {
		return nil, false
	}
	for i, part := range parts {
		out[i].JSON = string(part)
	}
	return out, true
}

// alone calls a body with one sample. It evaluates the text, because errors of a
// parsed program have no position.
func alone(body string, sample Sample) Result {
	text, err := limited(func(vm *jsonnet.VM) (string, error) {
		vm.TLANode("ctx", literal(sample.context()))
		return vm.EvaluateAnonymousSnippet("body", body)
	})
	if err != nil && !errors.Is(err, ErrTimeout) {
		err = newError(err)
	}
	return Result{JSON: text, Err: err}
}

// limited runs an evaluation for at most one second.
func limited(evaluate func(*jsonnet.VM) (string, error)) (string, error) {
	type result struct {
		text string
		err  error
		bug  any // what go-jsonnet panicked with
	}
	done := make(chan result, 1)
	go func() {
		vm := jsonnet.MakeVM()
		vm.Importer(rejectImports{})
		vm.MaxStack = 100
		var r result
		defer func() {
			r.bug = recover()
			done <- r
		}()
		r.text, r.err = evaluate(vm)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		if r.bug != nil {
			panic(r.bug) // where the caller can recover
		}
		return r.text, r.err
	case <-timer.C:
		// go-jsonnet cannot be interrupted; the goroutine ends with the process.
		return "", ErrTimeout
	}
}

const noImports = "Kratos does not support imports"

type rejectImports struct{}

func (rejectImports) Import(_, path string) (jsonnet.Contents, string, error) {
	return jsonnet.Contents{}, "", fmt.Errorf("import of %q: %s", path, noImports)
}

// Error is an error of a body.
type Error struct {
	Message      string
	Line, Column int // from 1; 0 if Jsonnet reports no position
	// MissingField is the field that the context lacks, "" for other errors.
	MissingField string
	// Static reports whether the error occurs with every context: the text is invalid
	// or has an import.
	Static bool
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

var (
	place        = regexp.MustCompile(`body:(?:\()?(\d+):(\d+)`)
	staticPlace  = regexp.MustCompile(`^body:\(?(\d+):(\d+)\)?(?:-\S+)? (.*)`)
	missingField = regexp.MustCompile(`Field does not exist: (\S+)`)
)

func newError(err error) *Error {
	text := strings.TrimSpace(err.Error())
	e := &Error{}
	if m := place.FindStringSubmatch(text); m != nil {
		_, _ = fmt.Sscan(m[1], &e.Line) // digits
		_, _ = fmt.Sscan(m[2], &e.Column)
	}
	if rest, ok := strings.CutPrefix(text, "RUNTIME ERROR: "); ok {
		e.Message, _, _ = strings.Cut(rest, "\n")
		e.Static = strings.Contains(e.Message, noImports)
		if m := missingField.FindStringSubmatch(e.Message); m != nil {
			e.MissingField = m[1]
		}
		return e
	}
	e.Static = true
	e.Message, _, _ = strings.Cut(text, "\n")
	if m := staticPlace.FindStringSubmatch(e.Message); m != nil {
		e.Message = m[3]
	}
	return e
}

// Package hookbody evaluates the Jsonnet body of a web_hook on sample contexts,
// so that what Kratos would send can be seen before anybody signs in.
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

// limit is how long a body may take, as in Kratos (ory/x jsonnetsecure,
// processVMTimeout); the usual one takes 0.3 ms.
const limit = time.Second

// ErrTimeout says that a body did not come to an end in time.
var ErrTimeout = errors.New("the body does not finish in time")

// Result is what a body makes of one situation.
type Result struct {
	JSON string
	Err  error // a *Error or ErrTimeout
}

// Evaluate calls the body, a Jsonnet function of ctx, in a situation and answers
// the JSON that Kratos would send. Nothing can be imported. The error is a
// *Error or ErrTimeout.
func Evaluate(body string, sample Sample) (string, error) {
	r := EvaluateAll(body, []Sample{sample})[0]
	return r.JSON, r.Err
}

// EvaluateAll is Evaluate in several situations, which together take little
// longer than one: most of the time goes into Jsonnet's library.
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
	}
	return out
}

// together calls a body with all samples at once; false where one of the calls
// fails, which leaves open which.
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
			out[i].Err = err // each by itself would cost a second more
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

// alone calls a body with one sample. From its text, because errors of a program
// name no place.
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

// limited runs an evaluation for a second at most.
func limited(evaluate func(*jsonnet.VM) (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		vm := jsonnet.MakeVM()
		vm.Importer(refuseImports{})
		vm.MaxStack = 100
		text, err := evaluate(vm)
		done <- result{text, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.text, r.err
	case <-timer.C:
		// go-jsonnet cannot be stopped; its goroutine ends with the process.
		return "", ErrTimeout
	}
}

const noImports = "Kratos does not support imports"

type refuseImports struct{}

func (refuseImports) Import(_, path string) (jsonnet.Contents, string, error) {
	return jsonnet.Contents{}, "", fmt.Errorf("import of %q: %s", path, noImports)
}

// Error is what is wrong with a body.
type Error struct {
	Message      string
	Line, Column int // from 1; 0 where Jsonnet names no place
	// MissingField is the field that the context does not have, "" for another
	// error.
	MissingField string
	// Static says that no context can help: the text itself is wrong, or imports
	// something.
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

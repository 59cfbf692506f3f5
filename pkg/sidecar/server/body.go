package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

// readJSON decodes a body that must be a single JSON object of at most limit bytes.
func readJSON(w http.ResponseWriter, r *http.Request, limit int64, dst any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return bodyProblem(err)
	}
	if err := json.Unmarshal(body, dst); err != nil {
		return badRequest("invalid body: " + jsonCause(body, err))
	}
	return nil
}

// bodyProblem returns the problem with a body, without any of its content.
func bodyProblem(err error) *problemError {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, api.ProblemTooLarge, "request body too large",
			fmt.Sprintf("the limit is %d bytes", tooLarge.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		// Not 408: Kratos retries a hook after a 5xx, but not after a 4xx.
		p := newProblem(http.StatusServiceUnavailable, api.ProblemRequestTimeout, "request timed out",
			fmt.Sprintf("the request did not arrive within %.0f seconds", requestTimeout.Seconds()))
		p.retryAfter = 1
		return p
	}
	return badRequest("invalid body: it cannot be read") // the error may contain addresses
}

func jsonCause(body []byte, err error) string {
	if typed, ok := errors.AsType[*json.SemanticError](err); ok && typed.GoType != nil {
		return typeCause(typed)
	}
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected end of JSON"
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "duplicate JSON member"
	case ok:
		if _, err := jsontext.NewDecoder(bytes.NewReader(body)).ReadValue(); err == nil {
			return "unexpected data after the JSON object"
		}
		return fmt.Sprintf("syntax error at byte %d", syntax.ByteOffset+1)
	}
	return "it cannot be read"
}

// typeCause returns which JSON type a value must have. The only objects in bodies are
// the bodies themselves and the elements of lists.
func typeCause(err *json.SemanticError) string {
	want, found := map[reflect.Kind]string{
		reflect.String: "a string", reflect.Bool: "a boolean", reflect.Slice: "an array", reflect.Struct: "an object",
	}[err.GoType.Kind()]
	if !found {
		want = "a number"
	}
	var names []string
	element := false
	for token := range err.JSONPointer.Tokens() {
		_, index := strconv.Atoi(token)
		if element = index == nil; !element {
			names = append(names, token)
		}
	}
	switch {
	case len(names) == 0:
		return "must be " + want
	case element:
		return fmt.Sprintf("every element of %q must be %s", strings.Join(names, "."), want)
	}
	return fmt.Sprintf("%q must be %s", strings.Join(names, "."), want)
}

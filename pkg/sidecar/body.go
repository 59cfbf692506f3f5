package sidecar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

var errSecondValue = errors.New("there is something after the json object")

// readJSON reads the one JSON object that a body has to be.
func readJSON(w http.ResponseWriter, r *http.Request, limit int64, dst any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	err := dec.Decode(dst)
	if err == nil {
		err = nothingMore(dec)
	}
	if err != nil {
		return bodyProblem(err)
	}
	return nil
}

func nothingMore(dec *json.Decoder) error {
	_, err := dec.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil, errors.As(err, &syntax):
		return errSecondValue
	}
	return err
}

// bodyProblem says what is wrong with a body without repeating any of it.
func bodyProblem(err error) *problemError {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, api.ProblemTooLarge, "the body is too large",
			fmt.Sprintf("at most %d bytes are read", tooLarge.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		// Not 408: Kratos tries a hook again after a 5xx, and after no 4xx.
		p := newProblem(http.StatusServiceUnavailable, api.ProblemRequestTimeout, "the body did not come in time",
			fmt.Sprintf("a request has to be there within %.0f seconds", requestTimeout.Seconds()))
		p.retryAfter = 1
		return p
	}
	return badRequest("body is not the json that is wanted: " + jsonCause(err))
}

func jsonCause(err error) string {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.Is(err, errSecondValue):
		return errSecondValue.Error()
	case errors.As(err, &typed):
		return typeCause(typed)
	case errors.As(err, &syntax):
		return fmt.Sprintf("syntax error at byte %d", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early"
	}
	return "it cannot be read" // the error may show addresses
}

// typeCause says what JSON a value has to be. The only objects in our bodies are
// the bodies themselves and the elements of lists.
func typeCause(err *json.UnmarshalTypeError) string {
	want, found := map[reflect.Kind]string{
		reflect.String: "a string", reflect.Bool: "a boolean", reflect.Slice: "an array", reflect.Struct: "an object",
	}[err.Type.Kind()]
	if !found {
		want = "a number"
	}
	where := fmt.Sprintf("%q has", err.Field)
	switch {
	case err.Field == "":
		where = "the body has"
	case err.Type.Kind() == reflect.Struct:
		where = "every element of " + where
	}
	return where + " to be " + want
}

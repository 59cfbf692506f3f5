package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/client"
)

// fakesidecar knows one handle and one identity.
func fakesidecar() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // an empty body has no handle
		switch {
		case strings.HasSuffix(r.URL.Path, "/signals"):
			_, _ = fmt.Fprint(w, `{"identity_id":"`+someone+`","all_accepted_credentials":[{"userId":"aGFuZGxl","allAcceptedCredentialIds":["aWQ"]}]}`)
		case strings.Contains(string(body), "aGFuZGxl"):
			_, _ = fmt.Fprint(w, good)
		default:
			problem(http.StatusNotFound, "unknown-handle")(w, r)
		}
	}))
}

func ExampleClient_Resolve() {
	sidecar := fakesidecar()
	defer sidecar.Close()
	c, err := client.New(client.Options{URL: sidecar.URL, Key: "a key of scope resolve"})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Both come from an assertion whose signature was verified.
	answer, err := c.Resolve(context.Background(), client.Query{UserHandle: "aGFuZGxl", CredentialID: "aWQ"})
	switch {
	case errors.Is(err, client.ErrUnknown), errors.Is(err, client.ErrRemoved):
		fmt.Println("no longer belongs to an identity")
	case err != nil:
		fmt.Println(err)
	case answer.CredentialMatches == nil || !*answer.CredentialMatches:
		fmt.Println("not with this credential")
	default:
		fmt.Println(answer.IdentityID, answer.State)
	}
	// Output: 11111111-1111-4111-8111-111111111111 active
}

func ExampleProblemError() {
	sidecar := fakesidecar()
	defer sidecar.Close()
	c, err := client.New(client.Options{URL: sidecar.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Resolve(context.Background(), client.Query{UserHandle: "bm9ib2R5"})
	var problem *client.ProblemError
	fmt.Println(errors.Is(err, client.ErrUnknown), errors.As(err, &problem) && problem.Status == http.StatusNotFound)
	// Output: true true
}

func ExampleClient_Signals() {
	sidecar := fakesidecar()
	defer sidecar.Close()
	c, err := client.New(client.Options{URL: sidecar.URL, Key: "a key of scope read"})
	if err != nil {
		fmt.Println(err)
		return
	}
	signals, err := c.Signals(context.Background(), someone)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range signals { // the page adds rpId and calls signalAllAcceptedCredentials
		fmt.Println(s.UserID, s.AllAcceptedCredentialIDs)
	}
	// Output: aGFuZGxl [aWQ]
}

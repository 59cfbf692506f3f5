package server

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// hookBody is what Kratos' web_hook sends: ids only. Whatever else a hook's
// Jsonnet adds is not looked at and not kept.
type hookBody struct {
	IdentityID string `json:"identity_id"`
}

// hook takes Kratos' word that an identity changed and answers once that is
// stored. Kratos does not wait for more: the hook has response.ignore.
func (s *Server) hook(flow index.Flow) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var body hookBody
		if err := readJSON(w, r, maxBody, &body); err != nil {
			return err
		}
		id, ok := parseUUID(body.IdentityID)
		if !ok {
			return badRequest(`"identity_id" is not a UUID; the hook's body must be {identity_id: ctx.identity.id, flow_id: ctx.flow.id}`)
		}
		if id == uuid.Nil {
			return badRequest(`"identity_id" is the nil UUID, which Kratos sends before it saves an identity; use response.ignore: true in the hook, not response.parse`)
		}
		e := eventOf(r, id, flow)
		if !s.told.has(e) {
			if err := s.directory.Notify(r.Context(), id, flow); err != nil {
				return err
			}
			s.told.add(e)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// The refusal that a response.parse hook gives, in the form that Kratos turns
// into a message of the flow (selfservice/hook/web_hook.go at v1.3.1).
type refusal struct {
	Messages []refusalMessages `json:"messages"`
}

type refusalMessages struct {
	InstancePtr string           `json:"instance_ptr"`
	Messages    []refusalMessage `json:"messages"`
}

type refusalMessage struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
	Type string `json:"type"`
}

// The ids of the messages that refuse something, by which pages can translate
// them. Kratos' own have seven digits as well, and none begins with 477.
const (
	RefusalMessageID       = 4770001 // a sign-up by passkey
	AddressChangeMessageID = 4770002 // a change of address in settings
)

// refuse answers every request with a refusal. It belongs behind a hook with
// response.parse, which Kratos calls before it saves anything; where the sidecar
// is down, Kratos saves nothing either.
func refuse(id int, text string) handler {
	answer := refusal{Messages: []refusalMessages{{
		InstancePtr: "#/",
		Messages:    []refusalMessage{{ID: id, Text: text, Type: "error"}},
	}}}
	return func(w http.ResponseWriter, _ *http.Request) error {
		writeJSON(w, typeJSON, http.StatusForbidden, answer)
		return nil
	}
}

// refusePasskeySignUp belongs under registration.after.passkey, where people sign
// up with a one-time code first: nobody may sign up by passkey with an address
// that was not proven.
func refusePasskeySignUp() handler {
	return refuse(RefusalMessageID, "Please sign up with a code sent to your email address first. You can add a passkey right after that.")
}

// refuseAddressChange belongs under settings.after.profile, with a body that
// calls only where the address differs (templates/hooks/refuse-address-change.jsonnet):
// Kratos would let an account take a stranger's address, keep its session and its
// passkeys, and sign that stranger in to it by one-time code (run on v1.3.1).
func refuseAddressChange() handler {
	return refuse(AddressChangeMessageID, "Your email address cannot be changed here. Please ask us to change it.")
}

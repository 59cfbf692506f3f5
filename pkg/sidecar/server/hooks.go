package server

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// hookBody is the body that Kratos' web_hook sends. Other members that a hook's
// Jsonnet adds are ignored and not stored.
type hookBody struct {
	IdentityID string `json:"identity_id"`
}

// hook handles the event that an identity changed, and responds once the event is
// stored. Kratos does not need more: the hook has response.ignore.
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
		if !s.seenEvents.has(e) {
			if err := s.directory.Notify(r.Context(), id, flow); err != nil {
				return err
			}
			s.seenEvents.add(e)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// The response of a response.parse hook that rejects a flow, in the format that
// Kratos turns into a flow message (selfservice/hook/web_hook.go at v1.3.1).
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

// The message IDs of rejections, by which pages can translate them. Kratos' own IDs
// also have seven digits, and none starts with 477.
const (
	RefusalMessageID       = 4770001 // a sign-up by passkey
	AddressChangeMessageID = 4770002 // a change of address in settings
)

// reject responds to every request with a rejection. It is for hooks with
// response.parse, which Kratos calls before it saves anything; if the sidecar is
// down, Kratos saves nothing either.
func reject(id int, text string) handler {
	answer := refusal{Messages: []refusalMessages{{
		InstancePtr: "#/",
		Messages:    []refusalMessage{{ID: id, Text: text, Type: "error"}},
	}}}
	return func(w http.ResponseWriter, _ *http.Request) error {
		writeJSON(w, typeJSON, http.StatusForbidden, answer)
		return nil
	}
}

// rejectPasskeySignUp is for registration.after.passkey of deployments in which users
// sign up with a one-time code first. It keeps passkeys from being registered for
// unverified addresses.
func rejectPasskeySignUp() handler {
	return reject(RefusalMessageID, "Please sign up with a code sent to your email address first. You can add a passkey right after that.")
}

// rejectAddressChange is for settings.after.profile, with a body that cancels the
// call unless the address differs (templates/hooks/refuse-address-change.jsonnet).
// Otherwise an account could take over a stranger's address, keep its session and
// passkeys, and Kratos would sign that stranger in to it with a one-time code (run on
// v1.3.1).
func rejectAddressChange() handler {
	return reject(AddressChangeMessageID, "Your email address cannot be changed here. Please ask us to change it.")
}

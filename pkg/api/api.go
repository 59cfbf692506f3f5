// Package api is the contract between the sidecar and everything that speaks to
// it: paths, addresses, problem types and keys. Configurations that call the
// sidecar, its clients and the server itself take them from here.
package api

// Where the sidecar listens unless told otherwise.
const (
	DefaultListen        = "127.0.0.1:4477"
	DefaultMetricsListen = "127.0.0.1:4478"
	// DefaultURL is where clients on the same machine reach it.
	DefaultURL = "http://" + DefaultListen
)

// DefaultKratosVersion is the Kratos that is assumed, written for and shown when
// nothing says which one it is: the newest open-source release.
const DefaultKratosVersion = "v26.2.0"

// HookPath is the common prefix of the paths that Kratos' web hooks call.
const HookPath = "/v1/hooks/kratos/"

// The paths that Kratos' web hooks call: the first three after the flow of that
// name, the others to reject what they are named for.
const (
	RegistrationHookPath = HookPath + "registration"
	LoginHookPath        = HookPath + "login"
	SettingsHookPath     = HookPath + "settings"
	RefuseSignUpPath     = HookPath + "refuse-passkey-signup"
	RefuseAddressPath    = HookPath + "refuse-address-change"
)

// ProblemBase is the prefix of the type of every problem (RFC 9457); the name of
// the problem follows. The page of that address documents them.
const ProblemBase = "https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#"

// The names of the problems.
const (
	ProblemBadRequest        = "bad-request"
	ProblemInvalidHandle     = "invalid-handle"
	ProblemUnauthorized      = "unauthorized"
	ProblemForbidden         = "forbidden"
	ProblemUnknownHandle     = "unknown-handle"
	ProblemUnknownIdentity   = "unknown-identity"
	ProblemUnknownCredential = "unknown-credential"
	ProblemAmbiguousHandle   = "ambiguous-handle"
	ProblemIdentityExists    = "identity-exists"
	ProblemRemovedHandle     = "removed-handle"
	ProblemIndexBuilding     = "index-building"
	ProblemKratosUnavailable = "kratos-unavailable"
	ProblemRequestTimeout    = "request-timeout"
	ProblemInternal          = "internal"
	ProblemMethodNotAllowed  = "method-not-allowed"
	ProblemNotFound          = "not-found"
	ProblemTooLarge          = "too-large"
	ProblemTooManyHandles    = "too-many-handles"
)

// Problems returns the names of all problems.
func Problems() []string {
	return []string{
		ProblemBadRequest,
		ProblemInvalidHandle,
		ProblemUnauthorized,
		ProblemForbidden,
		ProblemUnknownHandle,
		ProblemUnknownIdentity,
		ProblemUnknownCredential,
		ProblemAmbiguousHandle,
		ProblemIdentityExists,
		ProblemRemovedHandle,
		ProblemIndexBuilding,
		ProblemKratosUnavailable,
		ProblemRequestTimeout,
		ProblemInternal,
		ProblemMethodNotAllowed,
		ProblemNotFound,
		ProblemTooLarge,
		ProblemTooManyHandles,
	}
}

package server

import (
	"net/http"
	"sync"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// triggerHeader identifies an event across retries. Kratos sends it since v25.4.0
// (selfservice/hook/web_hook.go). It makes up to three attempts within three seconds,
// also if only the response was lost.
const triggerHeader = "Ory-Webhook-Trigger-Id"

// event is the event of a hook. Its trigger is the nil UUID if the hook sent none.
type event struct {
	trigger  uuid.UUID
	identity uuid.UUID
	flow     index.Flow
}

func eventOf(r *http.Request, identity uuid.UUID, flow index.Flow) event {
	trigger, _ := parseUUID(r.Header.Get(triggerHeader)) // the nil UUID if missing or invalid
	return event{trigger, identity, flow}
}

// maxEvents is the size of a generation of dedupe, which remembers between one and
// two generations.
const maxEvents = 4096

// dedupe remembers the events that have been stored.
type dedupe struct {
	mu          sync.Mutex
	newer, rest map[event]struct{}
}

func (s *dedupe) has(e event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, newer := s.newer[e]
	_, rest := s.rest[e]
	return newer || rest
}

// add remembers an event, unless it has no trigger.
func (s *dedupe) add(e event) {
	if e.trigger == uuid.Nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newer == nil || len(s.newer) >= maxEvents {
		s.newer, s.rest = map[event]struct{}{}, s.newer
	}
	s.newer[e] = struct{}{}
}

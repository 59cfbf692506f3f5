package server

import (
	"net/http"
	"sync"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// triggerHeader tells the tries of one event from those of another one. Kratos
// sends it since v25.4.0 (selfservice/hook/web_hook.go), tries three times within
// three seconds, and does so as well where only our answer was lost.
const triggerHeader = "Ory-Webhook-Trigger-Id"

// event is what a hook tells. Its trigger is the nil UUID where the hook names none.
type event struct {
	trigger  uuid.UUID
	identity uuid.UUID
	flow     index.Flow
}

func eventOf(r *http.Request, identity uuid.UUID, flow index.Flow) event {
	trigger, _ := parseUUID(r.Header.Get(triggerHeader)) // the nil UUID where it is none
	return event{trigger, identity, flow}
}

// maxEvents bounds the events that are remembered: that many at least, and twice
// as many at most.
const maxEvents = 4096

// events are those whose hook has been stored.
type events struct {
	mu          sync.Mutex
	newer, rest map[event]struct{}
}

func (s *events) has(e event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, newer := s.newer[e]
	_, rest := s.rest[e]
	return newer || rest
}

// add remembers an event, if it can be told from others.
func (s *events) add(e event) {
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

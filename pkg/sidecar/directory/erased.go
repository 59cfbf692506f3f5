package directory

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxErased is the number of identities that are remembered. If there are more, all
// are forgotten; the next sweep then finds any that came back.
const maxErased = 10_000

// erased records when identities were erased, so that a response of Kratos to an
// earlier request does not restore one.
type erased struct {
	mu sync.Mutex
	at map[uuid.UUID]time.Time
}

func (e *erased) add(id uuid.UUID, at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at == nil || len(e.at) >= maxErased {
		e.at = map[uuid.UUID]time.Time{}
	}
	e.at[id] = at
}

// contains reports whether an identity was erased.
func (e *erased) contains(id uuid.UUID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, known := e.at[id]
	return known
}

// after reports whether an identity was erased after the given time.
func (e *erased) after(id uuid.UUID, asked time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at[id].After(asked)
}

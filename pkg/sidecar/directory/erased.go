package directory

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxErased bounds the identities that are remembered; where there are more, all
// are forgotten. The next sweep finds what came back.
const maxErased = 10_000

// erased remembers when identities were erased, so that an answer of Kratos that
// was asked for before does not bring one back.
type erased struct {
	mu sync.Mutex
	at map[uuid.UUID]time.Time
}

func (e *erased) note(id uuid.UUID, at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at == nil || len(e.at) >= maxErased {
		e.at = map[uuid.UUID]time.Time{}
	}
	e.at[id] = at
}

// ever tells whether an identity was erased.
func (e *erased) ever(id uuid.UUID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, known := e.at[id]
	return known
}

// since tells whether an identity was erased after a moment.
func (e *erased) since(id uuid.UUID, asked time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at[id].After(asked)
}

package index

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// ErrLocked is returned if another process uses the store.
var ErrLocked = errors.New("the index is in use by another process")

// NewerError is returned if a newer program has written the index.
type NewerError struct{ Found, Supported int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("index has format %d; this program supports formats up to %d: use the newer program, or export the index with `oly-passkey index export` and import it into an empty one", e.Found, e.Supported)
}

// Change returns the new record of an identity, nil to delete it. cur is a copy of the
// current record, which the function may modify, or nil if there is none. A store may
// call it more than once, so it must not have side effects that matter.
type Change func(id uuid.UUID, cur *Identity) *Identity

// Store stores the records of identities and finds them by the digests of their user
// handles. All methods are safe for concurrent use. A write that returned without an
// error survives a crash of the process.
type Store interface {
	// Owners returns the identities that hold or held the handle, in the order of
	// their ids, and none without an error if the handle was never seen. That is
	// one search, however many identities there are.
	Owners(ctx context.Context, handle userhandle.Digest) ([]Owner, error)

	// Identity returns a record, nil if there is none.
	Identity(ctx context.Context, id uuid.UUID) (*Identity, error)

	// After returns up to limit records in ascending order of their IDs, starting after
	// id; the nil UUID starts at the beginning.
	After(ctx context.Context, id uuid.UUID, limit int) ([]*Identity, error)

	// Update atomically applies a change to all of the identities, and returns the number
	// of records that changed.
	Update(ctx context.Context, ids []uuid.UUID, change Change) (changed int, err error)

	// Stats returns the numbers of records and handles.
	Stats(ctx context.Context) (Stats, error)

	// Meta returns the metadata of the index.
	Meta(ctx context.Context) (Meta, error)

	// UpdateMeta changes the metadata.
	UpdateMeta(ctx context.Context, change func(*Meta)) error

	// Enqueue stores a job to pull an identity, and replaces a waiting job of the same
	// identity. It returns the number of the job, which is increased if necessary to be
	// higher than that of the replaced job.
	Enqueue(ctx context.Context, job Job) (number uint64, err error)

	// Dequeue removes a job, unless it was replaced by one with another number.
	Dequeue(ctx context.Context, job Job) error

	// Jobs returns the waiting jobs.
	Jobs(ctx context.Context) ([]Job, error)

	// Close closes the store after pending calls have finished.
	Close() error
}

// Loader is a Store with a bulk load for the first build.
type Loader interface {
	Store

	// Load is Update and UpdateMeta in one, except that handles may not be found
	// before FinishLoad. The ids come in ascending order, within a call and from
	// one call to the next.
	Load(ctx context.Context, ids []uuid.UUID, change Change, meta func(*Meta)) error

	// FinishLoad makes the handles of all loads findable, including loads before a crash.
	// It can be repeated.
	FinishLoad(ctx context.Context) error
}

// Leader is a Store that several servers share: one of them builds and sweeps.
type Leader interface {
	Store

	// Lead tries to acquire leadership; lead is nil if another server is the leader. lead
	// is done when ctx is done or leadership is lost. The caller must then call release.
	Lead(ctx context.Context) (lead context.Context, release func(), err error)

	// Clock returns the store's time, which is the same for all servers.
	Clock(ctx context.Context) (time.Time, error)
}

// Checker is a Store that can check its low-level structure.
type Checker interface {
	Store

	// Check reports each fault in one sentence. There must be no concurrent writes.
	Check(ctx context.Context, report func(problem string)) error
}

// Source is the interface that Export reads from: a Store, or one opened for reading.
type Source interface {
	After(ctx context.Context, id uuid.UUID, limit int) ([]*Identity, error)
	Meta(ctx context.Context) (Meta, error)
}

// Job is an identity to pull from Kratos.
type Job struct {
	Identity uuid.UUID
	Number   uint64 // distinguishes a job from one that replaced it
	Flow     Flow
}

// Flow is the Kratos flow whose hook created a job.
type Flow uint8

// The flows with a hook, and the value for background jobs.
const (
	FlowNone Flow = iota
	FlowRegistration
	FlowLogin
	FlowSettings
)

// Meta is the metadata of the index. Zero times mean never.
type Meta struct {
	// BuildToken is the page token of Kratos' list at which an unfinished first build
	// resumes.
	BuildToken string `json:"build_token,omitempty"`
	// BuildStartedAt is when the first build read its first page.
	BuildStartedAt time.Time `json:"build_started_at,omitzero"`
	// BuildRead reports whether the first build has read the whole list.
	BuildRead bool `json:"build_read,omitzero"`
	// BuiltAt is when the first build was complete.
	BuiltAt time.Time `json:"built_at,omitzero"`
	// SweepStartedAt and SweepEndedAt are the times of the last complete sweep, or of the
	// first build if there was none.
	SweepStartedAt time.Time `json:"sweep_started_at,omitzero"`
	SweepEndedAt   time.Time `json:"sweep_ended_at,omitzero"`
	// Missing is the number of identities missing from Kratos' list if the last sweep
	// stopped because there were too many; 0 after a complete sweep.
	Missing int `json:"missing,omitzero"`
	// Unread is the number of identities that the last complete sweep or first build
	// could not read, neither from the list nor individually.
	Unread int `json:"unread,omitzero"`
	// AskedAt is when a sweep was last requested, and Accept the number of deletions that
	// it may apply.
	AskedAt time.Time `json:"asked_at,omitzero"`
	Accept  int       `json:"accept,omitzero"`
	// Unknown are members added by a newer program; they are preserved.
	Unknown jsontext.Value `json:",unknown"`
}

// Stats are the numbers of records and handles. Handles of deleted identities count
// as removed.
type Stats struct {
	Identities int `json:"identities"` // deleted ones included
	Deleted    int `json:"deleted"`
	Active     int `json:"active"`
	Orphaned   int `json:"orphaned"`
	Removed    int `json:"removed"`
	Unknown    int `json:"unknown"`
}

// Replace updates the numbers for a change of a record; nil means no record.
func (s *Stats) Replace(cur, next *Identity) {
	s.count(cur, -1)
	s.count(next, 1)
}

func (s *Stats) count(i *Identity, by int) {
	if i == nil {
		return
	}
	s.Identities += by
	if !i.DeletedAt.IsZero() {
		s.Deleted += by
	}
	for _, h := range i.Handles {
		h, _ = i.Handle(h.Digest)
		switch h.State {
		case Active:
			s.Active += by
		case Orphaned:
			s.Orphaned += by
		case Removed:
			s.Removed += by
		case Unknown:
			s.Unknown += by
		}
	}
}

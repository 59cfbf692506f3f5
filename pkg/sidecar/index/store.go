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

// ErrLocked says that another process holds the store.
var ErrLocked = errors.New("the index is in use by another process")

// NewerError says that a newer program has written the index.
type NewerError struct{ Found, Supported int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("index has format %d; this program supports formats up to %d: use the newer program, or export the index with `oly-passkey index export` and import it into an empty one", e.Found, e.Supported)
}

// Change rewrites one identity's record. cur is nil where there is none, and is
// the callee's own copy; the answer is what shall be stored, nil for no record.
// A store may call it more than once, so it must not touch anything else.
type Change func(id uuid.UUID, cur *Identity) *Identity

// Store keeps the records of identities and finds them by the digests of their
// handles. Every method may be called concurrently; what a writing method has
// answered without an error survives a crash of the process.
type Store interface {
	// Owners returns the identities that hold or held the handle, in the order of
	// their ids, and none without an error if the handle was never seen. That is
	// one search, however many identities there are.
	Owners(ctx context.Context, handle userhandle.Digest) ([]Owner, error)

	// Identity answers one record, nil where there is none.
	Identity(ctx context.Context, id uuid.UUID) (*Identity, error)

	// After answers up to limit records in ascending order of their ids,
	// starting after id; the nil UUID starts at the front.
	After(ctx context.Context, id uuid.UUID, limit int) ([]*Identity, error)

	// Update applies the change to each of the identities, all or none of them,
	// and answers how many records differ now.
	Update(ctx context.Context, ids []uuid.UUID, change Change) (changed int, err error)

	// Stats counts what the store holds.
	Stats(ctx context.Context) (Stats, error)

	// Meta answers what is known about the index as a whole.
	Meta(ctx context.Context) (Meta, error)

	// UpdateMeta rewrites it.
	UpdateMeta(ctx context.Context, change func(*Meta)) error

	// Enqueue remembers that an identity has to be pulled. A job that waits for
	// the same identity is replaced; number is the job's, or a higher one than
	// that one's.
	Enqueue(ctx context.Context, job Job) (number uint64, err error)

	// Dequeue forgets the job with this number, and none that replaced it.
	Dequeue(ctx context.Context, job Job) error

	// Jobs answers the jobs that wait.
	Jobs(ctx context.Context) ([]Job, error)

	// Close gives the store back. Calls that are under way are finished first.
	Close() error
}

// Loader is a Store that takes a first build faster than by updates.
type Loader interface {
	Store

	// Load is Update and UpdateMeta in one, except that handles may not be found
	// before FinishLoad. The ids come in ascending order, within a call and from
	// one call to the next.
	Load(ctx context.Context, ids []uuid.UUID, change Change, meta func(*Meta)) error

	// FinishLoad makes the handles of every Load findable, also of those before
	// a crash. It may be called again.
	FinishLoad(ctx context.Context) error
}

// Leader is a Store that several servers share: one of them builds and sweeps.
type Leader interface {
	Store

	// Lead tries to become the one; lead is nil where another server is. It ends
	// with ctx, or when the lead is lost; release has to be called then, and
	// gives the lead back.
	Lead(ctx context.Context) (lead context.Context, release func(), err error)

	// Clock answers the time of the store, which is the same for all of them.
	Clock(ctx context.Context) (time.Time, error)
}

// Checker is a Store that can check what lies below its records.
type Checker interface {
	Store

	// Check reports each fault in one sentence. Nobody may write meanwhile.
	Check(ctx context.Context, report func(problem string)) error
}

// Source is what Export reads: a Store, or one that was opened for reading.
type Source interface {
	After(ctx context.Context, id uuid.UUID, limit int) ([]*Identity, error)
	Meta(ctx context.Context) (Meta, error)
}

// Job is an identity that has to be pulled from Kratos.
type Job struct {
	Identity uuid.UUID
	Number   uint64 // tells a job from the one that replaced it
	Flow     Flow
}

// Flow is the Kratos flow whose hook made a job.
type Flow uint8

// The flows with a hook, and jobs that the directory gives itself.
const (
	FlowNone Flow = iota
	FlowRegistration
	FlowLogin
	FlowSettings
)

// Meta is what is known about the index as a whole. Zero times mean never.
type Meta struct {
	// BuildToken is the page token of Kratos' list where an unfinished first
	// build goes on.
	BuildToken string `json:"build_token,omitempty"`
	// BuildStartedAt is when the first build read its first page.
	BuildStartedAt time.Time `json:"build_started_at,omitzero"`
	// BuildRead says that the first build has read the whole list.
	BuildRead bool `json:"build_read,omitzero"`
	// BuiltAt is when the first build was complete.
	BuiltAt time.Time `json:"built_at,omitzero"`
	// SweepStartedAt and SweepEndedAt belong to the last complete sweep, or to
	// the first build where there was none yet.
	SweepStartedAt time.Time `json:"sweep_started_at,omitzero"`
	SweepEndedAt   time.Time `json:"sweep_ended_at,omitzero"`
	// Missing is how many identities the last sweep missed on Kratos' list when
	// it stopped because they were too many; 0 after a complete one.
	Missing int `json:"missing,omitzero"`
	// Unread is how many identities the last complete sweep, or the first build,
	// found on Kratos' list and could not read, neither there nor alone.
	Unread int `json:"unread,omitzero"`
	// AskedAt is when somebody last asked for a sweep, and Accept how many
	// deletions it may accept.
	AskedAt time.Time `json:"asked_at,omitzero"`
	Accept  int       `json:"accept,omitzero"`
	// Unknown are members that a newer program has added; they are kept.
	Unknown jsontext.Value `json:",unknown"`
}

// Stats counts records and handles. A handle of a deleted identity is removed.
type Stats struct {
	Identities int `json:"identities"` // deleted ones included
	Deleted    int `json:"deleted"`
	Active     int `json:"active"`
	Orphaned   int `json:"orphaned"`
	Removed    int `json:"removed"`
	Unknown    int `json:"unknown"`
}

// Replace counts one record that takes another's place; nil is no record.
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

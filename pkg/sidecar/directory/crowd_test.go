package directory

import (
	"context"
	"encoding/binary"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// crowd is a Kratos that lists a large number of identities. They have no keys, and
// their ids are spread evenly. The token of a page is the number of its first
// identity.
type crowd struct {
	total, page int
	wait        time.Duration            // before every page
	fail        func(token string) error // nil: no page fails

	mu    sync.Mutex
	asked []string // the tokens
}

// Identity implements Kratos.
func (c *crowd) Identity(context.Context, uuid.UUID) (*kratosadmin.Identity, error) {
	return nil, kratosadmin.ErrNotFound
}

// List implements Kratos.
func (c *crowd) List(ctx context.Context, token string) (*kratosadmin.Page, error) {
	c.mu.Lock()
	c.asked = append(c.asked, token)
	c.mu.Unlock()
	if err := sleep(ctx, c.wait); err != nil {
		return nil, err
	}
	if c.fail != nil {
		if err := c.fail(token); err != nil {
			return nil, err
		}
	}
	first, _ := strconv.Atoi(token) // our own, or none
	end := min(first+c.page, c.total)
	p := &kratosadmin.Page{Identities: make([]*kratosadmin.Identity, 0, end-first)}
	for n := first; n < end; n++ {
		p.Identities = append(p.Identities, &kratosadmin.Identity{ID: c.person(n)})
	}
	if end < c.total {
		p.Next = strconv.Itoa(end)
	}
	return p, nil
}

// person returns the id of the n-th identity. If total is one less than a power of
// two, the share of ids before it is exact.
func (c *crowd) person(n int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*(1<<63/uint64(c.total+1))*2)
	return id
}

// tokens returns the tokens of the pages requested since the last call.
func (c *crowd) tokens() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

// lateKratos is a fakekratos whose responses arrive late and may be outdated by then.
type lateKratos struct {
	*fakekratos
	page, identity atomic.Int64 // nanoseconds
	deaf           bool         // an identity's response arrives even if the context is done
}

// List implements Kratos.
func (l *lateKratos) List(ctx context.Context, token string) (*kratosadmin.Page, error) {
	p, err := l.fakekratos.List(ctx, token)
	if late := sleep(ctx, time.Duration(l.page.Load())); late != nil {
		return nil, late
	}
	return p, err
}

// Identity implements Kratos.
func (l *lateKratos) Identity(ctx context.Context, id uuid.UUID) (*kratosadmin.Identity, error) {
	i, err := l.fakekratos.Identity(ctx, id)
	if l.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	if late := sleep(ctx, time.Duration(l.identity.Load())); late != nil {
		return nil, late
	}
	return i, err
}

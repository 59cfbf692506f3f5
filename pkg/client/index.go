package client

import (
	"context"
	"net/http"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Index is the state of the sidecar's index.
type Index struct {
	Complete   bool           `json:"complete"`   // all identities have been read at least once
	Identities int            `json:"identities"` // including deleted ones
	Deleted    int            `json:"deleted"`
	Handles    map[string]int `json:"handles"` // number of user handles by state
}

// Enrolled returns an upper bound of the users with a key.
func (i *Index) Enrolled() int {
	// An identity stays in the index after its last key is gone.
	live := i.Handles["active"] + i.Handles["orphaned"] + i.Handles["unknown"]
	return min(i.Identities-i.Deleted, live)
}

// Index returns the state of the index, with a key of scope read.
func (c *Client) Index(ctx context.Context) (*Index, error) {
	return httpx.Retry(ctx, c.tries, firstWait, func() (*Index, error) {
		var i struct {
			Index
			Complete *bool `json:"complete"` // every sidecar says it
		}
		err := c.do(ctx, http.MethodGet, c.base.JoinPath("v1", "index"), nil, &i)
		if err == nil && i.Complete == nil {
			err = backoff.Permanent(c.notTheSidecar("no state of an index"))
		}
		if err != nil {
			return nil, err
		}
		i.Index.Complete = *i.Complete
		return &i.Index, nil
	})
}

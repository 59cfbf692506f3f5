package directory

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// maxUnreadable is the number of unreadable list entries that are pulled; further
// ones are only counted.
const maxUnreadable = 10_000

// unreadableList contains the identities of list pages that could not be read.
type unreadableList struct {
	ids   []uuid.UUID
	count int
}

func (u *unreadableList) add(ids []uuid.UUID) {
	u.count += len(ids)
	u.ids = append(u.ids, ids[:min(len(ids), maxUnreadable-len(u.ids))]...)
}

// pullUnreadable pulls the unreadable identities one after the other, and returns how
// many cannot be read that way either. Failed pulls are not errors, except if ctx is
// done: they must not delay the other identities.
func (d *Directory) pullUnreadable(ctx context.Context, u *unreadableList) (left int, err error) {
	left = u.count
	for _, id := range u.ids {
		_, err := d.pull(ctx, id)
		if err := ctx.Err(); err != nil {
			return left, err
		}
		switch {
		case err == nil:
			left--
		case errors.Is(err, kratosadmin.ErrUnreadable):
			d.warn(msgUnreadable, id, err)
		default:
			d.warn(msgPullFailed, id, err)
		}
	}
	if left > 0 {
		d.log.Error("some identities are too large or malformed and cannot be read; their passkeys are only found if they were indexed before",
			"identities", left)
	}
	return left, nil
}

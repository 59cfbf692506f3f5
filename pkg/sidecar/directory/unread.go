package directory

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// maxUnread bounds the identities that are pulled because a list could not be
// read; further ones are only counted.
const maxUnread = 10_000

// unread are identities that a page has shown and that could not be read there.
type unread struct {
	ids   []uuid.UUID
	count int
}

func (u *unread) add(ids []uuid.UUID) {
	u.count += len(ids)
	u.ids = append(u.ids, ids[:min(len(ids), maxUnread-len(u.ids))]...)
}

// pullUnread pulls the identities that a list could not show, one after the other,
// and returns how many cannot be read that way either. An error is only that of
// ctx: nobody waits for those who can be read.
func (d *Directory) pullUnread(ctx context.Context, u *unread) (left int, err error) {
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
			d.warn(pullUnreadable, id, err)
		default:
			d.warn(pullFailed, id, err)
		}
	}
	if left > 0 {
		d.log.Error("some identities are too large or malformed and cannot be read; their passkeys are only found if they were indexed before",
			"identities", left)
	}
	return left, nil
}

package index

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Verify looks every handle of every record up and counts the records again.
// Each disagreement is reported in one sentence; what others write meanwhile is
// none.
func Verify(ctx context.Context, s Store, report func(problem string)) (counted Stats, err error) {
	before, err := s.Stats(ctx)
	if err != nil {
		return counted, err
	}
	err = walk(ctx, s, func(i *Identity) error {
		counted.Replace(nil, i)
		for _, h := range i.Handles {
			found, err := leadsTo(ctx, s, h.Digest, i.ID)
			if err != nil {
				return err
			}
			if !found {
				report(fmt.Sprintf("identity %s: its handle %s does not lead to it", i.ID, h.Digest))
			}
		}
		return nil
	})
	if err != nil {
		return counted, err
	}
	after, err := s.Stats(ctx)
	if err == nil && before == after && after != counted {
		report(fmt.Sprintf("figures are %+v, counted are %+v", after, counted))
	}
	return counted, err
}

// leadsTo tells whether a handle leads to an identity that has it.
func leadsTo(ctx context.Context, s Store, handle userhandle.Digest, id uuid.UUID) (bool, error) {
	for range 2 { // it may be lost between two looks, and come back
		owners, err := s.Owners(ctx, handle)
		if err != nil {
			return false, err
		}
		for _, o := range owners {
			if o.ID == id {
				return true, nil
			}
		}
		i, err := s.Identity(ctx, id)
		if err != nil || i == nil {
			return true, err
		}
		if _, has := i.Handle(handle); !has {
			return true, nil
		}
	}
	return false, nil
}

package index

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Verify looks up every handle of every record, compares the result with the record,
// and counts the records. It reports each discrepancy in one sentence, except those
// caused by concurrent writes.
func Verify(ctx context.Context, s Store, report func(problem string)) (counted Stats, err error) {
	if c, ok := s.(Checker); ok {
		if err := c.Check(ctx, report); err != nil {
			return counted, err
		}
	}
	before, err := s.Stats(ctx)
	if err != nil {
		return counted, err
	}
	err = walk(ctx, s, func(i *Identity) error {
		counted.Replace(nil, i)
		for _, h := range i.Handles {
			problem, err := disagrees(ctx, s, h.Digest, i.ID)
			if err != nil {
				return err
			}
			if problem != "" {
				report(fmt.Sprintf("identity %s: its handle %s %s", i.ID, h.Digest, problem))
			}
		}
		return nil
	})
	if err != nil {
		return counted, err
	}
	after, err := s.Stats(ctx)
	if err == nil && before == after && after != counted {
		report(fmt.Sprintf("stored statistics are %+v, but the records give %+v", after, counted))
	}
	return counted, err
}

// disagrees returns how the lookup of a handle differs from its record, "" if it does
// not.
func disagrees(ctx context.Context, s Store, handle userhandle.Digest, id uuid.UUID) (problem string, err error) {
	for range 2 { // it may change between two reads
		owners, err := s.Owners(ctx, handle)
		if err != nil {
			return "", err
		}
		i, err := s.Identity(ctx, id)
		if err != nil || i == nil {
			return "", err
		}
		want, has := i.Owner(handle)
		n := slices.IndexFunc(owners, func(o Owner) bool { return o.ID == id })
		switch {
		case !has, n >= 0 && reflect.DeepEqual(owners[n], want):
			return "", nil
		case n < 0:
			problem = "does not resolve to it"
		default:
			problem = "resolves to data that differs from its record"
		}
	}
	return problem, nil
}

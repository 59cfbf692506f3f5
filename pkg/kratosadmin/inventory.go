package kratosadmin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Inventory is an identity with all of its keys, and with what else it can sign
// in or recover by. Neither traits, addresses, passwords nor the identifiers of
// other credentials leave this package.
type Inventory struct {
	Identity
	// Others are the types of its other credentials, sorted. Kratos lists
	// "password" also where there is only an identifier for one.
	Others []string
	// Recovery tells whether it has an address to recover by.
	Recovery bool
}

// InventoryPage is a part of the inventory, in ascending order of ids.
type InventoryPage struct {
	Identities []*Inventory
	Next       string // token of the next page, "" on the last one
}

// Inventory reads one page with passkey and webauthn credentials in full; token
// is "" for the first.
func (c *Client) Inventory(ctx context.Context, token string) (*InventoryPage, error) {
	return httpx.Retry(ctx, c.tries, firstWait, func() (*InventoryPage, error) {
		page := &InventoryPage{}
		next, err := c.page(ctx, token, []string{"passkey", "webauthn"}, func(r io.Reader) (n int, err error) {
			page.Identities, err = decodeInventory(r)
			return len(page.Identities), err
		})
		if err != nil {
			return nil, err
		}
		page.Next = next
		return page, nil
	})
}

// wireInventory is an identity as the admin API writes it, with credentials of
// types that this project does not read.
type wireInventory struct {
	wireIdentity
	Credentials map[string]json.RawMessage `json:"credentials"`
	Recovery    []struct{}                 `json:"recovery_addresses"`
}

func decodeInventory(r io.Reader) (all []*Inventory, err error) {
	err = decodeArray(r, func(c *cursor) (uuid.UUID, error) {
		text, err := c.value()
		if err != nil {
			return uuid.Nil, err
		}
		var w wireInventory
		if err := json.Unmarshal(text, &w); err != nil {
			return uuid.Nil, err
		}
		i, err := w.inventory()
		if err != nil {
			return uuid.Nil, err
		}
		all = append(all, i)
		return i.ID, nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (w *wireInventory) inventory() (*Inventory, error) {
	i := &Inventory{Recovery: len(w.Recovery) > 0}
	for name, raw := range w.Credentials {
		var dst **Credentials
		switch name {
		case "passkey":
			dst = &w.wireIdentity.Credentials.Passkey
		case "webauthn":
			dst = &w.wireIdentity.Credentials.WebAuthn
		default:
			i.Others = append(i.Others, name)
			continue
		}
		if err := json.Unmarshal(raw, dst); err != nil {
			return nil, fmt.Errorf("%s credentials of identity %q: %w", name, w.ID, err)
		}
	}
	slices.Sort(i.Others)
	identity, err := w.identity()
	if err != nil {
		return nil, err
	}
	i.Identity = *identity
	return i, nil
}

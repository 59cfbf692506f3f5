package kratosadmin

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Inventory is an identity with all of its keys and its other ways to sign in or
// recover. Traits, addresses, passwords and the identifiers of other credentials never
// leave this package.
type Inventory struct {
	Identity
	// Others are the types of its other credentials, sorted. Kratos also lists "password"
	// for identities with a password identifier, but no password.
	Others []string
	// Recovery reports whether it has a recovery address.
	Recovery bool
}

// InventoryPage is a page of the inventory, in ascending order of IDs.
type InventoryPage struct {
	Identities []*Inventory
	Unread     []uuid.UUID // see Page
	Next       string      // token of the next page, "" on the last one
}

// Inventory reads one page with passkey and webauthn credentials in full; token
// is "" for the first.
func (c *Client) Inventory(ctx context.Context, token string) (*InventoryPage, error) {
	all, unread, next, err := readPage(ctx, c, token, []string{"passkey", "webauthn"}, decodeInventory)
	if err != nil {
		return nil, err
	}
	return &InventoryPage{Identities: all, Unread: unread, Next: next}, nil
}

// wireInventory is an identity in the format of the admin API, with credentials of all
// types.
type wireInventory struct {
	ID          string                    `json:"id"`
	CreatedAt   time.Time                 `json:"created_at"`
	Credentials map[string]jsontext.Value `json:"credentials"`
	Recovery    []struct{}                `json:"recovery_addresses"`
}

func decodeInventory(r io.Reader) (all []*Inventory, unread []uuid.UUID, err error) {
	options := decoding()
	return decodeArray(r, func(text []byte) (*Inventory, uuid.UUID, error) {
		var w wireInventory
		if err := json.Unmarshal(text, &w, options); err != nil {
			return nil, uuid.Nil, err
		}
		i, err := w.inventory(options)
		if err != nil {
			return nil, uuid.Nil, err
		}
		return i, i.ID, nil
	})
}

func (w *wireInventory) inventory(options json.Options) (*Inventory, error) {
	id, err := parseID(w.ID)
	if err != nil {
		return nil, err
	}
	i := &Inventory{Identity: Identity{ID: id, CreatedAt: w.CreatedAt}, Recovery: len(w.Recovery) > 0}
	for name, raw := range w.Credentials {
		var dst **Credentials
		switch name {
		case "passkey":
			dst = &i.Passkey
		case "webauthn":
			dst = &i.WebAuthn
		default:
			i.Others = append(i.Others, name)
			continue
		}
		if err := json.Unmarshal(raw, dst, options); err != nil {
			return nil, err
		}
	}
	slices.Sort(i.Others)
	return i, nil
}

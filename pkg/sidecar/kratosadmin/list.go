package kratosadmin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Page is a page of the list of all identities, in ascending order of IDs.
type Page struct {
	Identities []*Identity
	// Unread are listed identities that are too large for a list or cannot be decoded.
	// They exist, but nothing else is known about them.
	Unread []uuid.UUID
	Next   string // token of the next page, "" on the last one
}

// Len returns the number of identities on the page, including unread ones.
func (p *Page) Len() int { return len(p.Identities) + len(p.Unread) }

// Last returns the highest ID on the page, uuid.Nil if it is empty.
func (p *Page) Last() (last uuid.UUID) {
	if n := len(p.Unread); n > 0 {
		last = p.Unread[n-1]
	}
	if n := len(p.Identities); n > 0 && bytes.Compare(p.Identities[n-1].ID[:], last[:]) > 0 {
		last = p.Identities[n-1].ID
	}
	return last
}

// List reads a page; token is "" for the first. Pages contain webauthn credentials in
// full, but only the identifiers of passkeys. That is sufficient to map user handles
// to identities without requesting the passkeys' keys.
func (c *Client) List(ctx context.Context, token string) (*Page, error) {
	all, unread, next, err := readPage(ctx, c, token, []string{"webauthn"}, decodePage)
	if err != nil {
		return nil, err
	}
	return &Page{Identities: all, Unread: unread, Next: next}, nil
}

// readPage reads a page with credentials of the given types in full. If it is too
// large, it retries with smaller pages, down to a single identity. If that is too
// large, only its ID is read.
func readPage[T any](ctx context.Context, c *Client, token string, include []string, decode func(io.Reader) ([]T, []uuid.UUID, error)) (all []T, unread []uuid.UUID, next string, err error) {
	const smaller = 10
	for size := c.pageSize; ; size = max(1, size/smaller) {
		next, err = httpx.Retry(ctx, c.tries, firstWait, func() (next string, err error) {
			err = c.page(ctx, token, size, include, func(body io.Reader, link string) error {
				next = link
				all, unread, err = decode(body)
				var huge *hugeError
				if size == 1 && errors.As(err, &huge) {
					unread, err = []uuid.UUID{huge.id}, nil
				}
				if err != nil {
					return fmt.Errorf("list of identities: %w", err)
				}
				return nil
			})
			if errors.Is(err, errTooLarge) {
				return "", backoff.Permanent(err)
			}
			if n := len(all) + len(unread); err == nil && next != "" && (next == token || n == 0) {
				err = backoff.Permanent(fmt.Errorf("kratos's pagination does not advance: a page of %d identities links to itself", n))
			}
			return next, err
		})
		if size == 1 || !errors.Is(err, errTooLarge) {
			return all, unread, next, err
		}
	}
}

// page requests a page, and calls read with its body and the token of the next page.
func (c *Client) page(ctx context.Context, token string, size int, include []string, read func(body io.Reader, next string) error) error {
	query := url.Values{"include_credential": include, "page_size": {strconv.Itoa(size)}}
	if token != "" {
		query.Set("page_token", token)
	}
	var oddLink error
	err := c.get(ctx, longTimes*c.timeout, nil, query, func(header http.Header, body io.Reader) error {
		var next string
		next, oddLink = nextToken(header.Values("Link"))
		return read(httpx.Bounded(body, maxPage, errTooLarge), next)
	})
	if err == nil && oddLink != nil {
		err = backoff.Permanent(oddLink)
	}
	return err
}

// nextToken returns the page token of the rel="next" link. Only the query of the link
// is used, so that it can never lead to another host.
func nextToken(headers []string) (string, error) {
	for _, header := range headers {
		for link := range strings.SplitSeq(header, ",") {
			target, params, ok := strings.Cut(link, ";")
			if !ok || !isNext(params) {
				continue
			}
			target = strings.TrimSpace(target)
			u, err := url.Parse(strings.TrimSuffix(strings.TrimPrefix(target, "<"), ">"))
			if err != nil {
				return "", fmt.Errorf("kratos returned an invalid link to the next page: %w", err)
			}
			if token := u.Query().Get("page_token"); token != "" {
				return token, nil
			}
			return "", errors.New("kratos returned a link to the next page without page_token")
		}
	}
	return "", nil
}

func isNext(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if p = strings.TrimSpace(p); p == `rel="next"` || p == "rel=next" {
			return true
		}
	}
	return false
}

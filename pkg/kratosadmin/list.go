package kratosadmin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Page is a part of the list of all identities, in ascending order of their ids.
type Page struct {
	Identities []*Identity
	Next       string // token of the next page, "" on the last one
}

// List reads one page; token is "" for the first. The pages show webauthn
// credentials in full and of passkey the identifiers, which is everything that
// leads from a handle to its identity; no passkey's key material is asked for.
func (c *Client) List(ctx context.Context, token string) (*Page, error) {
	return httpx.Retry(ctx, c.tries, firstWait, func() (*Page, error) {
		page := &Page{}
		next, err := c.page(ctx, token, []string{"webauthn"}, func(r io.Reader) (n int, err error) {
			page.Identities, err = decodePage(r)
			return len(page.Identities), err
		})
		if err != nil {
			return nil, err
		}
		page.Next = next
		return page, nil
	})
}

// page asks for one page with credentials of some types in full, and answers
// the token of the next one. decode answers how many identities there are.
func (c *Client) page(ctx context.Context, token string, include []string, decode func(io.Reader) (int, error)) (next string, err error) {
	const pageTimes = 6
	ctx, cancel := context.WithTimeout(ctx, pageTimes*c.timeout)
	defer cancel()
	query := url.Values{"include_credential": include, "page_size": {strconv.Itoa(c.pageSize)}}
	if token != "" {
		query.Set("page_token", token)
	}
	u := c.base.JoinPath("admin", "identities")
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return "", c.at(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := c.checkStatus(resp); err != nil {
		return "", err
	}
	n, err := decode(httpx.Bounded(resp.Body, maxPage, errTooLarge))
	if err != nil {
		return "", c.at(fmt.Errorf("list of identities: %w", err))
	}
	if next, err = nextToken(resp.Header.Values("Link")); err != nil {
		return "", backoff.Permanent(err)
	}
	if next != "" && (next == token || n == 0) {
		return "", backoff.Permanent(fmt.Errorf("kratos answered a page that leads nowhere: %d identities and the same page again", n))
	}
	return next, nil
}

// nextToken takes the page token out of the rel="next" link. Kratos sends one
// header with path-only URLs; only their query is used, so that a link never
// leads to another host.
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
				return "", fmt.Errorf("kratos answered a link that is no url: %w", err)
			}
			if token := u.Query().Get("page_token"); token != "" {
				return token, nil
			}
			return "", errors.New("kratos answered a link to a next page without a page_token")
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

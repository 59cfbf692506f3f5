package kratosadmin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cenkalti/backoff/v5"
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
	return retry(ctx, c.tries, func() (*Page, error) {
		const pageTimes = 6
		ctx, cancel := context.WithTimeout(ctx, pageTimes*c.timeout)
		defer cancel()
		return c.list(ctx, token)
	})
}

func (c *Client) list(ctx context.Context, token string) (*Page, error) {
	query := url.Values{"include_credential": {"webauthn"}, "page_size": {strconv.Itoa(c.pageSize)}}
	if token != "" {
		query.Set("page_token", token)
	}
	u := c.base.JoinPath("admin", "identities")
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.at(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := c.checkStatus(resp); err != nil {
		return nil, err
	}
	page := &Page{}
	if page.Identities, err = decodePage(&boundedReader{r: resp.Body, left: maxPage}); err != nil {
		return nil, c.at(fmt.Errorf("list of identities: %w", err))
	}
	if page.Next, err = nextToken(resp.Header.Values("Link")); err != nil {
		return nil, backoff.Permanent(err)
	}
	if page.Next != "" && (page.Next == token || len(page.Identities) == 0) {
		return nil, backoff.Permanent(fmt.Errorf("kratos answered a page that leads nowhere: %d identities and the same page again", len(page.Identities)))
	}
	return page, nil
}

// decodePage reads a JSON array of identities to its end: half a page is an
// error, because what is missing from a page counts as deleted.
func decodePage(r io.Reader) ([]*Identity, error) {
	dec := json.NewDecoder(r)
	if t, err := dec.Token(); err != nil {
		return nil, unexpectedEnd(err)
	} else if t != json.Delim('[') {
		return nil, fmt.Errorf("answer is no json array, it starts with %v", t)
	}
	var identities []*Identity
	for dec.More() {
		var w wireIdentity
		if err := dec.Decode(&w); err != nil {
			return nil, unexpectedEnd(err)
		}
		i, err := w.identity()
		if err != nil {
			return nil, err
		}
		if n := len(identities); n > 0 && strings.Compare(identities[n-1].ID.String(), i.ID.String()) >= 0 {
			return nil, fmt.Errorf("identities are not in the order of their ids: %s after %s", i.ID, identities[n-1].ID)
		}
		identities = append(identities, i)
	}
	if _, err := dec.Token(); err != nil {
		return nil, unexpectedEnd(err)
	}
	return identities, nil
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
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

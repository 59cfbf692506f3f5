// Package fakekratos is an admin API that lists any number of identities with one
// passkey each. It is fast, because a real Kratos does not list ten million within
// minutes.
package fakekratos

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"
)

const pageSize = 1000

// Handler lists identities in the order of their ids.
func Handler(total int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/identities", func(w http.ResponseWriter, r *http.Request) { list(w, r, total) })
	mux.HandleFunc("GET /admin/identities/{id}", func(w http.ResponseWriter, r *http.Request) { one(w, r, total) })
	return mux
}

func list(w http.ResponseWriter, r *http.Request, total int) {
	if ids := r.URL.Query().Get("ids"); ids != "" {
		selected(w, ids, total)
		return
	}
	from := 0
	if token := r.URL.Query().Get("page_token"); token != "" {
		from, _ = strconv.Atoi(token) // our own
	}
	to := min(from+pageSize, total)
	if to < total {
		w.Header().Set("Link", fmt.Sprintf(`</admin/identities?page_token=%d>; rel="next"`, to))
	}
	w.Header().Set("Content-Type", "application/json")
	const buffer = 64 << 10
	out := bufio.NewWriterSize(w, buffer)
	defer func() { _ = out.Flush() }() // a client that went away has no use for an error
	_ = out.WriteByte('[')
	for n := from; n < to; n++ {
		if n > from {
			_ = out.WriteByte(',')
		}
		write(out, n, total)
	}
	_ = out.WriteByte(']')
}

// selected lists the identity with one id, if there is one.
func selected(w http.ResponseWriter, text string, total int) {
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriter(w)
	defer func() { _ = out.Flush() }() // a client that went away has no use for an error
	_ = out.WriteByte('[')
	if n, ok := find(text, total); ok {
		write(out, n, total)
	}
	_ = out.WriteByte(']')
}

// find returns which identity has an id, if one has.
func find(text string, total int) (n int, ok bool) {
	id, err := uuid.Parse(text)
	n = number(id, total)
	return n, err == nil && n >= 0 && n < total && ID(n, total) == id
}

func one(w http.ResponseWriter, r *http.Request, total int) {
	w.Header().Set("Content-Type", "application/json")
	n, ok := find(r.PathValue("id"), total)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`)
		return
	}
	out := bufio.NewWriter(w)
	write(out, n, total)
	_ = out.Flush()
}

// write writes an identity as Kratos v1.3.1 does, about 700 bytes of it.
func write(out *bufio.Writer, n, total int) {
	_, _ = out.WriteString(`{"id":"`)
	_, _ = out.WriteString(ID(n, total).String())
	_, _ = out.WriteString(`","credentials":{"code":{"type":"code","identifiers":["person@example.com"],"version":0,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z"},"passkey":{"type":"passkey","identifiers":["`)
	_, _ = out.WriteString(Handle(n))
	_, _ = out.WriteString(`"],"version":1,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z"}},"schema_id":"default","schema_url":"http://localhost:4433/schemas/ZGVmYXVsdA","state":"active","state_changed_at":"2026-11-22T00:00:00Z","traits":{"email":"person@example.com"},"metadata_public":null,"metadata_admin":null,"created_at":"2026-11-22T00:00:00Z","updated_at":"2026-11-22T00:00:00Z","organization_id":null}`)
}

// ID spreads ids evenly, in order.
func ID(n, total int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*step(total))
	sum := sha256.Sum256(id[:8])
	copy(id[8:], sum[:8])
	return id
}

// number is the other way round; of an id that is none it is any number.
func number(id uuid.UUID, total int) int {
	return int(binary.BigEndian.Uint64(id[:])/step(total)) - 1
}

func step(total int) uint64 { return ^uint64(0) / uint64(total+1) }

// Handle is the user handle of identity n: 64 characters, as Kratos makes them.
func Handle(n int) string {
	sum := sha256.Sum256(strconv.AppendInt(nil, int64(n), 10))
	return base64.RawURLEncoding.EncodeToString(append(sum[:], sum[:16]...))
}

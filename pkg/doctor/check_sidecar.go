package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// Ages from which an index is stale. A hook is handled within seconds, and a
// sweep runs at least daily.
const (
	staleHook  = time.Minute
	staleSweep = 48 * time.Hour
)

// sidecarIndex: is it built, and does it follow?
var sidecarIndex = check{"sidecar-index", func(ctx context.Context, v *visit) outcome {
	if v.o.SidecarURL == "" {
		return na("no --sidecar")
	}
	where := strings.TrimRight(v.o.SidecarURL, "/") + "/v1/index"
	a, err := v.client.once(ctx, http.MethodGet, where, http.Header{"Authorization": {"Bearer " + v.o.SidecarKey}})
	switch {
	case err != nil:
		return found(lint.Error, where, "start the sidecar, or correct --sidecar", "the sidecar does not answer: %s", err)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return notRun("the sidecar wants a key of scope read in --api-key-file")
	}
	var d struct {
		Complete   *bool      `json:"complete"`
		Missing    int        `json:"missing"`
		Sweep      *time.Time `json:"sweep_ended_at"`
		Built      *time.Time `json:"built_at"`
		OldestHook float64    `json:"oldest_hook_seconds"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &d) != nil || d.Complete == nil {
		return found(lint.Error, where, "correct --sidecar", "the sidecar answers with status %d and no state of an index", a.status)
	}
	last := d.Sweep
	if last == nil {
		last = d.Built
	}
	const log = "see the sidecar's log: can it reach Kratos' admin API?"
	switch {
	case !*d.Complete:
		return found(lint.Warning, where, "wait, or see the sidecar's log", "the index is not built yet, so that unknown user handles answer 503")
	case d.Missing > 0:
		return found(lint.Warning, where, "look at Kratos' database, then POST /v1/index/reconcile?accept_deletions=N", "the last sweep stopped, because %d identities are gone at once", d.Missing)
	case d.OldestHook > staleHook.Seconds():
		return found(lint.Warning, where, log, "a hook waits since %.0f s for its identity", d.OldestHook)
	case last != nil && v.o.Now().Sub(*last) > staleSweep:
		return found(lint.Warning, where, log, "the last sweep ended %.0f hours ago", v.o.Now().Sub(*last).Hours())
	}
	return verdict(nil)
}}

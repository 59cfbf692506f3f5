package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Ages at which an index counts as stale. A hook is handled within seconds, and a
// sweep runs at least daily.
const (
	staleHook  = time.Minute
	staleSweep = 48 * time.Hour
)

// sidecarIndex checks that the index is complete and up to date.
var sidecarIndex = check{"sidecar-index", func(ctx context.Context, v *visit) outcome {
	if v.o.SidecarURL == "" {
		return notApplicable("no --sidecar")
	}
	where := strings.TrimRight(v.o.SidecarURL, "/") + "/v1/index"
	a, err := v.client.once(ctx, http.MethodGet, where, http.Header{"Authorization": {"Bearer " + v.o.SidecarKey}})
	switch {
	case err != nil:
		return failed(finding.Error, where, "start the sidecar, or correct --sidecar", "the sidecar does not respond: %s", err)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return notRun("the sidecar needs a key with scope read in --api-key-file")
	}
	var d struct {
		Complete   *bool      `json:"complete"`
		Missing    int        `json:"missing"`
		Sweep      *time.Time `json:"sweep_ended_at"`
		Built      *time.Time `json:"built_at"`
		OldestHook float64    `json:"oldest_hook_seconds"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &d) != nil || d.Complete == nil {
		return failed(finding.Error, where, "correct --sidecar", "the sidecar responds with status %d and no state of an index", a.status)
	}
	last := d.Sweep
	if last == nil {
		last = d.Built
	}
	const log = "check in the sidecar's log whether it can reach Kratos' admin API"
	switch {
	case !*d.Complete:
		return failed(finding.Warning, where, "wait, or check the sidecar's log", "the index is not complete yet; until then the sidecar returns 503 for unknown user handles")
	case d.Missing > 0:
		return failed(finding.Warning, where, "check Kratos' database, then POST /v1/index/reconcile?accept_deletions=N", "the last sweep stopped because %d identities are missing at once", d.Missing)
	case d.OldestHook > staleHook.Seconds():
		return failed(finding.Warning, where, log, "a hook has been waiting for %.0f s for its identity to be read", d.OldestHook)
	case last != nil && v.o.Now().Sub(*last) > staleSweep:
		return failed(finding.Warning, where, log, "the last sweep ended %.0f hours ago", v.o.Now().Sub(*last).Hours())
	}
	return verdict(nil)
}}

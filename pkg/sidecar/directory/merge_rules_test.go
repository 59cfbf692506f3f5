package directory

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

var (
	mergeID   = uuid.MustParse("3fa85f64-5717-4562-b3fc-2c963f66afa6")
	mergeTime = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

func digest(text string) userhandle.Digest {
	if text == "" {
		return userhandle.Digest{}
	}
	if text == "id" {
		return userhandle.DigestOf(mergeID[:])
	}
	return userhandle.DigestOf([]byte(text))
}

// kept is a handle or a credential of a record.
type kept struct {
	name   string
	kind   index.Kind
	state  index.State // of a handle
	handle string      // of a credential
	dead   bool
}

func recordOf(handles, credentials []kept) *index.Identity {
	i := &index.Identity{ID: mergeID, SeenAt: mergeTime, PulledAt: mergeTime}
	for _, h := range handles {
		i.Handles = append(i.Handles, index.Handle{Digest: digest(h.name), Kind: h.kind, State: h.state, Pulled: true, FirstSeen: mergeTime})
	}
	for _, c := range credentials {
		i.Credentials = append(i.Credentials, index.Credential{Digest: digest(c.name), Kind: c.kind, Handle: digest(c.handle), Live: !c.dead})
	}
	return i
}

func credentials(userHandle string, identifiers []string, keys ...kratosadmin.Key) *kratosadmin.Credentials {
	c := &kratosadmin.Credentials{Identifiers: identifiers, Config: &kratosadmin.Config{Keys: keys}}
	switch userHandle {
	case "":
	case "id":
		c.Config.UserHandle = mergeID[:]
	default:
		c.Config.UserHandle = []byte(userHandle)
	}
	return c
}

func keys(names ...string) []kratosadmin.Key {
	all := make([]kratosadmin.Key, len(names))
	for n, name := range names {
		all[n] = kratosadmin.Key{ID: []byte(name), AddedAt: mergeTime, Passwordless: true}
	}
	return all
}

// told is a record in words: the state of each handle that is named, and what
// each credential was registered with.
func told(i *index.Identity, names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		d := digest(name)
		if h, ok := i.Handle(d); ok {
			out[name] = h.State.String()
		}
		if c, ok := i.Credential(d); ok {
			out[name] = "gone"
			if c.Live {
				out[name] = "live"
			}
			for _, of := range names {
				if c.Handle == digest(of) {
					out[name] += " " + of
				}
			}
		}
	}
	return out
}

// TestPulledPasskeys: what a pull makes of a record, case by case.
func TestPulledPasskeys(t *testing.T) {
	p, active, removed, unknown := index.Passkey, index.Active, index.Removed, index.Unknown
	for name, tc := range map[string]struct {
		cur  *index.Identity
		seen *kratosadmin.Credentials
		want map[string]string
	}{
		"two at first": {
			nil, credentials("B", []string{"A", "B"}, keys("KA", "KB")...),
			map[string]string{"A": "active", "B": "active", "KA": "live A", "KB": "live B"},
		},
		"three at first": {
			nil, credentials("C", []string{"A", "B", "C"}, keys("KA", "KB", "KC")...),
			map[string]string{"A": "active", "B": "active", "C": "active", "KA": "live", "KB": "live", "KC": "live C"},
		},
		"one has lost its key": {
			nil, credentials("B", []string{"A", "B"}, keys("K")...),
			map[string]string{"A": "unknown", "B": "unknown", "K": "live"},
		},
		"identifiers without keys": {
			recordOf([]kept{{name: "A", kind: p, state: active}}, []kept{{name: "KA", kind: p, handle: "A"}}), credentials("A", []string{"A"}),
			map[string]string{"A": "removed", "KA": "gone A"},
		},
		"a key comes back": {
			recordOf([]kept{{name: "A", kind: p, state: removed}}, []kept{{name: "KA", kind: p, handle: "A", dead: true}}), credentials("A", []string{"A"}, keys("KA")...),
			map[string]string{"A": "active", "KA": "live A"},
		},
		"a known key goes": {
			recordOf([]kept{{name: "A", kind: p, state: active}, {name: "C", kind: p, state: unknown}}, []kept{{name: "KA", kind: p, handle: "A"}, {name: "KC", kind: p}}),
			credentials("C", []string{"A", "C"}, keys("KC")...),
			map[string]string{"A": "removed", "KA": "gone A", "C": "active", "KC": "live C"},
		},
		"what was removed stays so": {
			recordOf([]kept{{name: "A", kind: p, state: removed}, {name: "B", kind: p, state: unknown}}, []kept{{name: "K", kind: p}}),
			credentials("", []string{"A", "B"}, keys("K")...),
			map[string]string{"A": "removed", "B": "active", "K": "live B"},
		},
		"none can be removed": {
			recordOf([]kept{{name: "A", kind: p, state: removed}}, nil), credentials("A", []string{"A"}, keys("K")...),
			map[string]string{"A": "active", "K": "live"},
		},
		"one is not listed any more": {
			recordOf([]kept{{name: "A", kind: p, state: active}, {name: "B", kind: p, state: active}}, []kept{{name: "KB", kind: p, handle: "B"}}),
			credentials("B", []string{"B"}, keys("KB")...),
			map[string]string{"A": "removed", "B": "active", "KB": "live B"},
		},
		"the last key is another's": {
			recordOf([]kept{{name: "A", kind: p, state: active}}, []kept{{name: "KA", kind: p, handle: "A"}}),
			credentials("B", []string{"A", "B"}, keys("KB", "KA")...),
			map[string]string{"A": "active", "B": "active", "KA": "live A", "KB": "live B"},
		},
		"imported keys share a handle": {
			nil, credentials("", []string{"A"}, keys("K1", "K2")...),
			map[string]string{"A": "active", "K1": "live", "K2": "live"},
		},
		"one of two that share a handle goes": {
			recordOf([]kept{{name: "A", kind: p, state: active}}, []kept{{name: "K1", kind: p, handle: "A"}, {name: "K2", kind: p, handle: "A"}}),
			credentials("A", []string{"A"}, keys("K1")...),
			map[string]string{"A": "active", "K1": "live A", "K2": "gone A"},
		},
		"not shown at all": {
			recordOf([]kept{{name: "A", kind: p, state: active}}, []kept{{name: "KA", kind: p, handle: "A"}}), nil,
			map[string]string{"A": "removed", "KA": "gone A"},
		},
		"shown without its keys": {
			recordOf([]kept{{name: "A", kind: p, state: active}}, []kept{{name: "KA", kind: p, handle: "A"}}), &kratosadmin.Credentials{Identifiers: []string{"A"}},
			map[string]string{"A": "removed", "KA": "gone A"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := mergeTime.Add(time.Hour)
			got := mergePulled(tc.cur, &kratosadmin.Identity{ID: mergeID, Passkey: tc.seen}, observation{now, now})
			require.Equal(t, tc.want, told(got, namesOf(tc.want)...))
			require.Equal(t, now, got.SeenAt)
			require.Equal(t, now, got.PulledAt)
			for _, h := range got.Handles {
				if h.State != removed {
					require.True(t, h.Pulled)
				}
			}
		})
	}
}

func namesOf(m map[string]string) (names []string) {
	for name := range maps.Keys(m) {
		names = append(names, name)
	}
	return names
}

// TestListedPasskeys: the list shows handles without keys.
func TestListedPasskeys(t *testing.T) {
	p, w := index.Passkey, index.WebAuthn
	cur := func() *index.Identity {
		return recordOf(
			[]kept{{name: "A", kind: p, state: index.Active}, {name: "B", kind: p, state: index.Active}, {name: "W", kind: w, state: index.Active}},
			[]kept{{name: "KA", kind: p, handle: "A"}, {name: "K", kind: p}, {name: "KW", kind: w, handle: "W"}})
	}
	all := []string{"A", "B", "W", "KA", "K", "KW", "C"}
	web := credentials("W", nil, keys("KW")...)
	for name, tc := range map[string]struct {
		listed []string
		want   map[string]string
	}{
		"both":    {[]string{"A", "B"}, map[string]string{"A": "active", "B": "active", "W": "active", "KA": "live A", "K": "live", "KW": "live W"}},
		"one":     {[]string{"B"}, map[string]string{"A": "removed", "B": "active", "W": "active", "KA": "gone A", "K": "live", "KW": "live W"}},
		"none":    {nil, map[string]string{"A": "removed", "B": "removed", "W": "active", "KA": "gone A", "K": "gone", "KW": "live W"}},
		"another": {[]string{"A", "B", "C"}, map[string]string{"A": "active", "B": "active", "C": "unknown", "W": "active", "KA": "live A", "K": "live", "KW": "live W"}},
	} {
		t.Run(name, func(t *testing.T) {
			now := mergeTime.Add(time.Hour)
			got := mergeListed(cur(), &kratosadmin.Identity{ID: mergeID, Passkey: &kratosadmin.Credentials{Identifiers: tc.listed}, WebAuthn: web}, observation{now, now})
			require.Equal(t, tc.want, told(got, all...))
			require.Equal(t, mergeTime, got.PulledAt, "a look at the list is no pull")
			want := now
			if name == "both" {
				want = mergeTime // nothing is new
			}
			require.Equal(t, want, got.SeenAt)
		})
	}
}

// TestWebAuthnKeys: whose handle was overwritten, and by what.
func TestWebAuthnKeys(t *testing.T) {
	w, p := index.WebAuthn, index.Passkey
	early := func(after time.Duration, passwordless bool) []kratosadmin.Key {
		return []kratosadmin.Key{{ID: []byte("K0"), AddedAt: mergeTime.Add(after), Passwordless: passwordless}, {ID: []byte("K1"), AddedAt: mergeTime.Add(time.Hour), Passwordless: true}}
	}
	for name, tc := range map[string]struct {
		cur     *index.Identity
		created time.Time
		seen    *kratosadmin.Credentials
		want    map[string]string
	}{
		"a registration": {nil, mergeTime, credentials("R", nil, keys("K0")...), map[string]string{"R": "active", "K0": "live R"}},
		"of one byte":    {nil, mergeTime, credentials("r", nil, keys("K0")...), map[string]string{"r": "active", "K0": "live r"}},
		"no handle":      {nil, mergeTime, credentials("", nil, keys("K0")...), nil},
		"no handle, known": {
			recordOf(nil, nil), mergeTime, credentials("", nil, keys("K0")...), map[string]string{"K0": "live"},
		},
		"overwritten before we looked": {nil, mergeTime, credentials("id", nil, early(0, true)[:1]...), map[string]string{"id": "unknown", "K0": "live"}},
		"ten seconds late":             {nil, mergeTime, credentials("id", nil, early(10*time.Second, true)[:1]...), map[string]string{"id": "unknown", "K0": "live"}},
		"eleven seconds late":          {nil, mergeTime, credentials("id", nil, early(10*time.Second+1, true)[:1]...), map[string]string{"id": "active", "K0": "live id"}},
		"nobody knows when":            {nil, time.Time{}, credentials("id", nil, early(time.Hour, true)[:1]...), map[string]string{"id": "unknown", "K0": "live"}},
		"a second factor":              {nil, mergeTime, credentials("id", nil, early(0, false)[:1]...), map[string]string{"id": "active", "K0": "live id"}},
		"and another":                  {nil, mergeTime, credentials("id", nil, early(0, true)...), map[string]string{"id": "active", "K0": "live", "K1": "live id"}},
		"two at once": {
			nil, mergeTime, credentials("id", nil, keys("K0", "K1")...), map[string]string{"id": "active", "K0": "live", "K1": "live id"},
		},
		"on an identity that we know": {recordOf(nil, nil), mergeTime, credentials("id", nil, early(0, true)[:1]...), map[string]string{"id": "active", "K0": "live id"}},
		"orphaned by a second": {
			recordOf([]kept{{name: "R", kind: w, state: index.Active}}, []kept{{name: "K0", kind: w, handle: "R"}}),
			mergeTime, credentials("id", nil, early(0, true)...),
			map[string]string{"R": "orphaned", "id": "active", "K0": "live R", "K1": "live id"},
		},
		"the known key goes, a key of nobody knows what stays": {
			recordOf([]kept{{name: "id", kind: w, state: index.Active}}, []kept{{name: "K0", kind: w}, {name: "KI", kind: w, handle: "id"}}),
			mergeTime, credentials("id", nil, keys("K0")...),
			map[string]string{"id": "unknown", "K0": "live", "KI": "gone id"},
		},
		"the orphan goes, a key of nobody knows what stays": {
			recordOf([]kept{{name: "R", kind: w, state: index.Orphaned}, {name: "id", kind: w, state: index.Unknown}}, []kept{{name: "K0", kind: w}, {name: "KR", kind: w, handle: "R"}}),
			mergeTime, credentials("id", nil, keys("K0")...),
			map[string]string{"R": "removed", "id": "unknown", "K0": "live", "KR": "gone R"},
		},
		"an unknown key before a known one": {
			recordOf([]kept{{name: "R", kind: w, state: index.Orphaned}, {name: "id", kind: w, state: index.Unknown}}, []kept{{name: "K0", kind: w}, {name: "KR", kind: w, handle: "R"}}),
			mergeTime, credentials("id", nil, keys("K0", "KR")...),
			map[string]string{"R": "orphaned", "id": "unknown", "K0": "live", "KR": "live R"},
		},
		"passkeys have nothing to do with it": {
			recordOf([]kept{{name: "R", kind: w, state: index.Orphaned}, {name: "id", kind: w, state: index.Active}, {name: "A", kind: p, state: index.Unknown}, {name: "B", kind: p, state: index.Unknown}},
				[]kept{{name: "KR", kind: w, handle: "R"}, {name: "KI", kind: w, handle: "id"}, {name: "KP", kind: p}}),
			mergeTime, credentials("id", nil, keys("KR")...),
			map[string]string{"R": "orphaned", "id": "removed", "A": "unknown", "B": "unknown", "KR": "live R", "KI": "gone id", "KP": "live"},
		},
		"all gone": {
			recordOf([]kept{{name: "R", kind: w, state: index.Active}}, []kept{{name: "K0", kind: w, handle: "R"}}), mergeTime, nil, map[string]string{"R": "removed", "K0": "gone R"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := mergeTime.Add(2 * time.Hour)
			seen := &kratosadmin.Identity{ID: mergeID, CreatedAt: tc.created, WebAuthn: tc.seen, Passkey: &kratosadmin.Credentials{}}
			if _, has := tc.want["A"]; has {
				seen.Passkey.Identifiers = []string{"A", "B"}
			}
			got := mergeListed(tc.cur, seen, observation{now, now})
			if tc.want == nil {
				require.Nil(t, got)
				return
			}
			require.Equal(t, tc.want, told(got, namesOf(tc.want)...), fmt.Sprint(got))
		})
	}
}

// TestNothingToKeep: an identity without any handle makes no record, and keeps
// the one it has.
func TestNothingToKeep(t *testing.T) {
	now := mergeTime.Add(time.Hour)
	seen := &kratosadmin.Identity{ID: mergeID}
	require.Nil(t, mergeListed(nil, seen, observation{now, now}))
	require.Nil(t, mergePulled(nil, seen, observation{now, now}))
	withoutKeys := &kratosadmin.Identity{ID: mergeID, Passkey: credentials("A", []string{"A"})}
	require.Nil(t, mergePulled(nil, withoutKeys, observation{now, now}), "nor handles that have lost their last key")
	require.NotNil(t, mergeListed(recordOf(nil, nil), seen, observation{now, now}))
	require.NotNil(t, mergePulled(recordOf(nil, nil), seen, observation{now, now}))
	deleted := mergeDeleted(recordOf(nil, nil), observation{now, now})
	require.Equal(t, now, deleted.DeletedAt)
	require.Equal(t, now, deleted.SeenAt)
	later := now.Add(time.Hour)
	require.Equal(t, now, mergeDeleted(deleted, observation{later, later}).DeletedAt, "it is deleted once")
	require.True(t, mergeListed(deleted, seen, observation{later, later}).DeletedAt.IsZero(), "and may come back")
}

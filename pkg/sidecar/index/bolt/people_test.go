package bolt

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func personID(n int) uuid.UUID { return uuid.UUID{1, byte(n >> 8), byte(n)} }

func handleOf(n int) userhandle.Digest {
	return userhandle.DigestOf(fmt.Appendf(nil, "handle %d", n))
}

// someone makes a record with those handles.
func someone(id uuid.UUID, version int, handles ...int) *index.Identity {
	i := &index.Identity{ID: id, SeenAt: time.UnixMicro(int64(1 + version)).UTC()}
	for _, h := range handles {
		i.Handles = append(i.Handles, index.Handle{Digest: handleOf(h), Kind: index.Passkey, State: index.Active})
		i.Credentials = append(i.Credentials, index.Credential{Digest: handleOf(-h), Kind: index.Passkey, Handle: handleOf(h), Live: true})
	}
	return i
}

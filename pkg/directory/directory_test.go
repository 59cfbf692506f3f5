package directory

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOtherKratos(t *testing.T) {
	inBubble(t, func(w *world) {
		for range 30 {
			w.kratos.register("passkey")
		}
		w.start()
		require.NoError(w.t, w.stop())
		d, err := New(w.t.Context(), Options{Store: w.store, Kratos: newFakekratos(time.Now), Log: slog.New(slog.DiscardHandler)})
		require.NoError(w.t, err)
		err = d.Run(w.t.Context())
		require.EqualError(w.t, err, "index belongs to another kratos: none of its identities that were looked for exists there; use another data directory, or empty this one if kratos was replaced")
	})
}

func TestParseIdentityIDs(t *testing.T) {
	m, err := ParseIdentityIDs("any")
	require.NoError(t, err)
	require.Equal(t, IdentityIDsAny, m)
	_, err = ParseIdentityIDs("all")
	require.EqualError(t, err, `unknown mode "all", want webauthn, any or off`)
}

package directory

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestHistoriesOfReplicas runs random histories with two servers on one store, whose
// clocks differ, and with slow responses of Kratos and of the store. Hooks reach
// either server, and either is stopped now and then.
func TestHistoriesOfReplicas(t *testing.T) {
	lives := 2
	switch {
	case testing.Short():
		lives = 1
	case os.Getenv("OLY_PASSKEY_PROOF") != "":
		lives = 300
	}
	for seed := range uint64(lives) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				w.store = store
				h := &history{world: w, rand: rand.New(rand.NewPCG(seed, 1)), told: map[uuid.UUID]bool{}, slow: true}
				h.whole(func(...func(*Options)) { h.startTwo(store) })
			})
		})
	}
}

func (h *history) startTwo(store *faultyStore) {
	shared := share(store)
	slow := rand.New(rand.NewPCG(h.rand.Uint64(), 2))
	var drawing sync.Mutex // servers draw at the same time
	upTo := func(longest time.Duration) int64 {
		drawing.Lock()
		defer drawing.Unlock()
		return slow.Int64N(int64(longest))
	}
	late := &lateKratos{fakekratos: h.kratos}
	store.before = func(method string, _ int) {
		if method == "Update" && upTo(4) == 0 {
			time.Sleep(time.Duration(upTo(2 * time.Second)))
		}
		late.page.Store(upTo(5 * time.Second))
		late.identity.Store(upTo(5 * time.Second))
	}
	h.other = &world{t: h.t, kratos: h.kratos, store: h.store, log: &said{}}
	for _, w := range []*world{h.world, h.other} {
		ahead := time.Duration(upTo(2*time.Hour)) - time.Hour
		w.startOn(shared, later(ahead), func(o *Options) {
			o.ReconcileEvery = 20 * time.Second
			o.Kratos, o.Log = late, slog.New(slog.NewTextHandler(w.log, nil))
		})
	}
}

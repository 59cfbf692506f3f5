package kratosadmin

import (
	"time"

	"github.com/google/uuid"
)

// Progress is the progress of reading all identities.
type Progress struct {
	Identities int
	Resumed    int           // number of these that an earlier run read
	Fraction   float64       // fraction of all identities, estimated from the last ID
	Elapsed    time.Duration // of this run
}

// Rate returns the number of identities read per second.
func (p Progress) Rate() float64 {
	return float64(p.Identities-p.Resumed) / max(p.Elapsed.Seconds(), 1e-3)
}

// Left returns the estimated remaining time.
func (p Progress) Left() time.Duration {
	if p.Fraction <= 0 || p.Identities == 0 || p.Rate() <= 0 {
		return 0
	}
	all := float64(p.Identities) / p.Fraction
	return time.Duration((all - float64(p.Identities)) / p.Rate() * float64(time.Second)).Round(time.Second)
}

// Position estimates the fraction of the list before an ID: the list is sorted by ID,
// and IDs are random.
func Position(id uuid.UUID) float64 {
	n := uint64(0)
	for _, b := range id[:6] {
		n = n<<8 | uint64(b)
	}
	return float64(n) / float64(uint64(1)<<48)
}

package kratosadmin

import (
	"time"

	"github.com/google/uuid"
)

// Progress is how far a reading of the whole list has come.
type Progress struct {
	Identities int
	Resumed    int           // of them, how many an earlier run read
	Fraction   float64       // of all identities, estimated from the last id
	Elapsed    time.Duration // of this run
}

// Rate is how many identities are read a second.
func (p Progress) Rate() float64 {
	return float64(p.Identities-p.Resumed) / max(p.Elapsed.Seconds(), 1e-3)
}

// Left is an estimate of the time that is left.
func (p Progress) Left() time.Duration {
	if p.Fraction <= 0 || p.Identities == 0 || p.Rate() <= 0 {
		return 0
	}
	all := float64(p.Identities) / p.Fraction
	return time.Duration((all - float64(p.Identities)) / p.Rate() * float64(time.Second)).Round(time.Second)
}

// Position estimates which fraction of the list stands before an id: the list is
// in the order of the ids, and Kratos makes them at random.
func Position(id uuid.UUID) float64 {
	n := uint64(0)
	for _, b := range id[:6] {
		n = n<<8 | uint64(b)
	}
	return float64(n) / float64(uint64(1)<<48)
}

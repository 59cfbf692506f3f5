package audit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Lister reads the inventory page by page; *kratosadmin.Client is one.
type Lister interface {
	Inventory(ctx context.Context, token string) (*kratosadmin.InventoryPage, error)
}

// Options say how an audit runs.
type Options struct {
	Kratos Lister
	// Source names the Kratos, such as the URL of its admin API: a state of one
	// is not continued with another.
	Source string
	// State is a folder that keeps what was read so far. It is made where it is
	// missing, and an interrupted audit goes on from there.
	State string
	// MaxRPS bounds the requests a second; 0 is as fast as Kratos answers.
	MaxRPS float64
	// Forecast is what a changed rp.id does, nil when it is not asked.
	Forecast *Forecast
	// Progress is called after every page; nil for no such calls.
	Progress func(kratosadmin.Progress)
}

// Run reads every identity, or those that an interrupted run has not read yet.
// The caller closes the report, which also removes the state.
func Run(ctx context.Context, o Options) (*Report, error) {
	st, err := openState(o)
	if err != nil {
		return nil, err
	}
	if err := scan(ctx, o, st); err != nil {
		return nil, st.abandon(err)
	}
	if err := st.findDuplicates(ctx); err != nil {
		return nil, st.abandon(err)
	}
	return &Report{Summary: st.Summary, state: st}, nil
}

func scan(ctx context.Context, o Options, st *state) error {
	began, resumed := time.Now(), st.Summary.Identities
	turns := rate.NewLimiter(rate.Inf, 1)
	if o.MaxRPS > 0 {
		turns.SetLimit(rate.Limit(o.MaxRPS))
	}
	for !st.Done {
		if err := turns.Wait(ctx); err != nil {
			return err
		}
		page, err := o.Kratos.Inventory(ctx, st.Token)
		if err != nil {
			return err
		}
		for _, i := range page.Identities {
			if err := st.add(i); err != nil {
				return err
			}
		}
		for _, id := range page.Unread {
			st.Summary.Findings[unreadable]++
			if err := st.addFinding(Finding{Rule: unreadable, Identity: id}); err != nil {
				return err
			}
		}
		st.Token, st.Done = page.Next, page.Next == ""
		if err := st.checkpoint(); err != nil {
			return err
		}
		if o.Progress != nil {
			p := kratosadmin.Progress{Identities: st.Summary.Identities, Resumed: resumed, Elapsed: time.Since(began), Fraction: 1}
			if n := len(page.Identities); n > 0 && !st.Done {
				p.Fraction = kratosadmin.Position(page.Identities[n-1].ID)
			}
			o.Progress(p)
		}
	}
	return nil
}

// ResumeError says that an audit ended early, and that it can go on.
type ResumeError struct {
	State      string
	Identities int
	Err        error
}

func (e *ResumeError) Error() string {
	return fmt.Sprintf("%v; %d identities were read, and the same command with --state %s goes on from there", e.Err, e.Identities, e.State)
}

// Unwrap answers why it ended.
func (e *ResumeError) Unwrap() error { return e.Err }

package audit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Lister lists the inventory page by page. *kratosadmin.Client implements it.
type Lister interface {
	Inventory(ctx context.Context, token string) (*kratosadmin.InventoryPage, error)
}

// Options are the options of an audit.
type Options struct {
	Kratos Lister
	// Source identifies the Kratos, for example by the URL of its admin API: a state
	// is only resumed with the same source.
	Source string
	// State is a directory for the state of the audit, from which an interrupted audit
	// resumes. It is created if it does not exist.
	State string
	// MaxRPS limits the requests per second; 0 means no limit.
	MaxRPS float64
	// Forecast is a change of rp.id whose effect is counted; it may be nil.
	Forecast *Forecast
	// Progress is called after every page, unless it is nil.
	Progress func(kratosadmin.Progress)
}

// Run reads all identities, or the remaining ones if it resumes an interrupted
// audit. The caller must call Close on the report, which also removes the state, or
// Keep.
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

// ResumeError is the error of an interrupted audit that can be resumed.
type ResumeError struct {
	State      string
	Identities int
	Err        error
}

func (e *ResumeError) Error() string {
	return fmt.Sprintf("%v; %d identities were read; run the same command with --state %s to continue", e.Err, e.Identities, e.State)
}

// Unwrap returns the cause of the interruption.
func (e *ResumeError) Unwrap() error { return e.Err }

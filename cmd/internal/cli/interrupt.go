package cli

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// graceful is the annotation of commands that end on their own.
const graceful = "graceful"

// Graceful marks a command that ends on its own when the context is done, because
// it has something to finish or to clean up. Other commands are abandoned.
func Graceful(c *cobra.Command) *cobra.Command {
	if c.Annotations == nil {
		c.Annotations = make(map[string]string)
	}
	c.Annotations[graceful] = "true"
	return c
}

// Interruptible runs f and returns its result, or an error as soon as the context
// is done. Then f keeps running until the process ends, so it must not write
// anything. A panic of f is passed on.
func Interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
		panic *panicked
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.panic = &panicked{p, debug.Stack()}
			}
			done <- r
		}()
		r.value, r.err = f()
	}()
	select {
	case r := <-done:
		if r.panic != nil {
			panic(r.panic)
		}
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
}

// panicked is a panic of another goroutine.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) String() string { return fmt.Sprint(p.value) }

package directory

import (
	"container/heap"
	"context"
	"slices"
	"time"
)

// line is a heap of jobs that wait, the one that is due first in front.
type line []*job

func (l line) Len() int           { return len(l) }
func (l line) Less(i, j int) bool { return l[i].due.Before(l[j].due) }

func (l line) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].place, l[j].place = i, j
}

// Push implements heap.Interface.
func (l *line) Push(v any) {
	j := v.(*job) //nolint:forcetypeassert // only await calls it
	j.place = len(*l)
	*l = append(*l, j)
}

// Pop implements heap.Interface.
func (l *line) Pop() any {
	*l = slices.Delete(*l, len(*l)-1, len(*l))
	return nil // nobody asks
}

func (q *queue) lineOf(j *job) *line {
	if j.durable {
		return &q.hooks
	}
	return &q.own
}

// await puts a job into its line.
func (q *queue) await(j *job, due time.Time) {
	j.due = due
	heap.Push(q.lineOf(j), j)
	q.signal()
}

// leave takes a job out of its line, if it is in one.
func (q *queue) leave(j *job) {
	if l := q.lineOf(j); j.place < len(*l) && (*l)[j.place] == j {
		heap.Remove(l, j.place)
	}
}

// signal wakes whoever waits for a job.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// sleep waits for a signal, or for the given time where it is not 0.
func (q *queue) sleep(ctx context.Context, wait time.Duration) error {
	var timer <-chan time.Time
	if wait > 0 {
		timer = time.After(wait)
	}
	select {
	case <-q.wake:
		return nil
	case <-timer:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package directory

import (
	"container/heap"
	"context"
	"slices"
	"time"
)

// dueHeap is a min-heap of waiting jobs, ordered by due time.
type dueHeap []*job

func (l dueHeap) Len() int           { return len(l) }
func (l dueHeap) Less(i, j int) bool { return l[i].due.Before(l[j].due) }

func (l dueHeap) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].heapIndex, l[j].heapIndex = i, j
}

// Push implements heap.Interface.
func (l *dueHeap) Push(v any) {
	j := v.(*job) //nolint:forcetypeassert // only push calls it
	j.heapIndex = len(*l)
	*l = append(*l, j)
}

// Pop implements heap.Interface.
func (l *dueHeap) Pop() any {
	*l = slices.Delete(*l, len(*l)-1, len(*l))
	return nil // the result is not used
}

func (q *queue) heapOf(j *job) *dueHeap {
	if j.durable {
		return &q.hooks
	}
	return &q.background
}

// push adds a job to its heap.
func (q *queue) push(j *job, due time.Time) {
	j.due = due
	heap.Push(q.heapOf(j), j)
	q.signal()
}

// remove removes a job from its heap, if it is in one.
func (q *queue) remove(j *job) {
	if l := q.heapOf(j); j.heapIndex < len(*l) && (*l)[j.heapIndex] == j {
		heap.Remove(l, j.heapIndex)
	}
}

// signal wakes sleep.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// sleep waits for a signal, at most for the given time unless that is 0.
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

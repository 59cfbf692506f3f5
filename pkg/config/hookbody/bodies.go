package hookbody

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits of what one Bodies passes to its Evaluator.
const (
	maxBodies   = 200
	maxTimeouts = 2
	maxTime     = 10 * time.Second
)

// Evaluator evaluates a body that is not simple. It limits time and memory, and
// returns one result for each sample.
type Evaluator func(body string, samples []Sample) []Result

// Bodies evaluates the bodies of one or several configurations: simple ones in
// this process, all others with an Evaluator, within one time limit for all of
// them. It caches results and must not be used concurrently.
type Bodies struct {
	others   Evaluator
	known    map[string][]Result
	passed   int
	timeouts int
	spent    time.Duration
}

// NewBodies returns a Bodies with an empty cache. If others is nil, the result of
// every body that is not simple is ErrNotEvaluated.
func NewBodies(others Evaluator) *Bodies {
	return &Bodies{others: others, known: make(map[string][]Result)}
}

// Evaluate returns the results of a body, one for each sample.
func (b *Bodies) Evaluate(body string, samples []Sample) []Result {
	key := fmt.Sprintf("%q %+v", body, samples)
	if known, ok := b.known[key]; ok {
		return known
	}
	var out []Result
	switch {
	case simple(body):
		out = EvaluateAll(body, samples)
	case b.others == nil || b.timeouts >= maxTimeouts || b.spent >= maxTime || b.passed >= maxBodies:
		return failed(samples, ErrNotEvaluated)
	default:
		began := time.Now()
		out = b.others(body, samples)
		b.spent += time.Since(began)
		b.passed++
		for _, r := range out {
			if errors.Is(r.Err, ErrTimeout) {
				b.timeouts++
				break
			}
		}
	}
	b.known[key] = out
	return out
}

// failed returns the same error for each sample.
func failed(samples []Sample, err error) []Result {
	out := make([]Result, len(samples))
	for i := range out {
		out[i].Err = err
	}
	return out
}

// request and response are what Remote and Serve exchange.
type (
	request struct {
		Body    string
		Samples []Sample
	}
	response struct {
		JSON    string
		Error   *Error
		Timeout bool
	}
)

// Remote returns an Evaluator that has Serve evaluate bodies in another process.
// call passes a request to that process and returns its output; an error means that
// the process exceeded its limits.
func Remote(call func(request []byte) ([]byte, error)) Evaluator {
	return func(body string, samples []Sample) []Result {
		in, err := json.Marshal(request{body, samples})
		if err != nil {
			return failed(samples, err)
		}
		text, err := call(in)
		var responses []response
		if err != nil || json.Unmarshal(text, &responses) != nil || len(responses) != len(samples) {
			return failed(samples, ErrTimeout)
		}
		out := make([]Result, len(samples))
		for i, r := range responses {
			out[i].JSON = r.JSON
			switch {
			case r.Timeout:
				out[i].Err = ErrTimeout
			case r.Error != nil:
				out[i].Err = r.Error
			}
		}
		return out
	}
}

// Serve reads one request, evaluates it and writes the response. It may leave an
// evaluation running, so the process must end afterwards.
func Serve(in io.Reader, out io.Writer) error {
	var q request
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	responses := []response{}
	for _, r := range EvaluateAll(q.Body, q.Samples) {
		one := response{JSON: r.JSON, Timeout: errors.Is(r.Err, ErrTimeout)}
		if !errors.As(r.Err, &one.Error) {
			one.Error = nil
		}
		responses = append(responses, one)
	}
	return json.NewEncoder(out).Encode(responses)
}

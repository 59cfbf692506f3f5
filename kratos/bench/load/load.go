// Package load asks an HTTP server as fast as it answers, or at a given rate,
// and costs little itself: it shares two cores with what it measures.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Target is a server and what it is asked.
type Target struct {
	Addr string // host:port on this machine
	// Request appends a whole HTTP/1.1 request, another one each time.
	Request func(r *rand.Rand, to []byte) []byte
}

// Result is what a run has shown.
type Result struct {
	PerSecond float64         // answers
	Latencies []time.Duration // of each answer, sorted
}

// Quantile answers the latency that a share q of all answers stays under; 0
// where there is no answer.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	return r.Latencies[min(int(q*float64(len(r.Latencies))), len(r.Latencies)-1)]
}

// result sorts what the workers have measured.
func result(took time.Duration, all [][]time.Duration) Result {
	l := slices.Concat(all...)
	slices.Sort(l)
	return Result{PerSecond: float64(len(l)) / took.Seconds(), Latencies: l}
}

// Closed asks on several connections, on each as soon as the last answer is
// there. Any answer but a good one (2xx) is an error.
func Closed(ctx context.Context, t Target, connections int, length time.Duration, seed uint64) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	latencies, errs := make([][]time.Duration, connections), make([]error, connections)
	var wg sync.WaitGroup
	from := time.Now()
	for n := range connections {
		wg.Go(func() {
			latencies[n], errs[n] = askUntil(ctx, t, rand.New(rand.NewPCG(seed, uint64(n))))
		})
	}
	wg.Wait()
	return result(time.Since(from), latencies), errors.Join(errs...)
}

func askUntil(ctx context.Context, t Target, r *rand.Rand) (took []time.Duration, err error) {
	var d net.Dialer
	conn, err := d.DialContext(context.WithoutCancel(ctx), "tcp", t.Addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	in := bufio.NewReader(conn)
	var request []byte
	for ctx.Err() == nil {
		request = t.Request(r, request[:0])
		from := time.Now()
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := readAnswer(in); err != nil {
			return nil, err
		}
		took = append(took, time.Since(from))
	}
	return took, nil
}

// readAnswer reads one answer to its end.
func readAnswer(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 2")) {
		rest, _ := in.Peek(in.Buffered())
		return fmt.Errorf("answered %q, then %q", line, rest)
	}
	length, chunked := 0, false
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case len(name) == 0:
			if chunked {
				return readChunks(in)
			}
			_, err := in.Discard(length)
			return err
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func readChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, in, size+int64(len("\r\n"))); err != nil || size == 0 {
			return err
		}
	}
}

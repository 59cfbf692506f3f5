package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// openThreads share an offered rate. Each sleeps and asks with system calls of
// its own: the Go scheduler's timers are coarser than what is measured here.
const openThreads = 8

// Open offers a number of requests a second. A latency counts from the moment
// at which a request was due, so that a server that stalls is not given a rest
// (coordinated omission).
func Open(ctx context.Context, t Target, perSecond int, length time.Duration, seed uint64) (Result, error) {
	latencies, errs := make([][]time.Duration, openThreads), make([]error, openThreads)
	var wg sync.WaitGroup
	from := time.Now().Add(10 * time.Millisecond) // all are connected by then
	for n := range openThreads {
		wg.Go(func() {
			o := offer{target: t, from: from, gap: time.Second * openThreads / time.Duration(perSecond), count: perSecond * int(length/time.Millisecond) / 1000 / openThreads}
			o.from = o.from.Add(o.gap * time.Duration(n) / openThreads)
			latencies[n], errs[n] = o.run(ctx, rand.New(rand.NewPCG(seed, uint64(n))))
		})
	}
	wg.Wait()
	return result(time.Since(from), latencies), errors.Join(errs...)
}

// offer is one thread's share.
type offer struct {
	target Target
	from   time.Time
	gap    time.Duration
	count  int
}

func (o offer) run(ctx context.Context, r *rand.Rand) (took []time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	conn, err := dialBlocking(o.target.Addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	in := bufio.NewReader(conn)
	var request []byte
	for n := range o.count {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		request = o.target.Request(r, request[:0])
		due := o.from.Add(o.gap * time.Duration(n))
		if wait := time.Until(due); wait > 0 {
			ts := syscall.NsecToTimespec(wait.Nanoseconds())
			_ = syscall.Nanosleep(&ts, nil) // cut short by a signal it is a little early
		}
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := readAnswer(in); err != nil {
			return nil, err
		}
		took = append(took, time.Since(due))
	}
	return took, nil
}

// dialBlocking connects with a socket that the Go scheduler does not watch.
func dialBlocking(addr string) (*os.File, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	if !to.Addr().Is4() {
		return nil, fmt.Errorf("%q is no IPv4 address", addr)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	conn := os.NewFile(uintptr(fd), addr)
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return nil, errors.Join(os.NewSyscallError("connect", err), conn.Close())
	}
	return conn, os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1))
}

package mutation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// Outcome is what the tests made of a mutant.
type Outcome string

// The outcomes. A mutant that the tests do not finish with is noticed too.
const (
	Killed   Outcome = "killed"
	TimedOut Outcome = "timed out"
	Survived Outcome = "survived"
)

// maxMemory bounds the address space of a test binary: some mutants never stop
// allocating.
const maxMemory = 6 << 30

// Runner runs mutants of one package.
type Runner struct {
	p       *Package
	scratch string
	binary  string
	timeout time.Duration
	// cpu bounds the seconds of processor time of a run, which do not depend on
	// what else the machine does.
	cpu int
}

// NewRunner compiles the mutants of p into scratch and makes sure that the tests
// pass when none of them is asked for.
func NewRunner(ctx context.Context, p *Package, scratch string) (*Runner, error) {
	r := &Runner{p: p, scratch: scratch, binary: filepath.Join(scratch, "mutants.test")}
	files := map[string]string{"mutant_zz.go": fmt.Sprintf(support, p.Name)}
	for name, text := range p.Sources {
		var own []Mutant
		for _, m := range p.Mutants {
			if m.File == name {
				own = append(own, m)
			}
		}
		files[name] = render(text, own)
	}
	if out, err := r.compile(ctx, r.binary, files); err != nil {
		return nil, fmt.Errorf("compile the mutants of %s: %w\n%s", p.Path, err, out)
	}
	const longest = 5 * time.Minute
	r.timeout, r.cpu = longest, int(longest.Seconds())
	started := time.Now()
	outcome, out, used := r.test(ctx, r.binary, 0)
	if outcome != Survived {
		return nil, fmt.Errorf("the tests of %s fail without any mutant (%s):\n%s", p.Path, outcome, out)
	}
	// Others may use the machine meanwhile.
	const least, factor = 10 * time.Second, 8
	r.timeout = min(longest, least+factor*time.Since(started))
	const leastCPU = 3
	r.cpu = leastCPU + int((factor * used).Seconds())
	return r, nil
}

// Run answers what the tests make of a mutant.
func (r *Runner) Run(ctx context.Context, m Mutant) (Outcome, error) {
	if m.replacement == "" {
		outcome, _, _ := r.test(ctx, r.binary, m.ID)
		return outcome, ctx.Err()
	}
	binary := filepath.Join(r.scratch, "constant.test")
	defer func() { _ = os.Remove(binary) }()
	if _, err := r.compile(ctx, binary, map[string]string{m.File: renderConstant(r.p.Sources[m.File], m)}); err != nil {
		return Killed, ctx.Err() // by the compiler
	}
	outcome, _, _ := r.test(ctx, binary, 0)
	return outcome, ctx.Err()
}

// compile builds the package's tests with other texts for some files.
func (r *Runner) compile(ctx context.Context, binary string, files map[string]string) ([]byte, error) {
	replace := map[string]string{}
	for name, text := range files {
		path := filepath.Join(r.scratch, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
		replace[filepath.Join(r.p.Dir, name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	list := filepath.Join(r.scratch, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", list, "-o", binary, ".")
	cmd.Dir = r.p.Dir
	return cmd.CombinedOutput()
}

// test answers what the tests printed, too, and the processor time that they took.
func (r *Runner) test(ctx context.Context, binary string, number int) (Outcome, []byte, time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	limited := fmt.Sprintf(`ulimit -v %d; ulimit -t %d; exec "$0" "$@"`, maxMemory>>10, r.cpu)
	cmd := exec.CommandContext(ctx, "sh", "-c", limited, binary, "-test.failfast", "-test.short", "-test.count=1")
	cmd.Dir = r.p.Dir
	cmd.Env = append(os.Environ(), variable+"="+strconv.Itoa(number))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// A mutant that never ends does not outlive a runner that is killed. The kernel
	// watches the thread that starts it, which therefore has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if cmd.ProcessState == nil { // the context had ended, and nothing ran
		return Killed, nil, 0
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case err == nil:
		return Survived, out.Bytes(), used
	case errors.Is(ctx.Err(), context.DeadlineExceeded), status.Signaled() && status.Signal() == syscall.SIGKILL:
		return TimedOut, out.Bytes(), used
	}
	return Killed, out.Bytes(), used
}

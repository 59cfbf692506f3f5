package main

import (
	"fmt"
	"os"
	"syscall"
)

// bodyMemory is the memory that a body may use in addition to the program itself.
const bodyMemory = 256 << 20

// limitMemory has the system end this process once it needs more memory.
func limitMemory() error {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	var pages uint64
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return fmt.Errorf("read /proc/self/statm: %w", err)
	}
	limit := pages*uint64(os.Getpagesize()) + bodyMemory //nolint:gosec // a page has a positive size
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit})
}

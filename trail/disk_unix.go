//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package trail

import (
	"os"
	"syscall"
)

// lock keeps other processes from appending to the trail in dir; the system releases it when this process ends. Two
// writers would each go on from the same line, and the chain would fork.
func lock(dir *os.File) error { return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// syncFolder makes the names of new files survive the loss of power.
func syncFolder(dir *os.File) error { return dir.Sync() }

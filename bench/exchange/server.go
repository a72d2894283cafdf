package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running child process that answers AssumeRoleWithWebIdentity.
type server struct {
	name    string
	address string        // host:port
	roleARN string        // to ask for
	ready   time.Duration // from its start to the first answer that it is ready
	command *exec.Cmd
	output  *bytes.Buffer // what it said on stderr (the peer: also stdout), for when it fails
	close   func()        // what stood beside it; may be nil
}

// launch starts a binary with environment added to a small one of its own: no AWS_ or proxy variable of the user's may take part.
// Its stdout is returned if it is wanted, and else kept with its stderr.
func launch(name, binary string, environment []string, stdout bool, arguments ...string) (*server, io.Reader, error) {
	s := &server{name: name, command: exec.Command(binary, arguments...), output: &bytes.Buffer{}}
	s.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environment...)
	s.command.Stderr = s.output
	s.command.WaitDelay = 10 * time.Second // for what it may have left behind that holds its output open
	var reader io.Reader
	if stdout {
		pipe, err := s.command.StdoutPipe()
		if err != nil {
			return nil, nil, err
		}
		reader = pipe
	} else {
		s.command.Stdout = s.output
	}
	if err := s.command.Start(); err != nil {
		return nil, nil, err
	}
	return s, reader, nil
}

// stop ends the process with SIGTERM, or with SIGKILL if it has not ended in ten seconds.
func (s *server) stop() error {
	if s.close != nil {
		defer s.close()
	}
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(10*time.Second, func() { s.command.Process.Kill() })
	defer late.Stop()
	if err := s.command.Wait(); err != nil {
		return fmt.Errorf("stopping %s: %w", s.name, err)
	}
	return nil
}

// cpu is the processor time that the process has used. Linux tells it in ticks of 10 ms; elsewhere it is not known.
func (s *server) cpu() (time.Duration, bool) {
	if s.command == nil {
		return 0, false
	}
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0, false
	}
	// proc_pid_stat(5): the name in parentheses may hold spaces; utime and stime are fields 14 and 15, the state is field 3.
	_, rest, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, err1 == nil && err2 == nil
}

// ownCPU is the processor time that this process has used.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// freeAddress is a loopback address that was free a moment ago, for a server that cannot choose one itself.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

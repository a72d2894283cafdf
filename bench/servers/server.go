// Package servers runs what the benchmarks compare: child processes with the settings that they have by default, in folders of
// their own, prepared over their APIs like anybody's, and the cluster whose tokens they take. It imports nothing of the product.
//
// It also says what a process used: processor time and memory, as Linux tells them. It does not send load (package load).
package servers

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

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Server is a running child process.
type Server struct {
	Name    string
	Address string          // host:port
	Role    string          // the ARN to ask credentials of; "" where it gives none
	Root    aws.Credentials // who may do everything; empty where nobody is asked
	Ready   time.Duration   // from its start to the first answer that it is ready
	command *exec.Cmd       // nil: a stand-in, of which nothing is known
	output  *bytes.Buffer   // what it said on stderr (without a pipe also on stdout), for when it fails
	close   func()          // what stood beside it; may be nil
}

// Launch starts a binary with environment added to a small one of its own: no AWS_ or proxy variable of the user's may take part.
// Its stdout is returned if it is wanted, and else kept with its stderr.
func Launch(name, binary string, environment []string, stdout bool, arguments ...string) (*Server, io.Reader, error) {
	s := &Server{Name: name, command: exec.Command(binary, arguments...), output: &bytes.Buffer{}}
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

// Fail stops a server that did not become ready. Its output says more than how it ended.
func (s *Server) Fail(err error) error {
	s.Stop()
	return fmt.Errorf("%w\n%s", err, s.output)
}

// Stop ends the process with SIGTERM, or with SIGKILL if it has not ended in ten seconds.
func (s *Server) Stop() error {
	if s.close != nil {
		defer s.close()
	}
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(10*time.Second, func() { s.command.Process.Kill() })
	defer late.Stop()
	if err := s.command.Wait(); err != nil {
		return fmt.Errorf("stopping %s: %w", s.Name, err)
	}
	return nil
}

// CPU is the processor time that the process has used. Linux tells it in ticks of 10 ms; elsewhere it is not known.
func (s *Server) CPU() (time.Duration, bool) {
	content, err := s.about("stat")
	if err != nil {
		return 0, false
	}
	// proc_pid_stat(5): the name in parentheses may hold spaces; utime and stime are fields 14 and 15, the state is field 3.
	_, rest, _ := strings.Cut(content, ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, err1 == nil && err2 == nil
}

// ForgetPeak has the peak that PeakMemory tells begin at what is resident now (proc_pid_clear_refs(5)).
func (s *Server) ForgetPeak() error {
	if s.command == nil {
		return nil
	}
	return os.WriteFile(s.file("clear_refs"), []byte("5"), 0)
}

// PeakMemory is the most memory, in bytes, that was resident at a time since ForgetPeak; 0 where that is not known.
func (s *Server) PeakMemory() int64 { return s.memory("VmHWM") }

// Memory is what of the process is resident now, in bytes; 0 where that is not known.
func (s *Server) Memory() int64 { return s.memory("VmRSS") }

// memory is a line of proc_pid_status(5), in bytes.
func (s *Server) memory(name string) int64 {
	content, err := s.about("status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(content, "\n"+name+":")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " kB")
	kilobytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}

// about reads what Linux tells of the process.
func (s *Server) about(file string) (string, error) {
	if s.command == nil {
		return "", os.ErrNotExist
	}
	content, err := os.ReadFile(s.file(file))
	return string(content), err
}

func (s *Server) file(name string) string {
	return fmt.Sprintf("/proc/%d/%s", s.command.Process.Pid, name)
}

// OwnCPU is the processor time that this process has used.
func OwnCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// FreeAddress is a loopback address that was free a moment ago, for a server that cannot choose one itself.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a program that is started, ended and started again; what it writes goes to the end of one file.
type process struct {
	program string
	log     string // file
	ports   []int  // on loopback, for its caller's use

	contained bool // starts in namespaces of its own, see container

	command *exec.Cmd
	done    chan struct{} // closed when command has ended
}

// start starts the program with these variables alone.
func (p *process) start(environment []string, arguments ...string) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.command = exec.Command(p.program, arguments...)
	p.command.Env = environment
	p.command.Stdout, p.command.Stderr = log, log
	// A group of its own, so that a Ctrl-C reaches the test alone; and nothing outlives a test that was killed.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if p.contained {
		p.command.SysProcAttr = attributes()
	}
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", filepath.Base(p.program), err)
	}
	p.done = make(chan struct{})
	go func(command *exec.Cmd, done chan struct{}) {
		command.Wait() // how it ended is in its log
		close(done)
	}(p.command, p.done)
	return nil
}

// until asks ready, ten times a second, until it has no error to report, ctx ends, or the program does.
func (p *process) until(ctx context.Context, ready func(context.Context) error) error {
	name := filepath.Base(p.program)
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %v", name, p.command.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the program by SIGTERM, and by SIGKILL if kill is set or it takes longer than ten seconds.
func (p *process) stop(kill bool) {
	if p == nil || p.command == nil {
		return
	}
	if kill {
		p.end(0)
	} else {
		p.end(10 * time.Second)
	}
}

// end ends the program: by SIGTERM, as container runtimes do, and with its children by SIGKILL when grace is over.
func (p *process) end(grace time.Duration) {
	group := -p.command.Process.Pid
	if grace > 0 {
		p.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(grace):
		}
	}
	syscall.Kill(group, syscall.SIGKILL)
	<-p.done
}

// tail is the end of what the program wrote.
func (p *process) tail(lines int) []byte {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error() + "\n")
	}
	all := bytes.SplitAfter(content, []byte("\n"))
	return bytes.Join(all[max(0, len(all)-lines):], nil)
}

// freePorts are ports on loopback that nothing has now. That nothing takes them before they are used is likely, not certain.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// copyFile replaces a file by a copy of another, at once.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return replace(to, content)
}

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/vishvananda/netns"
)

// containerVariable names the file with the container that this process is to become.
const containerVariable = "OPENIRSA_E2E_CONTAINER"

// container is a process in its own mount namespace: the machine's files, with volumes where the pod mounts them. Paths in a pod therefore mean what
// they say, in arguments, variables and configuration alike, and two pods have different tokens at the same path.
type container struct {
	Root      string // empty folder that becomes the root
	Mounts    []mount
	Directory string
	Arguments []string // the first is the program's path
	Variables []string
	Network   string    // name of its network namespace; empty: the machine's
	Identity  *identity // nil: the test's own
	ReadOnly  bool      // the root, mounts excepted
}

// identity is whom a container runs as.
type identity struct {
	User, Group int
	Groups      []int
}

// mount puts the folder or file Source at the path Target.
type mount struct{ Source, Target string }

// EnterContainer does nothing in a test's own process. In the processes that a Runner starts from the same program it builds the container's root
// and becomes the container's program. A TestMain whose tests use a Runner calls it first.
func EnterContainer() {
	file := os.Getenv(containerVariable)
	if file == "" {
		return
	}
	err := enterContainer(file)
	fmt.Fprintln(os.Stderr, "starting the container:", err)
	os.Exit(128) // as a runtime that could not start it
}

func enterContainer(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var c container
	if err := json.Unmarshal(content, &c); err != nil {
		return err
	}
	runtime.LockOSThread() // the thread that enters the namespace is the one that becomes the program
	if c.Network != "" {
		namespace, err := netns.GetFromName(c.Network)
		if err == nil {
			err = netns.Set(namespace)
		}
		if err != nil {
			return fmt.Errorf("entering the pod's network: %w", err)
		}
	}
	// Nothing of what follows may be seen outside.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("leaving the machine's mounts: %w", err)
	}
	if err := syscall.Mount("tmpfs", c.Root, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mounting the root: %w", err)
	}
	var targets []string
	for _, m := range c.Mounts {
		targets = append(targets, filepath.Clean(m.Target))
	}
	if err := mirror("/", c.Root, targets); err != nil {
		return err
	}
	for _, m := range c.Mounts {
		if err := bind(m.Source, filepath.Join(c.Root, m.Target)); err != nil {
			return err
		}
	}
	if c.ReadOnly {
		if err := syscall.Mount("", c.Root, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("making the root read-only: %w", err)
		}
	}
	if err := syscall.Chroot(c.Root); err != nil {
		return fmt.Errorf("entering the root: %w", err)
	}
	if err := os.Chdir(c.Directory); err != nil {
		return err
	}
	if err := c.Identity.assume(); err != nil {
		return fmt.Errorf("becoming the pod's user: %w", err)
	}
	return syscall.Exec(c.Arguments[0], c.Arguments, c.Variables)
}

// assume makes this process one of the identity's.
func (i *identity) assume() error {
	if i == nil {
		return nil
	}
	return errors.Join(syscall.Setgroups(i.Groups), syscall.Setgid(i.Group), syscall.Setuid(i.User))
}

// mirror shows the machine's folder at path in the new root: everything bound as it is, but for what leads to one of targets, which becomes a
// folder of the container's own. That /var/run is a link on many machines makes no difference: what it leads to is shown.
func mirror(path, root string, targets []string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		source := filepath.Join(path, entry.Name())
		target := filepath.Join(root, source)
		leads := func(t string) bool { return strings.HasPrefix(t, source+"/") }
		switch {
		case slices.Contains(targets, source): // its mount makes it
		case slices.ContainsFunc(targets, leads):
			if err := os.Mkdir(target, 0o755); err != nil {
				return err
			}
			if err := mirror(source, root, targets); err != nil {
				return err
			}
		case entry.Type()&os.ModeSymlink != 0:
			link, err := os.Readlink(source)
			if err != nil {
				return err
			}
			if err := os.Symlink(link, target); err != nil {
				return err
			}
		case entry.IsDir() || entry.Type().IsRegular():
			if err := bind(source, target); err != nil {
				return err
			}
		} // sockets and devices beside a mount are nothing that a container sees
	}
	return nil
}

// bind makes target, a folder or a file as source is, and mounts source there.
func bind(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
		var file *os.File
		if file, err = os.OpenFile(target, os.O_CREATE, 0o644); err == nil {
			err = file.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := syscall.Mount(source, target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting at %s: %w", target, err)
	}
	return nil
}

// startContainer starts a container as a process of this test's own program, which becomes it in EnterContainer.
func startContainer(c container, log string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	file := c.Root + ".json"
	if err := writeFile(file, content); err != nil {
		return nil, err
	}
	p := &process{program: self, log: log, contained: true}
	return p, p.start([]string{containerVariable + "=" + file})
}

// attributes put a process into namespaces of its own; who is not root needs a user namespace to do so.
func attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNS}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}}
	}
	return a
}

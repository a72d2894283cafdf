package cluster

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	core "k8s.io/api/core/v1"
)

// imageProgram is where the program that stands for an image is in its containers, whoever may read the folder that it lies in.
const imageProgram = "/image-program"

// podHome is the home of whoever runs in the pod.
const podHome = "/pod-home"

// connect gives the pod an address of its own, where the runner has a network. Calling it again changes nothing.
func (p *pod) connect() error {
	network := p.runner.config.Network
	if network == nil || p.network != "" {
		return nil
	}
	name := "irsa-" + string(p.object.UID)
	address, err := network.attach(name)
	if err != nil {
		return err
	}
	p.network, p.address = name, address
	p.change(func() { p.status.PodIP, p.status.PodIPs = address, []core.PodIP{{IP: address}} })
	return nil
}

// confine puts a container into the pod's network and under its security context.
func (p *pod) confine(c *core.Container, spec *container) error {
	name, _, _ := strings.Cut(c.Image, ":")
	if program := p.runner.config.Images[name]; program != "" && len(c.Command) == 0 {
		spec.Mounts = append(spec.Mounts, mount{program, imageProgram})
	}
	spec.Mounts = append(spec.Mounts, mount{p.home, podHome})
	if p.network != "" {
		spec.Network = p.network
		hosts := spec.Root + ".hosts"
		if err := os.WriteFile(hosts, []byte(p.runner.config.Network.hostsFile(p.object.Name, p.address)), 0o644); err != nil {
			return err
		}
		spec.Mounts = append(spec.Mounts, mount{hosts, "/etc/hosts"})
	}
	spec.Identity = p.identity(c)
	spec.ReadOnly = c.SecurityContext != nil && c.SecurityContext.ReadOnlyRootFilesystem != nil && *c.SecurityContext.ReadOnlyRootFilesystem
	return nil
}

// identity is whom a container runs as; nil where the pod does not say.
func (p *pod) identity(c *core.Container) *identity {
	var user, group *int64
	var groups []int
	if s := p.object.Spec.SecurityContext; s != nil {
		user, group = s.RunAsUser, s.RunAsGroup
		if s.FSGroup != nil {
			groups = append(groups, int(*s.FSGroup))
		}
		for _, g := range s.SupplementalGroups {
			groups = append(groups, int(g))
		}
	}
	if s := c.SecurityContext; s != nil {
		if s.RunAsUser != nil {
			user = s.RunAsUser
		}
		if s.RunAsGroup != nil {
			group = s.RunAsGroup
		}
	}
	if user == nil {
		return nil
	}
	i := &identity{User: int(*user), Groups: groups}
	if group != nil {
		i.Group = int(*group)
	}
	return i
}

// own gives the volumes to the pod's fsGroup, and leaves what is in them readable to it alone, as kubelet does; without an fsGroup, to everybody, as
// projected volumes are by default.
func (p *pod) own() error {
	group, file, folder := -1, fs.FileMode(0o044), fs.FileMode(0o055)
	if s := p.object.Spec.SecurityContext; s != nil && s.FSGroup != nil {
		group, file, folder = int(*s.FSGroup), 0o040, 0o070|fs.ModeSetgid
	}
	if p.object.Spec.SecurityContext != nil && p.object.Spec.SecurityContext.RunAsUser != nil {
		if err := os.Chown(p.home, int(*p.object.Spec.SecurityContext.RunAsUser), group); err != nil {
			return err
		}
	}
	for _, v := range p.object.Spec.Volumes {
		if v.HostPath != nil {
			continue
		}
		if v.PersistentVolumeClaim != nil && p.owned(p.mounts[v.Name], group) {
			continue // fsGroupChangePolicy OnRootMismatch
		}
		err := filepath.WalkDir(p.mounts[v.Name], func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			mode := info.Mode() | file
			if entry.IsDir() {
				mode |= folder
			}
			if err := os.Chown(path, -1, group); err != nil {
				return err
			}
			return os.Chmod(path, mode)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// owned reports whether a folder is the group's already.
func (p *pod) owned(folder string, group int) bool {
	info, err := os.Stat(folder)
	return err == nil && info.Mode()&fs.ModeSetgid != 0 && int(info.Sys().(*syscall.Stat_t).Gid) == group
}

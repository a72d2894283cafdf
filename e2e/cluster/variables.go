package cluster

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reference is $(NAME), or $$ that stands for itself.
var reference = regexp.MustCompile(`\$\$|\$\([A-Za-z_][A-Za-z0-9_.-]*\)`)

// expand replaces $(NAME) by variables that are set, as the API says of command, args and env
// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#entrypoint).
func expand(text string, variables map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$$" {
			return "$"
		}
		if value, ok := variables[match[2:len(match)-1]]; ok {
			return value
		}
		return match
	})
}

func expandAll(texts []string, variables map[string]string) (expanded []string) {
	for _, text := range texts {
		expanded = append(expanded, expand(text, variables))
	}
	return expanded
}

// start starts a container of the pod, with its volumes where it mounts them, or a probe's command in the same place.
func (p *pod) start(ctx context.Context, c *core.Container, command []string) (*process, error) {
	variables, err := p.variables(ctx, c)
	if err != nil {
		return nil, err
	}
	arguments, err := p.arguments(c, command, variables)
	if err != nil {
		return nil, err
	}
	spec := container{Directory: c.WorkingDir, Arguments: arguments}
	if spec.Directory == "" {
		spec.Directory = "/"
	}
	if spec.Root, err = os.MkdirTemp(p.folder, "root-"); err != nil {
		return nil, err
	}
	for name, value := range variables {
		spec.Variables = append(spec.Variables, name+"="+value)
	}
	for _, m := range c.VolumeMounts {
		spec.Mounts = append(spec.Mounts, mount{Source: filepath.Join(p.mounts[m.Name], expand(m.SubPath+m.SubPathExpr, variables)), Target: m.MountPath})
	}
	if err := p.confine(c, &spec); err != nil {
		return nil, err
	}
	log := p.runner.log(p.object.Namespace, p.object.Name, c.Name)
	if command != nil {
		log += ".probe"
	}
	return startContainer(spec, log)
}

// arguments are what is run: the spec's command or the program that stands for the image, and its arguments.
func (p *pod) arguments(c *core.Container, command []string, variables map[string]string) ([]string, error) {
	if command == nil {
		command = append(append(command, c.Command...), c.Args...)
		if len(c.Command) == 0 {
			name, _, _ := strings.Cut(c.Image, ":")
			if p.runner.config.Images[name] == "" {
				return nil, fmt.Errorf("no program stands for the image %s", c.Image)
			}
			return append([]string{imageProgram}, expandAll(c.Args, variables)...), nil
		}
	}
	arguments := expandAll(command, variables)
	program, err := exec.LookPath(arguments[0])
	if err != nil {
		return nil, err
	}
	arguments[0] = program
	return arguments, nil
}

// variables are the container's, in the order in which the API has one replace another, over the few that an image or kubelet gives.
func (p *pod) variables(ctx context.Context, c *core.Container) (map[string]string, error) {
	server, err := url.Parse(p.runner.cluster.Server)
	if err != nil {
		return nil, err
	}
	if p.network != "" {
		server.Host = "10.96.0.1:443" // the first address of ServiceRange, which is the Service kubernetes
	}
	variables := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": podHome, "HOSTNAME": p.object.Name,
		"KUBERNETES_SERVICE_HOST": server.Hostname(), "KUBERNETES_SERVICE_PORT": server.Port(), "KUBERNETES_SERVICE_PORT_HTTPS": server.Port(),
	}
	for _, from := range c.EnvFrom {
		if err := p.variablesFrom(ctx, from, variables); err != nil {
			return nil, err
		}
	}
	for _, v := range c.Env {
		value := expand(v.Value, variables)
		if v.ValueFrom != nil {
			var set bool
			if value, set, err = p.valueFrom(ctx, c, v.ValueFrom); err != nil {
				return nil, fmt.Errorf("variable %s: %w", v.Name, err)
			}
			if !set {
				continue
			}
		}
		variables[v.Name] = value
	}
	return variables, nil
}

func (p *pod) variablesFrom(ctx context.Context, from core.EnvFromSource, variables map[string]string) error {
	switch {
	case from.ConfigMapRef != nil:
		m, err := p.runner.client.CoreV1().ConfigMaps(p.object.Namespace).Get(ctx, from.ConfigMapRef.Name, metav1.GetOptions{})
		if err != nil {
			return missing(err, from.ConfigMapRef.Optional)
		}
		for name, value := range m.Data {
			variables[from.Prefix+name] = value
		}
	case from.SecretRef != nil:
		s, err := p.runner.client.CoreV1().Secrets(p.object.Namespace).Get(ctx, from.SecretRef.Name, metav1.GetOptions{})
		if err != nil {
			return missing(err, from.SecretRef.Optional)
		}
		for name, value := range s.Data {
			variables[from.Prefix+name] = string(value)
		}
	}
	return nil
}

// valueFrom is what a variable refers to, and whether it is set at all: what is optional may be missing.
func (p *pod) valueFrom(ctx context.Context, c *core.Container, from *core.EnvVarSource) (value string, set bool, err error) {
	switch {
	case from.FieldRef != nil:
		value, err = p.field(from.FieldRef.FieldPath)
		return value, true, err
	case from.SecretKeyRef != nil:
		r := from.SecretKeyRef
		s, err := p.runner.client.CoreV1().Secrets(p.object.Namespace).Get(ctx, r.Name, metav1.GetOptions{})
		if err != nil {
			return "", false, missing(err, r.Optional)
		}
		content, ok := s.Data[r.Key]
		return string(content), ok, keyMissing(ok, r.Key, r.Optional)
	case from.ConfigMapKeyRef != nil:
		r := from.ConfigMapKeyRef
		m, err := p.runner.client.CoreV1().ConfigMaps(p.object.Namespace).Get(ctx, r.Name, metav1.GetOptions{})
		if err != nil {
			return "", false, missing(err, r.Optional)
		}
		value, ok := m.Data[r.Key]
		return value, ok, keyMissing(ok, r.Key, r.Optional)
	case from.ResourceFieldRef != nil:
		kind, resource, _ := strings.Cut(from.ResourceFieldRef.Resource, ".")
		list := c.Resources.Limits
		if kind == "requests" {
			list = c.Resources.Requests
		}
		quantity, ok := list[core.ResourceName(resource)]
		return fmt.Sprint(quantity.Value()), ok, nil // a divisor is 1 unless a pod says otherwise, and ours do not
	}
	return "", false, fmt.Errorf("this runner knows no source of that kind")
}

// missing is err, unless it says that something optional is not there.
func missing(err error, optional *bool) error {
	if optional != nil && *optional && errors.IsNotFound(err) {
		return nil
	}
	return err
}

func keyMissing(there bool, key string, optional *bool) error {
	if there || optional != nil && *optional {
		return nil
	}
	return fmt.Errorf("there is no key %q", key)
}

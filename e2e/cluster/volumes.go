package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// projection is one serviceAccountToken source of a pod: which token, in which file, and when its successor is asked for.
type projection struct {
	source core.ServiceAccountTokenProjection
	file   string
	renew  time.Time
}

// volumes fills a folder for each volume of the pod and returns them by the volumes' names.
func (p *pod) volumes(ctx context.Context) (map[string]string, error) {
	folders := map[string]string{}
	for _, v := range p.object.Spec.Volumes {
		folder := filepath.Join(p.folder, "volumes", v.Name)
		if v.HostPath != nil {
			folders[v.Name] = v.HostPath.Path
			continue
		}
		if v.PersistentVolumeClaim != nil { // of any class: a folder that outlives the pod
			folder = filepath.Join(p.runner.config.Folder, "claims", p.object.Namespace, v.PersistentVolumeClaim.ClaimName)
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
		folders[v.Name] = folder
		var err error
		switch {
		case v.EmptyDir != nil, v.PersistentVolumeClaim != nil:
		case v.ConfigMap != nil:
			err = p.configMap(ctx, folder, v.ConfigMap.Name, v.ConfigMap.Items, v.ConfigMap.Optional)
		case v.Secret != nil:
			err = p.secret(ctx, folder, v.Secret.SecretName, v.Secret.Items, v.Secret.Optional)
		case v.DownwardAPI != nil:
			err = p.downward(folder, v.DownwardAPI.Items)
		case v.Projected != nil:
			err = p.projected(ctx, folder, v.Projected.Sources)
		default:
			err = fmt.Errorf("this runner knows no volume of that kind")
		}
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", v.Name, err)
		}
	}
	return folders, nil
}

func (p *pod) projected(ctx context.Context, folder string, sources []core.VolumeProjection) error {
	for _, s := range sources {
		var err error
		switch {
		case s.ServiceAccountToken != nil:
			t := &projection{source: *s.ServiceAccountToken, file: filepath.Join(folder, s.ServiceAccountToken.Path)}
			if err = p.token(ctx, t); err == nil {
				p.tokens = append(p.tokens, t)
			}
		case s.ConfigMap != nil:
			err = p.configMap(ctx, folder, s.ConfigMap.Name, s.ConfigMap.Items, s.ConfigMap.Optional)
		case s.Secret != nil:
			err = p.secret(ctx, folder, s.Secret.Name, s.Secret.Items, s.Secret.Optional)
		case s.DownwardAPI != nil:
			err = p.downward(folder, s.DownwardAPI.Items)
		default:
			err = fmt.Errorf("this runner knows no projected source of that kind")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// token asks for the token that the projection describes, bound to the pod, with the node's own rights, as kubelet does. kubelet asks anew when 80%
// of the token's life is over or it is 24 hours old (https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken).
func (p *pod) token(ctx context.Context, t *projection) error {
	request := &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{
		ExpirationSeconds: t.source.ExpirationSeconds,
		BoundObjectRef:    &authentication.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: p.object.Name, UID: p.object.UID},
	}}
	if t.source.Audience != "" {
		request.Spec.Audiences = []string{t.source.Audience}
	}
	asked := p.runner.config.Now()
	answer, err := p.runner.client.CoreV1().ServiceAccounts(p.object.Namespace).CreateToken(ctx, p.object.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("asking for the token %s: %w", t.source.Path, err)
	}
	life := time.Until(answer.Status.ExpirationTimestamp.Time)
	t.renew = asked.Add(min(life*8/10, 24*time.Hour))
	return replace(t.file, []byte(answer.Status.Token))
}

func (p *pod) configMap(ctx context.Context, folder, name string, items []core.KeyToPath, optional *bool) error {
	m, err := p.runner.client.CoreV1().ConfigMaps(p.object.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return missing(err, optional)
	}
	content := map[string][]byte{}
	for k, v := range m.Data {
		content[k] = []byte(v)
	}
	for k, v := range m.BinaryData {
		content[k] = v
	}
	return project(folder, content, items, optional)
}

func (p *pod) secret(ctx context.Context, folder, name string, items []core.KeyToPath, optional *bool) error {
	s, err := p.runner.client.CoreV1().Secrets(p.object.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return missing(err, optional)
	}
	return project(folder, s.Data, items, optional)
}

func (p *pod) downward(folder string, items []core.DownwardAPIVolumeFile) error {
	for _, item := range items {
		if item.FieldRef == nil {
			return fmt.Errorf("this runner projects fields alone")
		}
		value, err := p.field(item.FieldRef.FieldPath)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(folder, item.Path), []byte(value)); err != nil {
			return err
		}
	}
	return nil
}

// project writes content's keys as files, or those of items at their paths.
func project(folder string, content map[string][]byte, items []core.KeyToPath, optional *bool) error {
	if len(items) == 0 {
		for key := range content {
			items = append(items, core.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		value, ok := content[item.Key]
		if !ok && optional != nil && *optional {
			continue
		}
		if !ok {
			return fmt.Errorf("there is no key %q", item.Key)
		}
		if err := replace(filepath.Join(folder, item.Path), value); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file so that a reader sees the old or the new content, never a part.
func replace(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := writeFile(file+".new", content); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// field is what of the pod a fieldRef names.
func (p *pod) field(path string) (string, error) {
	o := p.object
	if key, ok := strings.CutPrefix(path, "metadata.labels['"); ok {
		return o.Labels[strings.TrimSuffix(key, "']")], nil
	}
	if key, ok := strings.CutPrefix(path, "metadata.annotations['"); ok {
		return o.Annotations[strings.TrimSuffix(key, "']")], nil
	}
	values := map[string]string{
		"metadata.name": o.Name, "metadata.namespace": o.Namespace, "metadata.uid": string(o.UID),
		"spec.nodeName": o.Spec.NodeName, "spec.serviceAccountName": o.Spec.ServiceAccountName,
		"status.podIP": p.address, "status.podIPs": p.address, "status.hostIP": "127.0.0.1", "status.hostIPs": "127.0.0.1",
	}
	value, ok := values[path]
	if !ok {
		return "", fmt.Errorf("this runner knows no field %s", path)
	}
	return value, nil
}

package kube

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/openirsa/openirsa/certificate"
)

// authorityLabel marks the Secrets that hold versions of one authority; its value is the name that theirs begin with.
const authorityLabel = "openirsa.dev/certificate-authority"

// VaultConfig says where the authority of a webhook is kept and who is to trust it.
type VaultConfig struct {
	Namespace      string   // of the webhook, its Service and the Secrets
	Secret         string   // what the Secrets' names begin with: version 3 is SECRET-3
	Service        string   // of the webhook
	Configurations []string // names of the Mutating- and ValidatingWebhookConfigurations; those that do not exist are left out
}

// Vault keeps the versions of an authority in immutable Secrets, and tells the API server what to trust by the caBundle of the webhook
// configurations' entries that name the webhook's Service. Other entries are left alone. It satisfies certificate.Vault.
type Vault struct {
	client kubernetes.Interface
	config VaultConfig
}

// Vault makes one. It does not connect.
func (c *Client) Vault(config VaultConfig) *Vault { return &Vault{client: c.client, config: config} }

func (v *Vault) selector() string { return authorityLabel + "=" + v.config.Secret }

func (v *Vault) name(number int) string { return v.config.Secret + "-" + strconv.Itoa(number) }

// Versions reads the labelled Secrets. One whose name has no number is not ours.
func (v *Vault) Versions(ctx context.Context) ([]certificate.Version, error) {
	secrets, err := v.client.CoreV1().Secrets(v.config.Namespace).List(ctx, metav1.ListOptions{LabelSelector: v.selector()})
	if err != nil {
		return nil, err
	}
	var versions []certificate.Version
	for _, s := range secrets.Items {
		text, _ := strings.CutPrefix(s.Name, v.config.Secret+"-")
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || v.name(number) != s.Name {
			continue
		}
		// What cannot be read is a version without an authority: the caller tells of it.
		authority, _ := certificate.ParseAuthority(s.Data[corev1.TLSCertKey], s.Data[corev1.TLSPrivateKeyKey])
		versions = append(versions, certificate.Version{Number: number, Authority: authority})
	}
	return versions, nil
}

// Create makes an immutable Secret, of which the API server lets only one have the name.
func (v *Vault) Create(ctx context.Context, version certificate.Version) error {
	cert, key, err := version.Authority.PEM()
	if err != nil {
		return err
	}
	immutable := true
	_, err = v.client.CoreV1().Secrets(v.config.Namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: v.name(version.Number), Labels: map[string]string{authorityLabel: v.config.Secret}},
		Immutable:  &immutable,
		Type:       corev1.SecretTypeTLS,
		Data:       map[string][]byte{corev1.TLSCertKey: cert, corev1.TLSPrivateKeyKey: key},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return certificate.ErrTaken
	}
	return err
}

// Remove deletes a Secret.
func (v *Vault) Remove(ctx context.Context, number int) error {
	err := v.client.CoreV1().Secrets(v.config.Namespace).Delete(ctx, v.name(number), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// configuration is a webhook configuration of either kind: what of it is read, and how it is patched.
type configuration struct {
	name    string
	version string
	clients []admissionv1.WebhookClientConfig
	patch   func(ctx context.Context, patch []byte) error
}

// Trust reads the configurations and gives their entries the wanted bundle. A patch names the version that was read, so that it fails where somebody
// else was first; the reading and the patch are then tried again, twice.
func (v *Vault) Trust(ctx context.Context, wanted func(context.Context) ([]byte, error)) (found [][]byte, err error) {
	for range 3 {
		found, err = v.trust(ctx, wanted)
		if !apierrors.IsConflict(err) {
			break
		}
	}
	return found, err
}

func (v *Vault) trust(ctx context.Context, wanted func(context.Context) ([]byte, error)) (found [][]byte, err error) {
	configurations, err := v.configurations(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := wanted(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range configurations {
		// The version in a patch is what the API server compares with the stored object's: another one is a conflict.
		patch := []map[string]any{{"op": "replace", "path": "/metadata/resourceVersion", "value": c.version}}
		for i, client := range c.clients {
			if client.Service == nil || client.Service.Name != v.config.Service || client.Service.Namespace != v.config.Namespace {
				continue
			}
			found = append(found, client.CABundle)
			if !bytes.Equal(client.CABundle, bundle) {
				patch = append(patch, map[string]any{"op": "add", "path": fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", i),
					"value": base64.StdEncoding.EncodeToString(bundle)})
			}
		}
		if len(patch) == 1 {
			continue
		}
		text, err := json.Marshal(patch)
		if err != nil {
			return nil, err
		}
		if err := c.patch(ctx, text); err != nil {
			return nil, fmt.Errorf("patching the webhook configuration %s: %w", c.name, err)
		}
	}
	return found, nil
}

// configurations reads those that exist.
func (v *Vault) configurations(ctx context.Context) ([]configuration, error) {
	var found []configuration
	mutating := v.client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	validating := v.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for _, name := range v.config.Configurations {
		m, mutatingErr := mutating.Get(ctx, name, metav1.GetOptions{})
		if mutatingErr == nil {
			c := configuration{name: name, version: m.ResourceVersion, patch: func(ctx context.Context, patch []byte) error {
				_, err := mutating.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{})
				return err
			}}
			for _, w := range m.Webhooks {
				c.clients = append(c.clients, w.ClientConfig)
			}
			found = append(found, c)
		}
		w, validatingErr := validating.Get(ctx, name, metav1.GetOptions{})
		if validatingErr == nil {
			c := configuration{name: name, version: w.ResourceVersion, patch: func(ctx context.Context, patch []byte) error {
				_, err := validating.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{})
				return err
			}}
			for _, w := range w.Webhooks {
				c.clients = append(c.clients, w.ClientConfig)
			}
			found = append(found, c)
		}
		if err := errors.Join(unlessMissing(mutatingErr), unlessMissing(validatingErr)); err != nil {
			return nil, fmt.Errorf("reading the webhook configuration %s: %w", name, err)
		}
	}
	return found, nil
}

func unlessMissing(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

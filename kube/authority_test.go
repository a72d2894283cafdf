package kube

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/openirsa/openirsa/certificate"
)

func newVault(objects ...runtime.Object) (*Vault, *fake.Clientset) {
	client := fake.NewClientset(objects...)
	return (&Client{client: client}).Vault(VaultConfig{Namespace: "eks", Secret: "hook", Service: "hook", Configurations: []string{"hook", "second"}}), client
}

func version(t *testing.T, number int) certificate.Version {
	t.Helper()
	a, err := certificate.NewAuthority(time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Version{Number: number, Authority: a}
}

func TestVaultVersions(t *testing.T) {
	other := func(name string, labels map[string]string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "eks", Name: name, Labels: labels}}
	}
	ours := map[string]string{authorityLabel: "hook"}
	v, client := newVault(other("hook-9", nil), other("hook-x", ours), other("hook-07", ours), other("hook-5", ours), other("hook-6", map[string]string{authorityLabel: "other"}))
	first := version(t, 12)
	if err := v.Create(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := v.Create(t.Context(), version(t, 12)); !errors.Is(err, certificate.ErrTaken) {
		t.Errorf("a second version 12: %v", err)
	}
	secret, err := client.CoreV1().Secrets("eks").Get(t.Context(), "hook-12", metav1.GetOptions{})
	if err != nil || secret.Immutable == nil || !*secret.Immutable || secret.Type != corev1.SecretTypeTLS {
		t.Errorf("the Secret is %+v, %v", secret, err)
	}
	versions, err := v.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(versions, func(a, b certificate.Version) int { return a.Number - b.Number })
	if len(versions) != 2 || versions[0].Number != 5 || versions[0].Authority != nil || versions[1].Number != 12 ||
		string(versions[1].Authority.Bundle()) != string(first.Authority.Bundle()) {
		t.Errorf("versions %+v", versions)
	}
	for range 2 {
		if err := v.Remove(t.Context(), 12); err != nil {
			t.Error(err)
		}
	}
	if versions, err = v.Versions(t.Context()); err != nil || len(versions) != 1 {
		t.Errorf("after the removal %+v, %v", versions, err)
	}
}

// service is a client configuration that names a Service.
func service(namespace, name string, bundle string) admissionv1.WebhookClientConfig {
	return admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: namespace, Name: name}, CABundle: []byte(bundle)}
}

func TestVaultTrust(t *testing.T) {
	url := "https://hook.eks.svc"
	v, client := newVault(
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "hook", ResourceVersion: "3"}, Webhooks: []admissionv1.MutatingWebhook{
			{Name: "other", ClientConfig: service("eks", "other", "theirs")},
			{Name: "ours", ClientConfig: service("eks", "hook", "")},
			{Name: "url", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}},
			{Name: "again", ClientConfig: service("eks", "hook", "wanted")},
			{Name: "elsewhere", ClientConfig: service("kube-system", "hook", "theirs")},
		}},
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "second", ResourceVersion: "4"}, Webhooks: []admissionv1.ValidatingWebhook{
			{Name: "ours", ClientConfig: service("eks", "hook", "old")},
		}},
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "unnamed", ResourceVersion: "5"}, Webhooks: []admissionv1.MutatingWebhook{
			{Name: "ours", ClientConfig: service("eks", "hook", "left alone")},
		}},
	)
	conflicts, patches := 1, 0
	client.PrependReactor("patch", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		patches++
		if patch := string(action.(clienttesting.PatchAction).GetPatch()); !strings.Contains(patch, `"/metadata/resourceVersion"`) {
			t.Errorf("the patch %s does not name the version that was read", patch)
		}
		if conflicts > 0 {
			conflicts--
			return true, nil, apierrors.NewConflict(schema.GroupResource{}, "hook", nil)
		}
		return false, nil, nil
	})
	asked := 0
	wanted := func(context.Context) ([]byte, error) { asked++; return []byte("wanted"), nil }
	found, err := v.Trust(t.Context(), wanted)
	if err != nil || texts(found) != "|wanted|old" || asked != 2 || patches != 3 {
		t.Errorf("found %q, %v, after asking %d times with %d patches", texts(found), err, asked, patches)
	}
	mutating, err := client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "hook", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var bundles [][]byte
	for _, w := range mutating.Webhooks {
		bundles = append(bundles, w.ClientConfig.CABundle)
	}
	if texts(bundles) != "theirs|wanted||wanted|theirs" {
		t.Errorf("bundles %q", texts(bundles))
	}
	patches = 0
	if found, err = v.Trust(t.Context(), wanted); err != nil || texts(found) != "wanted|wanted|wanted" || patches != 0 {
		t.Errorf("then found %q, %v, with %d patches", texts(found), err, patches)
	}
}

func texts(all [][]byte) string {
	var parts []string
	for _, one := range all {
		parts = append(parts, string(one))
	}
	return strings.Join(parts, "|")
}

// TestVaultNotAllowed expects a refusal to be an error: a configuration that may not be read is not one that does not exist.
func TestVaultNotAllowed(t *testing.T) {
	v, client := newVault()
	if found, err := v.Trust(t.Context(), func(context.Context) ([]byte, error) { return nil, nil }); err != nil || len(found) != 0 {
		t.Errorf("without configurations: %q, %v", found, err)
	}
	client.PrependReactor("get", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{}, "hook", nil)
	})
	if _, err := v.Trust(t.Context(), func(context.Context) ([]byte, error) { return nil, nil }); !apierrors.IsForbidden(err) {
		t.Errorf("the error is %v", err)
	}
}

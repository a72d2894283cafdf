package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// TestServeWebhook: a webhook in the plane's process warns of roles in accounts that registered its cluster, without a door in between, and tells nothing
// of others.
func TestServeWebhook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := newRootFiles(t, dir)
	_, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	cert, certKey, client := servingPair(t)
	p, err := openPlane(t.Context(), planeConfig{State: stateConfig{Folder: folder(filepath.Join(dir, "data")), Account: serveAccount, Issuer: noIssuer},
		RootKey: sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	caller := iam.Root("aws", serveAccount)
	caller.Context, caller.Origin = new(policy.Context), trail.Origin{RequestID: newRequestID(), Region: "us-east-1", Time: time.Now()}
	_, err = p.directory.RegisterCluster(context.Background(), caller, iam.RegisterClusterInput{Name: "prod", Issuer: "https://prod.example.test"})
	check(t, err)
	check(t, p.Close())

	s := startServe(t, dir, key, fmt.Sprintf("tls: {plaintext: loopback}\ndrain: {delay: 0s}\nwebhook:\n  flags: [--in-cluster=false, %q, --port=0, --metrics-port=0, --bind-address=127.0.0.1, %q, %q]\n",
		"--kubeconfig="+kubeconfig, "--tls-cert="+cert, "--tls-key="+certKey))
	found := regexp.MustCompile(`"webhook":"127\.0\.0\.1:(\d+)"`).FindStringSubmatch(s.log.String())
	if found == nil {
		t.Fatalf("the log does not say where the webhook listens:\n%s", s.log)
	}
	for role, want := range map[string]string{
		"arn:aws:iam::" + serveAccount + ":role/nobody": "T20: ",
		"arn:aws:iam::999999999999:role/nobody":         `"The role's account has not registered this cluster`,
	} {
		review := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","namespace":"shop","name":"app","operation":"CREATE",
			"kind":{"group":"","version":"v1","kind":"ServiceAccount"},"resource":{"group":"","version":"v1","resource":"serviceaccounts"},
			"object":{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"app","namespace":"shop","annotations":{"eks.amazonaws.com/role-arn":%q}}}}}`, role)
		answer, err := client.Post("https://127.0.0.1:"+found[1]+"/validate", "application/json", strings.NewReader(review))
		check(t, err)
		text, err := io.ReadAll(answer.Body)
		check(t, err)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), want) || !strings.Contains(string(text), `"allowed":true`) {
			t.Errorf("of %s the webhook says %s %s", role, answer.Status, text)
		}
	}
	check(t, s.stop())
}

package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
)

const clusterProvider = "arn:aws:iam::" + account + ":oidc-provider/oidc.example.test/id/A"

func (p *plane) keyIDs() []string {
	p.t.Helper()
	list := must(p.ListRegisteredClusters(p.t.Context(), p.root))
	if len(list) != 1 {
		p.t.Fatalf("clusters %+v", list)
	}
	return list[0].KeyIDs
}

// TestSyncCluster: a cluster's keys are what it pushed last, whole, and no other cluster's, whatever its name and issuer.
func TestSyncCluster(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	first, second := testJWKS(t), testJWKS(t)
	cluster := must(p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, UID: "u-1", KeySet: first}))
	if cluster.Synced.IsZero() || cluster.UID != "u-1" {
		t.Errorf("registered %+v", cluster)
	}
	ids := must(oidc.ParseJWKS(first))
	if got := p.keyIDs(); !slices.Equal(got, ids) {
		t.Errorf("keys %q, want %q", got, ids)
	}

	// Another cluster of the same name and issuer cannot bring its keys, neither by synchronizing nor by registering.
	_, err := p.SyncCluster(ctx, p.root, iam.SyncClusterInput{Name: "prod", UID: "u-2", KeySet: second})
	refused(t, err, "EntityAlreadyExists")
	_, err = p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, UID: "u-2", KeySet: second})
	refused(t, err, "EntityAlreadyExists")
	if got := p.keyIDs(); !slices.Equal(got, ids) {
		t.Errorf("after refusals, keys %q, want %q", got, ids)
	}

	synced := must(p.SyncCluster(ctx, p.root, iam.SyncClusterInput{Name: "prod", UID: "u-1", KeySet: second, Version: "v1.36.3"}))
	if synced.Version != "v1.36.3" || !slices.Equal(p.keyIDs(), must(oidc.ParseJWKS(second))) {
		t.Errorf("synchronized %+v with keys %q", synced, p.keyIDs())
	}
	// The same again writes nothing: verified tokens stay verified.
	a := must(p.Account(ctx, account))
	before, _, _ := a.Provider(clusterIssuer)
	must(p.SyncCluster(ctx, p.root, iam.SyncClusterInput{Name: "prod", UID: "u-1", KeySet: second, Version: "v1.36.3"}))
	after, _, _ := must(p.Account(ctx, account)).Provider(clusterIssuer)
	if before.Revision != after.Revision {
		t.Errorf("the provider went from revision %d to %d", before.Revision, after.Revision)
	}

	for name, in := range map[string]iam.SyncClusterInput{
		"no UID":     {Name: "prod", KeySet: second},
		"no keys":    {Name: "prod", UID: "u-1"},
		"other keys": {Name: "prod", UID: "u-1", KeySet: []byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`)},
		"a UID":      {Name: "prod", UID: "u 1", KeySet: second},
	} {
		if _, err := p.SyncCluster(ctx, p.root, in); err == nil {
			t.Errorf("%s: it was accepted", name)
		}
	}
	_, err = p.SyncCluster(ctx, in("us-east-1", p.root), iam.SyncClusterInput{Name: "prod", UID: "u-1", KeySet: second})
	refused(t, err, "NoSuchEntity")
	done(t, p.DeleteOpenIDConnectProvider(ctx, p.root, iam.ProviderInput{OpenIDConnectProviderARN: clusterProvider}))
	_, err = p.SyncCluster(ctx, p.root, iam.SyncClusterInput{Name: "prod", UID: "u-1", KeySet: second})
	refused(t, err, "NoSuchEntity") // and it does not come back by itself
	must(p.DeregisterCluster(ctx, p.root, iam.ClusterInput{Name: "prod"}))
}

// TestRegisteredWithoutUID: who registered a cluster by hand says first which it is.
func TestRegisteredWithoutUID(t *testing.T) {
	p := newPlane(t)
	keys := testJWKS(t)
	p.cluster("prod", clusterIssuer)
	_, err := p.SyncCluster(t.Context(), p.root, iam.SyncClusterInput{Name: "prod", UID: "u-1", KeySet: keys})
	if refusal := refused(t, err, "InvalidInput"); !strings.Contains(refusal.Message, "u-1") {
		t.Errorf("the refusal is %q", refusal.Message)
	}
	must(p.RegisterCluster(t.Context(), p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, UID: "u-1"}))
	must(p.SyncCluster(t.Context(), p.root, iam.SyncClusterInput{Name: "prod", UID: "u-1", KeySet: keys}))
}

// TestProviderFromBefore: a cluster takes over the provider that its issuer is already, and takes it along: a provider that stayed would take the keys that
// the issuer publishes, and so the tokens of the cluster that is gone.
func TestProviderFromBefore(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	must(p.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: clusterIssuer, ClientIDList: []string{"mine"}}))
	must(p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, UID: "u", KeySet: testJWKS(t)}))
	if got, _, _ := must(p.Account(ctx, account)).Provider(clusterIssuer); got.JWKS == nil || !slices.Equal(got.ClientIDs, []string{"mine"}) {
		t.Errorf("the provider is %+v", got)
	}
	must(p.DeregisterCluster(ctx, p.root, iam.ClusterInput{Name: "prod"}))
	if got, _, ok := must(p.Account(ctx, account)).Provider(clusterIssuer); ok {
		t.Errorf("the cluster is gone and its provider there: %+v", got)
	}
}

// TestOwnOperationsPermissions: each operation needs what it does, and no more.
func TestOwnOperationsPermissions(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	keys := testJWKS(t)
	arn := "arn:aws:eks:" + region + ":" + account + ":cluster/prod"
	may := func(actions, resource string) iam.Caller {
		return limited(t, "5b1f0f0e-7b5c-4c43-9d61-0c5b0a3f2a11", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[`+actions+`],"Resource":"`+resource+`"}]}`)
	}
	register := iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, UID: "u", KeySet: keys}
	_, err := p.RegisterCluster(ctx, may(`"openirsa:RegisterCluster","iam:CreateOpenIDConnectProvider"`, "*"), register)
	refused(t, err, "AccessDenied") // the keys
	must(p.RegisterCluster(ctx, may(`"openirsa:RegisterCluster","iam:CreateOpenIDConnectProvider","openirsa:PutOpenIDConnectProviderKeys"`, "*"), register))
	must(p.SyncCluster(ctx, may(`"openirsa:SyncCluster"`, arn), iam.SyncClusterInput{Name: "prod", UID: "u", KeySet: keys}))
	_, err = p.SyncCluster(ctx, may(`"openirsa:SyncCluster"`, arn+"2"), iam.SyncClusterInput{Name: "prod", UID: "u", KeySet: keys})
	refused(t, err, "AccessDenied")
	_, err = p.DeregisterCluster(ctx, may(`"openirsa:DeregisterCluster"`, "*"), iam.ClusterInput{Name: "prod"})
	refused(t, err, "AccessDenied") // its provider
	_, err = p.ListRegisteredClusters(ctx, may(`"openirsa:SyncCluster"`, "*"))
	refused(t, err, "AccessDenied")
	must(p.DeregisterCluster(ctx, may(`"openirsa:DeregisterCluster","iam:DeleteOpenIDConnectProvider"`, "*"), iam.ClusterInput{Name: "prod"}))
}

package iam_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

const clusterIssuer = "https://oidc.example.test/id/A"

// in is the caller, in another region.
func in(region string, c iam.Caller) iam.Caller {
	c.Origin.Region = region
	return c
}

func (p *plane) cluster(name, issuer string) iam.Cluster {
	p.t.Helper()
	return must(p.RegisterCluster(p.t.Context(), p.root, iam.RegisterClusterInput{Name: name, Issuer: issuer}))
}

// TestRegisterCluster: a cluster and its provider appear together, and an issuer has one cluster.
func TestRegisterCluster(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	authority := base64.StdEncoding.EncodeToString([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	first := must(p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{
		Name: "prod", Issuer: clusterIssuer, Version: "1.33", Endpoint: "https://10.0.0.1:6443", CertificateAuthority: authority, Tags: []iam.Tag{{Key: "team", Value: "a"}},
	}))
	if want := "arn:aws:eks:" + region + ":" + account + ":cluster/prod"; first.ARN != want || first.Created.IsZero() {
		t.Errorf("registered %+v, want ARN %s", first, want)
	}
	arn := "arn:aws:iam::" + account + ":oidc-provider/oidc.example.test/id/A"
	provider := must(p.GetOpenIDConnectProvider(ctx, p.root, iam.ProviderInput{OpenIDConnectProviderARN: arn}))
	if provider.Issuer != clusterIssuer || !slices.Equal(provider.ClientIDs, []string{"sts.amazonaws.com"}) {
		t.Errorf("the provider is %+v", provider)
	}

	// Again: what is not given stays, and neither does the provider change.
	done(t, p.AddClientIDToOpenIDConnectProvider(ctx, p.root, iam.ProviderClientIDInput{OpenIDConnectProviderARN: arn, ClientID: "mine"}))
	must(p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, Version: "1.34", ClientIDList: []string{"other"}}))
	again := must(p.DescribeCluster(ctx, p.root, iam.ClusterInput{Name: "prod"}))
	if again.Version != "1.34" || again.Endpoint != first.Endpoint || again.CertificateAuthority != authority || len(again.Tags) != 1 || again.Created != first.Created {
		t.Errorf("registered again it is %+v", again)
	}
	provider = must(p.GetOpenIDConnectProvider(ctx, p.root, iam.ProviderInput{OpenIDConnectProviderARN: arn}))
	if !slices.Equal(provider.ClientIDs, []string{"sts.amazonaws.com", "mine"}) {
		t.Errorf("the provider's client ids are %q", provider.ClientIDs)
	}

	_, err := p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer + "B"})
	refused(t, err, "EntityAlreadyExists")
	for _, caller := range []iam.Caller{p.root, in("us-east-1", p.root)} {
		_, err = p.RegisterCluster(ctx, caller, iam.RegisterClusterInput{Name: "stage", Issuer: clusterIssuer})
		if refusal := refused(t, err, "EntityAlreadyExists"); !strings.Contains(refusal.Message, "--service-account-issuer") {
			t.Errorf("the refusal does not say what to do: %s", refusal.Message)
		}
	}
	_, err = p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "stage", Issuer: "https://oidc.example.test/id/a"})
	refused(t, err, "EntityAlreadyExists") // no condition key could tell them apart

	// A cluster is of its region, and the name is free elsewhere.
	_, err = p.DescribeCluster(ctx, in("us-east-1", p.root), iam.ClusterInput{Name: "prod"})
	expect(t, err, "ResourceNotFoundException", "No cluster found for name: prod.")
	must(p.RegisterCluster(ctx, in("us-east-1", p.root), iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer + "B"}))
	if got := must(p.DescribeCluster(ctx, in("us-east-1", p.root), iam.ClusterInput{Name: "prod"})); got.Issuer != clusterIssuer+"B" {
		t.Errorf("the cluster of us-east-1 is %+v", got)
	}

	// The record survives a restart; deregistered, its provider goes with it.
	p.close()
	p.open()
	if got := must(p.DescribeCluster(ctx, p.root, iam.ClusterInput{Name: "prod"})); got.ARN != first.ARN || got.Issuer != clusterIssuer {
		t.Errorf("after a restart: %+v", got)
	}
	if gone := must(p.DeregisterCluster(ctx, p.root, iam.ClusterInput{Name: "prod"})); gone.At.IsZero() || gone.ProviderARN != arn {
		t.Errorf("deregistered %+v", gone)
	}
	_, err = p.DeregisterCluster(ctx, p.root, iam.ClusterInput{Name: "prod"})
	refused(t, err, "NoSuchEntity")
	_, err = p.DescribeCluster(ctx, p.root, iam.ClusterInput{Name: "prod"})
	refused(t, err, "ResourceNotFoundException")
	_, err = p.GetOpenIDConnectProvider(ctx, p.root, iam.ProviderInput{OpenIDConnectProviderARN: arn})
	refused(t, err, "NoSuchEntity")
	p.cluster("stage", clusterIssuer)
}

func TestRegisterClusterInputs(t *testing.T) {
	p := newPlane(t)
	key := base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	for name, input := range map[string]iam.RegisterClusterInput{
		"no name":                {Issuer: clusterIssuer},
		"a slash in the name":    {Name: "a/b", Issuer: clusterIssuer},
		"a long name":            {Name: strings.Repeat("a", 101), Issuer: clusterIssuer},
		"no issuer":              {Name: "a"},
		"an issuer without TLS":  {Name: "a", Issuer: "http://oidc.example.test"},
		"a version that is none": {Name: "a", Issuer: clusterIssuer, Version: "1.33 <b>"},
		"an endpoint by HTTP":    {Name: "a", Issuer: clusterIssuer, Endpoint: "http://10.0.0.1"},
		"an endpoint with a key": {Name: "a", Issuer: clusterIssuer, Endpoint: "https://user:pass@10.0.0.1"},
		"a private key":          {Name: "a", Issuer: clusterIssuer, CertificateAuthority: key},
		"no certificate":         {Name: "a", Issuer: clusterIssuer, CertificateAuthority: "AAAA"},
		"a reserved tag":         {Name: "a", Issuer: clusterIssuer, Tags: []iam.Tag{{Key: "aws:x", Value: "y"}}},
	} {
		if _, err := p.RegisterCluster(t.Context(), p.root, input); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for _, name := range []string{"", "a/b", "EU-1", "eu_central"} {
		_, err := p.RegisterCluster(t.Context(), in(name, p.root), iam.RegisterClusterInput{Name: "a", Issuer: clusterIssuer})
		refused(t, err, "InvalidInput")
	}
	if got := must(p.ListClusters(t.Context(), p.root, iam.ListClustersInput{})); len(got.Items) > 0 {
		t.Errorf("after refusals there are the clusters %q", got.Items)
	}
	if got := must(p.ListOpenIDConnectProviders(t.Context(), p.root)); len(got) > 0 {
		t.Errorf("after refusals there are the providers %q", got)
	}
}

func TestListClusters(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	for i := range 5 {
		p.cluster(fmt.Sprintf("c%d", i), fmt.Sprintf("%s%d", clusterIssuer, i))
	}
	must(p.RegisterCluster(ctx, in("us-east-1", p.root), iam.RegisterClusterInput{Name: "elsewhere", Issuer: clusterIssuer}))
	var got []string
	paging := iam.ClusterPaging{MaxResults: new(2)}
	for {
		page := must(p.ListClusters(ctx, p.root, iam.ListClustersInput{Include: []string{"all"}, ClusterPaging: paging}))
		got = append(got, page.Items...)
		if paging.NextToken = page.Marker; !page.IsTruncated {
			break
		}
	}
	if want := []string{"c0", "c1", "c2", "c3", "c4"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for _, input := range []iam.ListClustersInput{
		{ClusterPaging: iam.ClusterPaging{MaxResults: new(0)}},
		{ClusterPaging: iam.ClusterPaging{MaxResults: new(101)}},
		{ClusterPaging: iam.ClusterPaging{NextToken: "?"}},
		{Include: []string{"some"}},
	} {
		_, err := p.ListClusters(ctx, p.root, input)
		refused(t, err, "InvalidParameterException")
	}
}

func TestAddons(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.cluster("prod", clusterIssuer)
	role := p.role("ebs").ARN
	ebs := iam.AddonInput{ClusterName: "prod", AddonName: "aws-ebs-csi-driver"}
	created := must(p.CreateAddon(ctx, p.root, iam.CreateAddonInput{AddonInput: ebs, AddonSettings: iam.AddonSettings{
		ServiceAccountRoleARN: &role, AddonVersion: new("v1.37.0-eksbuild.1"), ConfigurationValues: new(`{"a":1}`), ResolveConflicts: "OVERWRITE"}}))
	if !strings.HasPrefix(created.ARN, "arn:aws:eks:"+region+":"+account+":addon/prod/aws-ebs-csi-driver/") || created.ServiceAccountRoleARN != role {
		t.Errorf("created %+v", created)
	}
	_, err := p.CreateAddon(ctx, p.root, iam.CreateAddonInput{AddonInput: ebs})
	expect(t, err, "ResourceInUseException", "Addon already exists.")
	must(p.CreateAddon(ctx, p.root, iam.CreateAddonInput{AddonInput: iam.AddonInput{ClusterName: "prod", AddonName: "coredns"}}))
	if got := must(p.ListAddons(ctx, p.root, iam.ListAddonsInput{ClusterName: "prod"})); !slices.Equal(got.Items, []string{"aws-ebs-csi-driver", "coredns"}) {
		t.Errorf("add-ons %q", got.Items)
	}

	// An update keeps the version and configuration that it does not give, and takes the role that it does not give away.
	must(p.UpdateAddon(ctx, p.root, iam.UpdateAddonInput{AddonInput: ebs, AddonSettings: iam.AddonSettings{ServiceAccountRoleARN: &role, AddonVersion: new("v2")}}))
	if got := must(p.DescribeAddon(ctx, p.root, ebs)); got.Version != "v2" || got.ConfigurationValues != `{"a":1}` || got.ServiceAccountRoleARN != role || got.ARN != created.ARN {
		t.Errorf("updated it is %+v", got)
	}
	update := must(p.UpdateAddon(ctx, p.root, iam.UpdateAddonInput{AddonInput: ebs}))
	if got := must(p.DescribeAddon(ctx, p.root, ebs)); got.ServiceAccountRoleARN != "" || got.Version != "v2" || len(update.ID) != 36 {
		t.Errorf("updated without a role it is %+v", got)
	}

	p.close()
	p.open()
	if got := must(p.DescribeAddon(ctx, p.root, ebs)); got.ARN != created.ARN {
		t.Errorf("after a restart it is %+v", got)
	}
	if got := must(p.DeleteAddon(ctx, p.root, iam.DeleteAddonInput{AddonInput: ebs})); got.ARN != created.ARN {
		t.Errorf("deleted %+v", got)
	}
	_, err = p.DescribeAddon(ctx, p.root, ebs)
	expect(t, err, "ResourceNotFoundException", "No addon: aws-ebs-csi-driver found in cluster: prod")
	_, err = p.DescribeAddon(ctx, in("us-east-1", p.root), ebs)
	expect(t, err, "ResourceNotFoundException", "No cluster found for name: prod.")

	// A cluster takes its add-ons with it.
	must(p.DeregisterCluster(ctx, p.root, iam.ClusterInput{Name: "prod"}))
	p.cluster("prod", clusterIssuer)
	if got := must(p.ListAddons(ctx, p.root, iam.ListAddonsInput{ClusterName: "prod"})); len(got.Items) > 0 {
		t.Errorf("a new cluster has the add-ons %q", got.Items)
	}
}

func TestAddonRefusals(t *testing.T) {
	p := newPlane(t)
	p.cluster("prod", clusterIssuer)
	role := p.role("ebs").ARN
	create := func(settings iam.AddonSettings) error {
		_, err := p.CreateAddon(t.Context(), p.root, iam.CreateAddonInput{AddonInput: iam.AddonInput{ClusterName: "prod", AddonName: "x"}, AddonSettings: settings})
		return err
	}
	for name, c := range map[string]struct {
		settings iam.AddonSettings
		code     string
	}{
		"an absent role":           {iam.AddonSettings{ServiceAccountRoleARN: new(role + "x")}, "InvalidParameterException"},
		"the role by another path": {iam.AddonSettings{ServiceAccountRoleARN: new(strings.Replace(role, "role/", "role/team/", 1))}, "InvalidParameterException"},
		"another account's role":   {iam.AddonSettings{ServiceAccountRoleARN: new("arn:aws:iam::" + otherAccount + ":role/ebs")}, "AccessDenied"},
		"an empty role":            {iam.AddonSettings{ServiceAccountRoleARN: new("")}, "InvalidParameterException"},
		"no role but a user":       {iam.AddonSettings{ServiceAccountRoleARN: new("arn:aws:iam::" + account + ":user/ebs")}, "InvalidParameterException"},
		"an empty version":         {iam.AddonSettings{AddonVersion: new("")}, "InvalidParameterException"},
		"an unknown resolution":    {iam.AddonSettings{ResolveConflicts: "overwrite"}, "InvalidParameterException"},
		"a large configuration":    {iam.AddonSettings{ConfigurationValues: new(strings.Repeat("x", 64<<10+1))}, "InvalidParameterException"},
		"pod identities":           {iam.AddonSettings{PodIdentityAssociations: []iam.PodIdentityAssociation{{ServiceAccount: "a", RoleARN: role}}}, "InvalidParameterException"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, create(c.settings), c.code) })
	}
	for _, name := range []string{"", "a/b", "*", strings.Repeat("a", 129)} {
		_, err := p.DescribeAddon(t.Context(), p.root, iam.AddonInput{ClusterName: "prod", AddonName: name})
		refused(t, err, "InvalidParameterException")
	}
	_, err := p.CreateAddon(t.Context(), p.root, iam.CreateAddonInput{AddonInput: iam.AddonInput{ClusterName: "absent", AddonName: "x"}})
	expect(t, err, "ResourceNotFoundException", "No cluster found for name: absent.")
}

// TestClusterPermissions: each call by its action and resource, and what it needs beside (Service Authorization Reference, Amazon EKS).
func TestClusterPermissions(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	must(p.RegisterCluster(ctx, p.root, iam.RegisterClusterInput{Name: "prod", Issuer: clusterIssuer, Tags: []iam.Tag{{Key: "team", Value: "blue"}}}))
	role := p.role("ebs").ARN
	const prod = "arn:aws:eks:" + region + ":" + account + ":cluster/prod"
	const addon = "arn:aws:eks:" + region + ":" + account + ":addon/prod/a/*"
	describe := func(c iam.Caller) error { return second(p.DescribeCluster(ctx, c, iam.ClusterInput{Name: "prod"})) }
	list := func(c iam.Caller) error { return second(p.ListClusters(ctx, c, iam.ListClustersInput{})) }
	named := iam.AddonInput{ClusterName: "prod", AddonName: "a"}
	create := func(role *string, tags ...iam.Tag) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			_, err := p.CreateAddon(ctx, c, iam.CreateAddonInput{AddonInput: named, AddonSettings: iam.AddonSettings{ServiceAccountRoleARN: role}, Tags: tags})
			if err == nil {
				must(p.DeleteAddon(ctx, p.root, iam.DeleteAddonInput{AddonInput: named}))
			}
			return err
		}
	}
	register := func(name string) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			return second(p.RegisterCluster(ctx, c, iam.RegisterClusterInput{Name: name, Issuer: clusterIssuer + name}))
		}
	}
	statement := func(action, resource, more string) string {
		return fmt.Sprintf(`{"Effect": "Allow", "Action": "%s", "Resource": "%s"%s}`, action, resource, more)
	}
	passTo := func(service string) string {
		return statement("iam:PassRole", role, `, "Condition": {"StringEquals": {"iam:PassedToService": "`+service+`"}}`)
	}
	tag := iam.Tag{Key: "k", Value: "v"}
	createAny := statement("eks:CreateAddon", prod, "")
	cases := []struct {
		name       string
		statements []string
		do         func(c iam.Caller) error
		denied     string // the action that is not allowed; "": none
	}{
		{"describe", []string{statement("eks:DescribeCluster", prod, "")}, describe, ""},
		{"describe another", []string{statement("eks:DescribeCluster", prod+"x", "")}, describe, "eks:DescribeCluster"},
		{"describe by tag", []string{statement("eks:DescribeCluster", "*", `, "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}`)}, describe, ""},
		{"describe by another tag", []string{statement("eks:DescribeCluster", "*", `, "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}`)}, describe, "eks:DescribeCluster"},
		{"list", []string{statement("eks:ListClusters", "*", "")}, list, ""},
		{"list by one cluster", []string{statement("eks:ListClusters", prod, "")}, list, "eks:ListClusters"},
		{"create", []string{createAny}, create(nil), ""},
		{"create with a role", []string{createAny, passTo("eks.amazonaws.com")}, create(&role), ""},
		{"create with a role unpassed", []string{createAny}, create(&role), "iam:PassRole"},
		{"create with a role for another service", []string{createAny, passTo("ec2.amazonaws.com")}, create(&role), "iam:PassRole"},
		{"pass alone", []string{passTo("eks.amazonaws.com")}, create(&role), "eks:CreateAddon"},
		{"create with tags", []string{createAny, statement("eks:TagResource", addon, "")}, create(nil, tag), ""},
		{"create with tags untaggable", []string{createAny}, create(nil, tag), "eks:TagResource"},
		{"register", []string{statement("openirsa:RegisterCluster", "*", ""), statement("iam:CreateOpenIDConnectProvider", "*", "")}, register("b"), ""},
		{"register without providers", []string{statement("openirsa:RegisterCluster", "*", "")}, register("c"), "iam:CreateOpenIDConnectProvider"},
		{"register again", []string{statement("openirsa:RegisterCluster", "*", ""), statement("iam:CreateOpenIDConnectProvider", "*", "")}, register("b"), ""},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			id := fmt.Sprintf("request-%d", i)
			err := c.do(limited(t, id, `{"Version": "2012-10-17", "Statement": [`+strings.Join(c.statements, ",")+`]}`))
			if c.denied == "" {
				done(t, err)
				return
			}
			refusal := refused(t, err, "AccessDenied")
			if !strings.Contains(refusal.Message, "is not authorized to perform: "+c.denied+" on resource: arn:aws:") {
				t.Errorf("refused with %s", refusal.Message)
			}
			if e := p.event(id); e.Action != c.denied || e.Decision == nil || e.Decision.Allowed() || e.ErrorCode != "AccessDenied" {
				t.Errorf("recorded %+v", e)
			}
		})
	}
}

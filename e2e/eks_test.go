package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// makeRole makes a role that trusts one service account of the plane's issuer.
func (p *plane) makeRole(t testing.TB, admin *sdk, name string) (arn string) {
	t.Helper()
	out, err := admin.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(p.trust("shop", name))})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Role.Arn
}

// TestEKSCLI follows the guides for EKS's add-ons with the unmodified CLI: the issuer, a role for an add-on's service account, the add-on.
func TestEKSCLI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	admin := p.asAdmin()
	// The first command of every IRSA guide.
	if issuer := mustCLI(t, admin, "eks", "describe-cluster", "--name", "openirsa", "--query", "cluster.identity.oidc.issuer", "--output", "text"); issuer != p.issuer+"\n" {
		t.Errorf("the cluster's issuer is %q, want %q", issuer, p.issuer)
	}
	if clusters := mustCLI(t, admin, "eks", "list-clusters", "--query", "clusters", "--output", "text"); clusters != "openirsa\n" {
		t.Errorf("the clusters are %q", clusters)
	}
	mustCLI(t, admin, "eks", "wait", "cluster-active", "--name", "openirsa")
	wantRefusal(t, admin, "An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: prod.",
		"eks", "describe-cluster", "--name", "prod")
	wantRefusal(t, admin, "(ResourceNotFoundException)", "eks", "describe-cluster", "--name", "openirsa", "--region", "eu-west-3")

	driver, other := p.makeRole(t, p.adminSDK(t), "ebs"), p.makeRole(t, p.adminSDK(t), "other")
	addon := []string{"--cluster-name", "openirsa", "--addon-name", "aws-ebs-csi-driver", "--output", "text"}
	run := func(operation string, more ...string) string {
		t.Helper()
		return mustCLI(t, admin, append(append([]string{"eks", operation}, addon...), more...)...)
	}
	const role = "addon.[status,serviceAccountRoleArn]"
	if got := run("create-addon", "--service-account-role-arn", driver, "--query", role); got != "ACTIVE\t"+driver+"\n" {
		t.Errorf("create-addon answered %q", got)
	}
	mustCLI(t, admin, "eks", "wait", "addon-active", "--cluster-name", "openirsa", "--addon-name", "aws-ebs-csi-driver")
	if got := run("update-addon", "--service-account-role-arn", other, "--addon-version", "v1.37.0-eksbuild.1", "--resolve-conflicts", "PRESERVE",
		"--query", "update.[type,status]"); got != "AddonUpdate\tSuccessful\n" {
		t.Errorf("update-addon answered %q", got)
	}
	if got := run("describe-addon", "--query", "addon.[serviceAccountRoleArn,addonVersion]"); got != other+"\tv1.37.0-eksbuild.1\n" {
		t.Errorf("describe-addon answered %q", got)
	}
	if got := mustCLI(t, admin, "eks", "list-addons", "--cluster-name", "openirsa", "--query", "addons", "--output", "text"); got != "aws-ebs-csi-driver\n" {
		t.Errorf("list-addons answered %q", got)
	}
	wantRefusal(t, admin, "(ResourceInUseException)", append([]string{"eks", "create-addon"}, addon...)...)
	wantRefusal(t, admin, "(InvalidParameterException)", "eks", "create-addon", "--cluster-name", "openirsa", "--addon-name", "x", "--service-account-role-arn", driver+"x")
	if got := run("delete-addon", "--query", "addon.status"); got != "DELETING\n" {
		t.Errorf("delete-addon answered %q", got)
	}
	wantRefusal(t, admin, "No addon: aws-ebs-csi-driver found in cluster: openirsa", append([]string{"eks", "describe-addon"}, addon...)...)

	pod := p.asPod(t, driver, p.token(t, "shop", "ebs"))
	wantRefusal(t, pod, "An error occurred (AccessDeniedException) when calling the DescribeCluster operation: User: arn:aws:sts::"+p.account+
		":assumed-role/ebs/e2e is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:us-east-1:"+p.account+":cluster/openirsa because no identity-based policy allows the eks:DescribeCluster action",
		"eks", "describe-cluster", "--name", "openirsa")
}

// TestCloudTrailCLI looks a role's exchange and its making up, as the guides do who ask why a pod was refused.
func TestCloudTrailCLI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	admin := p.asAdmin()
	arn := p.makeRole(t, p.adminSDK(t), "app")
	pod := p.asPod(t, arn, p.token(t, "shop", "app"))
	mustCLI(t, pod, "sts", "get-caller-identity")
	wantRefusal(t, p.asPod(t, arn, p.token(t, "staging", "app")), "(AccessDenied)", "sts", "get-caller-identity")
	look := func(key, value, query string) string {
		t.Helper()
		return mustCLI(t, admin, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey="+key+",AttributeValue="+value, "--query", query, "--output", "text")
	}
	for _, name := range []string{"app", arn} {
		if got := look("ResourceName", name, "Events[].EventName"); got != "AssumeRoleWithWebIdentity\tAssumeRoleWithWebIdentity\tCreateRole\n" {
			t.Errorf("the events of %s are %q", name, got)
		}
	}
	if got := look("Username", "e2e", "Events[].[EventName,ReadOnly,EventSource]"); got != "GetCallerIdentity\ttrue\tsts.amazonaws.com\n" {
		t.Errorf("the session's events are %q", got)
	}
	if got := look("Username", "system:serviceaccount:staging:app", "Events[].CloudTrailEvent"); !strings.Contains(got, `"errorCode":"AccessDenied"`) {
		t.Errorf("the refused exchange is %q", got)
	}
	// The time as the CLI takes it, and its pages.
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	if got := mustCLI(t, admin, "cloudtrail", "lookup-events", "--start-time", since, "--page-size", "1", "--query", "Events[].EventName", "--output", "text"); !strings.Contains(got, "CreateRole") {
		t.Errorf("the last hour's events are %q", got)
	}
	if got := mustCLI(t, admin, "cloudtrail", "lookup-events", "--end-time", since, "--query", "length(Events)", "--output", "text"); got != "0\n" {
		t.Errorf("before that there were %s", got)
	}
	wantRefusal(t, pod, "An error occurred (AccessDeniedException) when calling the LookupEvents operation: User: arn:aws:sts::"+p.account+
		":assumed-role/app/e2e is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action",
		"cloudtrail", "lookup-events")
	wantRefusal(t, admin, "(InvalidNextTokenException)", "cloudtrail", "lookup-events", "--no-paginate", "--next-token", "x")
}

// TestEKSSDK is the Go SDK's view, with its paginators, waiters and typed errors.
func TestEKSSDK(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	admin := p.adminSDK(t)
	clusters, events := eks.NewFromConfig(admin.config), cloudtrail.NewFromConfig(admin.config)
	ctx := t.Context()
	for i := range 5 {
		register := map[string]any{"Name": fmt.Sprintf("c%d", i), "Issuer": fmt.Sprintf("https://oidc.example.test/id/%d", i), "Version": "1.33"}
		if err := p.operate(t, admin.config.Credentials, "RegisterCluster", register, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.operate(t, admin.config.Credentials, "RegisterCluster", map[string]any{"Name": "again", "Issuer": "https://oidc.example.test/id/0"}, nil); err == nil ||
		!strings.Contains(err.Error(), "--service-account-issuer") {
		t.Errorf("a second cluster with an issuer: %v", err)
	}
	var names []string
	pages := eks.NewListClustersPaginator(clusters, &eks.ListClustersInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, page.Clusters...)
	}
	if want := []string{"c0", "c1", "c2", "c3", "c4", "openirsa"}; !slices.Equal(names, want) {
		t.Errorf("the clusters are %q, want %q", names, want)
	}
	described, err := clusters.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("c3")})
	if err != nil {
		t.Fatal(err)
	}
	if c := described.Cluster; *c.Identity.Oidc.Issuer != "https://oidc.example.test/id/3" || c.Status != ekstypes.ClusterStatusActive || *c.Version != "1.33" ||
		*c.Arn != "arn:aws:eks:us-east-1:"+p.account+":cluster/c3" || time.Since(*c.CreatedAt) > time.Hour {
		t.Errorf("c3 is %+v", c)
	}
	// The issuer is a provider of the account, as it is where eksctl associates one.
	if _, err := admin.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: aws.String("arn:aws:iam::" + p.account + ":oidc-provider/oidc.example.test/id/3")}); err != nil {
		t.Error(err)
	}
	role := p.makeRole(t, admin, "cni")
	if _, err := clusters.CreateAddon(ctx, &eks.CreateAddonInput{ClusterName: aws.String("c3"), AddonName: aws.String("vpc-cni"), ServiceAccountRoleArn: &role,
		ConfigurationValues: aws.String(`{"env":{"A":"1"}}`), Tags: map[string]string{"team": "net"}}); err != nil {
		t.Fatal(err)
	}
	addon, err := eks.NewAddonActiveWaiter(clusters).WaitForOutput(ctx, &eks.DescribeAddonInput{ClusterName: aws.String("c3"), AddonName: aws.String("vpc-cni")}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if a := addon.Addon; *a.ServiceAccountRoleArn != role || *a.ConfigurationValues != `{"env":{"A":"1"}}` || a.Tags["team"] != "net" || len(a.Health.Issues) > 0 {
		t.Errorf("the add-on is %+v", a)
	}
	_, err = clusters.CreateAddon(ctx, &eks.CreateAddonInput{ClusterName: aws.String("c3"), AddonName: aws.String("vpc-cni")})
	var inUse *ekstypes.ResourceInUseException
	if !errors.As(err, &inUse) {
		t.Errorf("the add-on again: %v", err)
	}
	_, err = clusters.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("absent")})
	var notFound *ekstypes.ResourceNotFoundException
	if !errors.As(err, &notFound) {
		t.Errorf("an absent cluster: %v", err)
	}

	var looked []string
	for lookups := cloudtrail.NewLookupEventsPaginator(events, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(2), StartTime: aws.Time(time.Now().Add(-time.Hour)),
		LookupAttributes: []cloudtrailtypes.LookupAttribute{{AttributeKey: cloudtrailtypes.LookupAttributeKeyEventSource, AttributeValue: aws.String("eks.amazonaws.com")}}}); lookups.HasMorePages(); {
		page, err := lookups.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			looked = append(looked, *e.EventName)
			var record struct{ EventID string }
			if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &record); err != nil || record.EventID != *e.EventId {
				t.Errorf("the record of %s is %s", *e.EventId, *e.CloudTrailEvent)
			}
		}
	}
	// All within a second or two, the resolution of events' times: a read, which waits in the trail's queue, may stand before a later change.
	slices.Sort(looked)
	want := []string{"CreateAddon", "CreateAddon", "DescribeAddon", "DescribeCluster", "DescribeCluster", "ListClusters", "ListClusters", "ListClusters"}
	if !slices.Equal(looked, want) {
		t.Errorf("EKS's events are %q, want %q", looked, want)
	}
	_, err = events.LookupEvents(ctx, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(51)})
	var tooMany *cloudtrailtypes.InvalidMaxResultsException
	if !errors.As(err, &tooMany) {
		t.Errorf("51 results: %v", err)
	}
	p.endAddon(t, clusters, "c3", "vpc-cni", role)
}

// endAddon updates, lists and deletes the add-on, which has a role.
func (p *plane) endAddon(t *testing.T, clusters *eks.Client, cluster, name, role string) {
	t.Helper()
	update, err := clusters.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: &cluster, AddonName: &name, AddonVersion: aws.String("v2"), ServiceAccountRoleArn: &role})
	if err != nil || update.Update.Type != ekstypes.UpdateTypeAddonUpdate || update.Update.Status != ekstypes.UpdateStatusSuccessful {
		t.Errorf("UpdateAddon: %+v, %v", update, err)
	}
	if _, err := clusters.CreateAddon(t.Context(), &eks.CreateAddonInput{ClusterName: &cluster, AddonName: aws.String("coredns")}); err != nil {
		t.Error(err)
	}
	var names []string
	for addons := eks.NewListAddonsPaginator(clusters, &eks.ListAddonsInput{ClusterName: &cluster, MaxResults: aws.Int32(1)}); addons.HasMorePages(); {
		page, err := addons.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, page.Addons...)
	}
	if want := []string{"coredns", name}; !slices.Equal(names, want) {
		t.Errorf("the cluster's add-ons are %q, want %q", names, want)
	}
	deleted, err := clusters.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: &cluster, AddonName: &name})
	if err != nil || deleted.Addon.Status != ekstypes.AddonStatusDeleting || *deleted.Addon.AddonVersion != "v2" || *deleted.Addon.ServiceAccountRoleArn != role {
		t.Errorf("DeleteAddon: %+v, %v", deleted, err)
	}
	var notFound *ekstypes.ResourceNotFoundException
	if _, err := clusters.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: &cluster, AddonName: &name}); !errors.As(err, &notFound) {
		t.Errorf("DeleteAddon again: %v", err)
	}
}

// TestEKSAfterRestart: what was registered is there after a kill, and a deregistered cluster does not come back.
func TestEKSAfterRestart(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	p := start(t, folder)
	if err := p.operate(t, p.adminSDK(t).config.Credentials, "RegisterCluster", map[string]any{"Name": "prod", "Issuer": "https://oidc.example.test"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.operate(t, p.adminSDK(t).config.Credentials, "DeregisterCluster", map[string]any{"Name": "openirsa"}, nil); err != nil {
		t.Fatal(err)
	}
	p.kill(t)
	p = start(t, folder)
	list, err := eks.NewFromConfig(p.adminSDK(t).config).ListClusters(t.Context(), &eks.ListClustersInput{})
	if err != nil || !slices.Equal(list.Clusters, []string{"prod"}) {
		t.Errorf("after a restart: %+v, %v", list, err)
	}
}

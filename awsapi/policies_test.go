package awsapi_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestManagedPolicies(t *testing.T) {
	ctx, client := t.Context(), newPlane(t).iam()
	created, err := client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{
		PolicyName: aws.String("Read"), Path: aws.String("/apps/"), PolicyDocument: aws.String(readPolicy), Description: aws.String("reads"),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	must(t, err)
	arn := created.Policy.Arn
	if *arn != "arn:aws:iam::"+account+":policy/apps/Read" {
		t.Errorf("ARN is %s", *arn)
	}
	_, err = client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("read"), PolicyDocument: aws.String(readPolicy)})
	wantError(t, err, "EntityAlreadyExists", 409)
	got, err := client.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: arn})
	must(t, err)
	p := got.Policy
	if *p.PolicyName != "Read" || *p.Path != "/apps/" || *p.DefaultVersionId != "v1" || *p.AttachmentCount != 0 || *p.PermissionsBoundaryUsageCount != 0 ||
		!p.IsAttachable || *p.Description != "reads" || p.CreateDate == nil || p.UpdateDate == nil {
		t.Errorf("policy is %+v", p)
	}
	wantTags(t, p.Tags, map[string]string{"k": "v"})
	if created.Policy.Description != nil { // as recorded of AWS
		t.Errorf("CreatePolicy answered with the description %q", *created.Policy.Description)
	}

	version, err := client.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(readPolicy + " "), SetAsDefault: true})
	must(t, err)
	if v := version.PolicyVersion; *v.VersionId != "v2" || !v.IsDefaultVersion || v.Document != nil {
		t.Errorf("version is %+v", v)
	}
	first, err := client.GetPolicyVersion(ctx, &awsiam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	must(t, err)
	wantDocument(t, *first.PolicyVersion.Document, readPolicy)
	if first.PolicyVersion.IsDefaultVersion {
		t.Error("v1 is still the default")
	}
	_, err = client.SetDefaultPolicyVersion(ctx, &awsiam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	must(t, err)
	_, err = client.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	wantError(t, err, "DeleteConflict", 409)
	versions := awsiam.NewListPolicyVersionsPaginator(client, &awsiam.ListPolicyVersionsInput{PolicyArn: arn, MaxItems: aws.Int32(1)})
	var ids []string
	for versions.HasMorePages() {
		page, err := versions.NextPage(ctx)
		must(t, err)
		for _, v := range page.Versions {
			ids = append(ids, fmt.Sprint(*v.VersionId, v.IsDefaultVersion))
		}
	}
	wantSet(t, ids, "v1true", "v2false")
	_, err = client.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")})
	must(t, err)
	_, err = client.GetPolicyVersion(ctx, &awsiam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")})
	wantError(t, err, "NoSuchEntity", 404)

	_, err = client.TagPolicy(ctx, &awsiam.TagPolicyInput{PolicyArn: arn, Tags: []types.Tag{{Key: aws.String("l"), Value: aws.String("w")}}})
	must(t, err)
	_, err = client.UntagPolicy(ctx, &awsiam.UntagPolicyInput{PolicyArn: arn, TagKeys: []string{"k"}})
	must(t, err)
	tags, err := client.ListPolicyTags(ctx, &awsiam.ListPolicyTagsInput{PolicyArn: arn})
	must(t, err)
	wantTags(t, tags.Tags, map[string]string{"l": "w"})

	_, err = client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("other"), PolicyDocument: aws.String(readPolicy)})
	must(t, err)
	var names []string
	policies := awsiam.NewListPoliciesPaginator(client, &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, MaxItems: aws.Int32(1)})
	for policies.HasMorePages() {
		page, err := policies.NextPage(ctx)
		must(t, err)
		for _, listed := range page.Policies {
			names = append(names, *listed.PolicyName)
		}
	}
	wantSet(t, names, "Read", "other")
	attached, err := client.ListPolicies(ctx, &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, OnlyAttached: true})
	must(t, err)
	if len(attached.Policies) != 0 {
		t.Errorf("attached policies are %+v", attached.Policies)
	}

	_, err = client.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: arn})
	must(t, err)
	_, err = client.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: arn})
	wantError(t, err, "NoSuchEntity", 404)
	_, err = client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("bad"), PolicyDocument: aws.String(`{"Statement":1}`)})
	wantError(t, err, "MalformedPolicyDocument", 400)
}

func TestProviders(t *testing.T) {
	ctx, client := t.Context(), newPlane(t).iam()
	created, err := client.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{
		Url: aws.String(issuerURL), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{},
		Tags: []types.Tag{{Key: aws.String("cluster"), Value: aws.String("one")}},
	})
	must(t, err)
	arn := created.OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::"+account+":oidc-provider/"+issuerURL[len("https://"):] {
		t.Errorf("ARN is %s", *arn)
	}
	wantTags(t, created.Tags, map[string]string{"cluster": "one"})
	_, err = client.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String(issuerURL)})
	wantError(t, err, "EntityAlreadyExists", 409)
	_, err = client.AddClientIDToOpenIDConnectProvider(ctx, &awsiam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("other")})
	must(t, err)
	_, err = client.RemoveClientIDFromOpenIDConnectProvider(ctx, &awsiam.RemoveClientIDFromOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: arn, ClientID: aws.String("sts.amazonaws.com"),
	})
	must(t, err)
	thumbprint := "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
	_, err = client.UpdateOpenIDConnectProviderThumbprint(ctx, &awsiam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{thumbprint}})
	must(t, err)
	_, err = client.TagOpenIDConnectProvider(ctx, &awsiam.TagOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: arn, Tags: []types.Tag{{Key: aws.String("stage"), Value: aws.String("test")}},
	})
	must(t, err)
	_, err = client.UntagOpenIDConnectProvider(ctx, &awsiam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"cluster"}})
	must(t, err)
	tags, err := client.ListOpenIDConnectProviderTags(ctx, &awsiam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: arn})
	must(t, err)
	wantTags(t, tags.Tags, map[string]string{"stage": "test"})
	got, err := client.GetOpenIDConnectProvider(ctx, &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	must(t, err)
	if *got.Url != issuerURL[len("https://"):] || !slices.Equal(got.ClientIDList, []string{"other"}) || !slices.Equal(got.ThumbprintList, []string{thumbprint}) || got.CreateDate == nil {
		t.Errorf("provider is %+v", got)
	}
	wantTags(t, got.Tags, map[string]string{"stage": "test"})
	list, err := client.ListOpenIDConnectProviders(ctx, &awsiam.ListOpenIDConnectProvidersInput{})
	must(t, err)
	if len(list.OpenIDConnectProviderList) != 1 || *list.OpenIDConnectProviderList[0].Arn != *arn {
		t.Errorf("providers are %+v", list.OpenIDConnectProviderList)
	}
	_, err = client.DeleteOpenIDConnectProvider(ctx, &awsiam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	must(t, err)
	_, err = client.GetOpenIDConnectProvider(ctx, &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantError(t, err, "NoSuchEntity", 404)
}

func wantSet(t *testing.T, got []string, want ...string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

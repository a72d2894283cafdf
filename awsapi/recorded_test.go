package awsapi_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestRecordedTags: where there are no tags, GetPolicy and GetOpenIDConnectProvider answer with an empty list, CreatePolicy, GetRole and
// CreateOpenIDConnectProvider with none: recorded answers of AWS, of February 2026, as localstack's tests keep them.
func TestRecordedTags(t *testing.T) {
	ctx, client := t.Context(), newPlane(t).iam()
	created, err := client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("P"), PolicyDocument: aws.String(readPolicy)})
	must(t, err)
	got, err := client.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: created.Policy.Arn})
	must(t, err)
	if created.Policy.Tags != nil || got.Policy.Tags == nil || len(got.Policy.Tags) > 0 {
		t.Errorf("tags of a policy: %v when created, then %v", created.Policy.Tags, got.Policy.Tags)
	}
	registered, err := client.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://tags.example.com")})
	must(t, err)
	provider, err := client.GetOpenIDConnectProvider(ctx, &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: registered.OpenIDConnectProviderArn})
	must(t, err)
	if registered.Tags != nil || provider.Tags == nil || len(provider.Tags) > 0 || provider.ClientIDList == nil {
		t.Errorf("tags of a provider: %v when created, then %v", registered.Tags, provider.Tags)
	}
	_, err = client.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: aws.String("R"), AssumeRolePolicyDocument: aws.String(trustPolicy("r"))})
	must(t, err)
	role, err := client.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("R")})
	must(t, err)
	if role.Role.Tags != nil || role.Role.RoleLastUsed == nil {
		t.Errorf("role is %+v", role.Role)
	}
}

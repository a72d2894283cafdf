package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// commandLine is an AWS CLI in one folder, whose commands are written as a user types them.
type commandLine struct {
	folder      string
	environment []string
}

// run splits a command at its spaces, but for those in single quotes, and must succeed. Its output is JSON unless the command says otherwise.
func (c commandLine) run(t *testing.T, command string) string {
	t.Helper()
	return strings.TrimSuffix(mustCLI(t, c.environment, c.words(command)...), "\n")
}

// refused runs a command that must fail, and say what AWS's CLI says of such an error.
func (c commandLine) refused(t *testing.T, says, command string) {
	t.Helper()
	wantRefusal(t, c.environment, says, c.words(command)...)
}

var words = regexp.MustCompile(`(?:[^\s']|'[^']*')+`)

// words are a command's, without the leading "aws". Files are named by their whole path, because the CLI runs in the test's folder.
func (c commandLine) words(command string) []string {
	var split []string
	for _, word := range words.FindAllString(command, -1) {
		split = append(split, strings.ReplaceAll(strings.ReplaceAll(word, "'", ""), "file://", "file://"+c.folder+"/"))
	}
	return split[1:]
}

func (c commandLine) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// is compares a command's output, as text or as JSON.
func (c commandLine) is(t *testing.T, want, command string) {
	t.Helper()
	got := c.run(t, command)
	if got == want {
		return
	}
	var gotValue, wantValue any
	if json.Unmarshal([]byte(got), &gotValue) == nil && json.Unmarshal([]byte(want), &wantValue) == nil {
		gotText, _ := json.Marshal(gotValue)
		wantText, _ := json.Marshal(wantValue)
		if string(gotText) == string(wantText) {
			return
		}
		got, want = string(gotText), string(wantText)
	}
	t.Errorf("%s\ngot  %s\nwant %s", command, got, want)
}

func (p *plane) commandLine(t *testing.T) commandLine {
	return commandLine{folder: t.TempDir(), environment: append(p.asAdmin(), "AWS_DEFAULT_OUTPUT=json", "HOME="+t.TempDir())}
}

// TestGuideCommands types the AWS CLI commands of an IRSA guide: create the policy, make the role, tag both, and look at everything that its
// chapter on troubleshooting looks at.
func TestGuideCommands(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := p.commandLine(t)
	const autoscaler = `{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeTags", "ec2:DescribeInstanceTypes"], "Resource": "*" },
    { "Effect": "Allow", "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"], "Resource": "*",
      "Condition": { "StringEquals": { "autoscaling:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true" } } }
  ]
}`
	c.write(t, "cluster-autoscaler-policy.json", autoscaler)
	c.write(t, "trust.json", p.trust("kube-system", "cluster-autoscaler"))
	c.write(t, "v2.json", allowGet)
	policy := "arn:aws:iam::" + p.account + ":policy/ClusterAutoscalerPolicy"

	var created struct{ Policy map[string]any }
	decode(t, c.run(t, "aws iam create-policy --policy-name ClusterAutoscalerPolicy --policy-document file://cluster-autoscaler-policy.json"), &created)
	if created.Policy["Arn"] != policy || created.Policy["DefaultVersionId"] != "v1" || created.Policy["AttachmentCount"] != 0.0 || created.Policy["IsAttachable"] != true {
		t.Errorf("create-policy printed %v", created.Policy)
	}
	c.refused(t, "An error occurred (EntityAlreadyExists) when calling the CreatePolicy operation: A policy called ClusterAutoscalerPolicy already exists. Duplicate names are not allowed.",
		"aws iam create-policy --policy-name ClusterAutoscalerPolicy --policy-document file://cluster-autoscaler-policy.json")
	c.is(t, policy, "aws iam list-policies --scope Local --query Policies[?PolicyName=='`ClusterAutoscalerPolicy`'].Arn --output text")
	provider := "arn:aws:iam::" + p.account + ":oidc-provider/" + strings.TrimPrefix(p.issuer, "https://")
	c.is(t, `{"OpenIDConnectProviderList":[{"Arn":"`+provider+`"}]}`, "aws iam list-open-id-connect-providers")
	c.is(t, `["sts.amazonaws.com"]`, "aws iam get-open-id-connect-provider --open-id-connect-provider-arn "+provider+" --query ClientIDList")

	c.run(t, "aws iam create-role --role-name cluster-autoscaler --assume-role-policy-document file://trust.json")
	c.run(t, "aws iam attach-role-policy --role-name cluster-autoscaler --policy-arn "+policy)
	c.is(t, p.trust("kube-system", "cluster-autoscaler"), "aws iam get-role --role-name cluster-autoscaler --query Role.AssumeRolePolicyDocument")
	c.is(t, `{"AttachedPolicies":[{"PolicyName":"ClusterAutoscalerPolicy","PolicyArn":"`+policy+`"}]}`, "aws iam list-attached-role-policies --role-name cluster-autoscaler")

	// The version in force need not be the first.
	c.run(t, "aws iam create-policy-version --policy-arn "+policy+" --policy-document file://v2.json --set-as-default")
	version := c.run(t, "aws iam get-policy --policy-arn "+policy+" --query Policy.DefaultVersionId --output text")
	c.is(t, allowGet, "aws iam get-policy-version --policy-arn "+policy+" --version-id "+version+" --query PolicyVersion.Document")
	c.is(t, autoscaler, "aws iam get-policy-version --policy-arn "+policy+" --version-id v1 --query PolicyVersion.Document")

	c.run(t, "aws iam tag-role --role-name cluster-autoscaler --tags Key=Environment,Value=production Key=Application,Value=cluster-autoscaler")
	c.run(t, "aws iam tag-policy --policy-arn "+policy+" --tags Key=Environment,Value=production")
	c.is(t, `{"Tags":[{"Key":"Application","Value":"cluster-autoscaler"},{"Key":"Environment","Value":"production"}]}`, "aws iam list-role-tags --role-name cluster-autoscaler")
	c.is(t, `[{"Key":"Environment","Value":"production"}]`, "aws iam get-policy --policy-arn "+policy+" --query Policy.Tags")
	c.is(t, `{"PolicyGroups":[],"PolicyUsers":[],"PolicyRoles":["cluster-autoscaler"]}`,
		"aws iam list-entities-for-policy --policy-arn "+policy+" --query '{PolicyGroups:PolicyGroups,PolicyUsers:PolicyUsers,PolicyRoles:PolicyRoles[].RoleName}'")

	// The driver's policy is AWS's own.
	const driver = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
	c.is(t, driver, "aws iam get-policy --policy-arn "+driver+" --query Policy.Arn --output text")
	c.run(t, "aws iam attach-role-policy --role-name cluster-autoscaler --policy-arn "+driver)
	pod := p.asPod(t, "arn:aws:iam::"+p.account+":role/cluster-autoscaler", p.token(t, "kube-system", "cluster-autoscaler"))
	var caller struct{ Arn string }
	decode(t, mustCLI(t, pod, "sts", "get-caller-identity", "--output", "json"), &caller)
	if caller.Arn != "arn:aws:sts::"+p.account+":assumed-role/cluster-autoscaler/e2e" {
		t.Errorf("the pod is %s", caller.Arn)
	}
	c.refused(t, "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name nobody cannot be found.", "aws iam get-role --role-name nobody")
}

// TestIAMCLI types more IAM commands, with what the CLI adds: pages that it reads by itself, shorthand, files, queries, waiters.
func TestIAMCLI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := p.commandLine(t)
	c.write(t, "trust.json", trustEC2)
	c.write(t, "get.json", allowGet)
	for _, name := range []string{"one", "two", "three"} {
		c.run(t, "aws iam create-role --role-name cli-"+name+" --path /cli/ --assume-role-policy-document file://trust.json --tags Key=n,Value="+name)
	}
	const all = `["cli-one","cli-three","cli-two"]`
	c.run(t, "aws iam wait role-exists --role-name cli-one")
	c.is(t, all, "aws iam list-roles --path-prefix /cli/ --query Roles[].RoleName")
	c.is(t, all, "aws iam list-roles --path-prefix /cli/ --page-size 1 --query Roles[].RoleName")
	var page struct {
		Roles     []struct{ RoleName string }
		NextToken string
	}
	decode(t, c.run(t, "aws iam list-roles --path-prefix /cli/ --max-items 2 --page-size 1"), &page)
	if len(page.Roles) != 2 || page.NextToken == "" {
		t.Errorf("--max-items 2 printed %+v", page)
	}
	c.is(t, `["cli-two"]`, "aws iam list-roles --path-prefix /cli/ --starting-token "+page.NextToken+" --query Roles[].RoleName")
	decode(t, c.run(t, "aws iam list-roles --path-prefix /cli/ --no-paginate --max-items 1"), &page)
	if len(page.Roles) != 1 {
		t.Errorf("--no-paginate --max-items 1 printed %+v", page)
	}

	c.run(t, "aws iam update-role --role-name cli-one --max-session-duration 7200 --description 'for a test'")
	c.is(t, `["for a test",7200]`, "aws iam get-role --role-name cli-one --query [Role.Description,Role.MaxSessionDuration]")
	c.run(t, "aws iam update-assume-role-policy --role-name cli-one --policy-document file://trust.json")
	c.run(t, "aws iam put-role-policy --role-name cli-one --policy-name inline --policy-document file://get.json")
	c.is(t, `{"RoleName":"cli-one","PolicyName":"inline","PolicyDocument":`+allowGet+`}`, "aws iam get-role-policy --role-name cli-one --policy-name inline")
	c.is(t, `{"PolicyNames":["inline"]}`, "aws iam list-role-policies --role-name cli-one")
	c.refused(t, "An error occurred (DeleteConflict) when calling the DeleteRole operation: Cannot delete entity, must delete policies first.", "aws iam delete-role --role-name cli-one")
	c.run(t, "aws iam untag-role --role-name cli-one --tag-keys N")
	c.is(t, `{"Tags":[]}`, "aws iam list-role-tags --role-name cli-one")
	c.refused(t, "(ValidationError) when calling the TagRole operation: 1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint", "aws iam tag-role --role-name cli-one --tags Key='a*b',Value=x")
	c.refused(t, "An error occurred (MalformedPolicyDocument) when calling the PutRolePolicy operation: ", "aws iam put-role-policy --role-name cli-one --policy-name x --policy-document '{\"Version\":\"2012-10-17\"}'")
	c.run(t, "aws iam delete-role-policy --role-name cli-one --policy-name inline")
	c.run(t, "aws iam delete-role --role-name cli-one")

	const issuer = "https://cli.example.com/id/1"
	arn := c.run(t, "aws iam create-open-id-connect-provider --url "+issuer+" --client-id-list sts.amazonaws.com --thumbprint-list "+strings.Repeat("0", 40)+" --query OpenIDConnectProviderArn --output text")
	c.run(t, "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "+arn+" --client-id other")
	c.is(t, `["sts.amazonaws.com","other"]`, "aws iam get-open-id-connect-provider --open-id-connect-provider-arn "+arn+" --query ClientIDList")
	c.refused(t, "(EntityAlreadyExists)", "aws iam create-open-id-connect-provider --url "+issuer)
	c.run(t, "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "+arn)
	testCLIUsers(t, p, c)
}

// testCLIUsers: users with keys of their own, groups, instance profiles, the account.
func testCLIUsers(t *testing.T, p *plane, c commandLine) {
	t.Helper()
	c.run(t, "aws iam create-user --user-name ann --path /cli/")
	c.run(t, "aws iam wait user-exists --user-name ann")
	c.run(t, "aws iam create-group --group-name readers")
	c.run(t, "aws iam put-group-policy --group-name readers --policy-name read-iam --policy-document '"+strings.Replace(allowGet, "s3:GetObject", "iam:Get*", 1)+"'")
	c.run(t, "aws iam add-user-to-group --group-name readers --user-name ann")
	c.is(t, `["ann"]`, "aws iam get-group --group-name readers --query Users[].UserName")
	c.is(t, `["readers"]`, "aws iam list-groups-for-user --user-name ann --query Groups[].GroupName")
	var key struct {
		AccessKey struct{ AccessKeyID, SecretAccessKey string }
	}
	decode(t, c.run(t, "aws iam create-access-key --user-name ann"), &key)
	ann := commandLine{folder: c.folder, environment: append(slices.Clone(c.environment), "AWS_ACCESS_KEY_ID="+key.AccessKey.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+key.AccessKey.SecretAccessKey)}
	ann.is(t, "arn:aws:iam::"+p.account+":user/cli/ann", "aws iam get-user --query User.Arn --output text") // nobody named: the caller
	ann.refused(t, "An error occurred (AccessDenied) when calling the CreateUser operation: User: arn:aws:iam::"+p.account+":user/cli/ann is not authorized to perform: iam:CreateUser on resource: ",
		"aws iam create-user --user-name eve")
	c.is(t, `["Active"]`, "aws iam list-access-keys --user-name ann --query AccessKeyMetadata[].Status")
	c.is(t, "ann", "aws iam get-access-key-last-used --access-key-id "+key.AccessKey.AccessKeyID+" --query UserName --output text")
	c.run(t, "aws iam update-access-key --user-name ann --access-key-id "+key.AccessKey.AccessKeyID+" --status Inactive")
	ann.refused(t, "(InvalidClientTokenId)", "aws iam get-user")
	c.refused(t, "(DeleteConflict) when calling the DeleteUser operation: Cannot delete entity, must delete access keys first.", "aws iam delete-user --user-name ann")
	c.run(t, "aws iam delete-access-key --user-name ann --access-key-id "+key.AccessKey.AccessKeyID)
	c.run(t, "aws iam remove-user-from-group --group-name readers --user-name ann")
	c.run(t, "aws iam delete-user --user-name ann")

	c.run(t, "aws iam create-instance-profile --instance-profile-name nodes")
	c.run(t, "aws iam wait instance-profile-exists --instance-profile-name nodes")
	c.is(t, `{"InstanceProfiles":[]}`, "aws iam list-instance-profiles-for-role --role-name cli-two")
	c.run(t, "aws iam add-role-to-instance-profile --instance-profile-name nodes --role-name cli-two")
	c.is(t, `["cli-two"]`, "aws iam get-instance-profile --instance-profile-name nodes --query InstanceProfile.Roles[].RoleName")
	c.refused(t, "(LimitExceeded) when calling the AddRoleToInstanceProfile operation: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
		"aws iam add-role-to-instance-profile --instance-profile-name nodes --role-name cli-three")

	c.run(t, "aws iam create-account-alias --account-alias shop-production")
	c.is(t, `{"AccountAliases":["shop-production"]}`, "aws iam list-account-aliases")
	c.is(t, "1000", "aws iam get-account-summary --query SummaryMap.RolesQuota")
	c.is(t, `["readers"]`, "aws iam get-account-authorization-details --filter Group --query GroupDetailList[].GroupName")
	c.is(t, "AWSServiceRoleForAutoScaling", "aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com --query Role.RoleName --output text")
	c.refused(t, "An error occurred (UnmodifiableEntity) when calling the DeleteRole operation: ", "aws iam delete-role --role-name AWSServiceRoleForAutoScaling")
	c.refused(t, "An error occurred (NoSuchEntity) when calling the GetAccountPasswordPolicy operation: ", "aws iam get-account-password-policy")
}

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMoto makes one series of IAM calls against the plane and against moto, an independent implementation of AWS's interfaces, and compares
// what a client sees of each: status, code, message and every member of the answer. Where moto is known to answer otherwise than AWS, the
// table below says what of AWS's decides.
func TestMoto(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("python3", "-c", "import boto3, moto.server").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no second implementation of IAM to compare with: python3 with boto3 and moto[server] 5.2 is needed (%v)\n%s", err, out)
	}
	p := start(t, t.TempDir())
	ours := iamSeries(t, p.asAdmin())
	theirs := iamSeries(t, []string{"AWS_ENDPOINT_URL=" + startMoto(t), "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=moto", "AWS_DEFAULT_REGION=us-east-1"})
	if len(ours) < 150 || len(ours) != len(theirs) {
		t.Fatalf("%d calls here, %d of moto", len(ours), len(theirs))
	}
	known := motoDiffers()
	for i, our := range ours {
		call, their := our["call"].(string), theirs[i]
		if their["call"] != call {
			t.Fatalf("call %d is %s here and %v of moto", i, call, their["call"])
		}
		their["message"] = inAWSWords(their["message"])
		same := reflect.DeepEqual(withoutDefaults(our), withoutDefaults(their))
		reason, differs := known[call]
		delete(known, call)
		switch {
		case !same && !differs:
			t.Errorf("%s\nhere: %s\nmoto: %s", call, asJSON(t, our), asJSON(t, their))
		case same && differs:
			t.Errorf("%s is the same here and of moto, which the table says to differ: %s", call, reason)
		}
	}
	for _, call := range slices.Sorted(maps.Keys(known)) {
		t.Errorf("the table has %q, which is not among the calls", call)
	}
}

// motoDiffers are the calls of python/iam_calls.py that moto 5.2 answers otherwise than AWS, each with what decides. Every other call must be
// answered alike.
func motoDiffers() map[string]string {
	const (
		reference = "IAM API reference, "
		guide     = "IAM User Guide, "
		example   = "AWS CLI reference, example of "
		version   = "PolicyVersion: the document is returned by GetPolicyVersion and GetAccountAuthorizationDetails, not by CreatePolicyVersion or ListPolicyVersions"
		words     = "the same refusal in other words; AWS's are those of public reports"
		subset    = "lists return a subset of the members: Tags and RoleLastUsed are left out of what is listed (ListRoles, ListUsers, GetGroup's users)"
		crash     = "moto fails with an internal error: "
		created   = "AWS was recorded to leave Description, MaxSessionDuration and RoleLastUsed out of CreateRole's answer (localstack's snapshots of AWS, 2026)"
		notFound  = "AWS was recorded to say \"was not found.\" where a call is about the policy itself (localstack's snapshots of AWS, 2026)"
	)
	return map[string]string{
		// Documents and what they refer to are not looked at.
		"create_role broken document":            reference + "CreateRole: MalformedPolicyDocument",
		"create_role plain":                      created,
		"create_role full":                       created,
		"create_role in a profile":               created,
		"create_role to attach to":               created,
		"create_role boundary of nobody":         reference + "CreateRole: NoSuchEntity for a policy that is not there",
		"update_role_description full":           example + "update-role-description: no RoleLastUsed",
		"get_role with a boundary":               example + "create-user: PermissionsBoundaryType is Policy, the only value (" + reference + "AttachedPermissionsBoundary)",
		"create_policy_version v2":               reference + version,
		"create_policy_version v3":               reference + version,
		"create_policy_version v4":               reference + version,
		"create_policy_version v5":               reference + version,
		"list_policy_versions of one":            reference + version,
		"create_policy_version after a deletion": reference + version,
		// Counting and deleting.
		"get_policy one when attached":            reference + "Policy: AttachmentCount is the number of entities, and an entity is attached once",
		"delete_policy attached":                  reference + "DeletePolicy: before it, detach the policy from all users, groups and roles",
		"delete_policy with versions":             reference + "DeletePolicy: before it, delete all versions but the default one; moto deleted the policy before",
		"delete_user with keys":                   reference + "DeleteUser: before it, delete the access keys",
		"delete_user in a group":                  reference + "DeleteUser: before it, remove the user from its groups",
		"delete_group with a user":                reference + "DeleteGroup: the group must not contain any users",
		"get_group dev with eve":                  reference + subset,
		"get_instance_profile nodes":              example + "get-instance-profile: its role has neither tags nor a last use",
		"list_instance_profiles all":              reference + subset,
		"list_instance_profiles_for_role full":    reference + subset,
		"create_instance_profile with a role":     example + "create-instance-profile: without tags there is no Tags",
		"remove_role_from_instance_profile again": crash + reference + "RemoveRoleFromInstanceProfile: NoSuchEntity",
		"get_account_authorization_details roles": "moto kept the two roles that it should have refused, above",
		// Words.
		"get_policy of nobody":       notFound,
		"list_policy_tags of nobody": notFound,
		"delete_policy again":        notFound,
		"get_role_policy unknown":    words,
		"get_user_policy unknown":    words,
		"get_policy_version unknown": words,
		"get_login_profile eve":      words,
		"create_user again":          words,
		"create_group again":         words,
		// OpenID Connect providers.
		"create_open_id_connect_provider first":                reference + "CreateOpenIDConnectProvider: the answer has the tags",
		"create_open_id_connect_provider again":                words,
		"create_open_id_connect_provider short thumbprint":     guide + "\"Obtain the thumbprint\": a thumbprint has 40 characters",
		"add_client_id_to_open_id_connect_provider first":      crash + reference + "AddClientIDToOpenIDConnectProvider",
		"remove_client_id_from_open_id_connect_provider first": crash + reference + "RemoveClientIDFromOpenIDConnectProvider",
		"get_open_id_connect_provider changed":                 "moto could not change the client ids, above",
	}
}

// inAWSWords puts moto's sentences about what is not found into AWS's, which clients and reports show.
func inAWSWords(message any) any {
	text, ok := message.(string)
	if !ok {
		return message
	}
	for _, sentence := range [][2]string{
		{`^Role (\S+) not found$`, "The role with name $1 cannot be found."},
		{`^Group (\S+) not found$`, "The group with name $1 cannot be found."},
		{`^Policy (arn:\S+) not found$`, "Policy $1 does not exist or is not attachable."},
		{`^(The Access Key with id \S+ cannot be found)$`, "$1."},
		{`^Instance profile (\S+) not found$`, "Instance Profile $1 cannot be found."},
	} {
		text = regexp.MustCompile(sentence[0]).ReplaceAllString(text, sentence[1])
	}
	return text
}

// withoutDefaults is a line without what moto leaves out at random: an IsTruncated that is false, and PermissionsBoundaryUsageCount.
func withoutDefaults(value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, member := range value {
			if name == "IsTruncated" && member == false || name == "PermissionsBoundaryUsageCount" || member == nil {
				continue
			}
			kept[name] = withoutDefaults(member)
		}
		return kept
	case []any:
		kept := []any{}
		for _, item := range value {
			kept = append(kept, withoutDefaults(item))
		}
		return kept
	}
	return value
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// iamSeries runs python/iam_calls.py and reads its lines.
func iamSeries(t *testing.T, environment []string) (lines []map[string]any) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "python3", "python/iam_calls.py")
	command.Env = append(cleanEnvironment(), environment...)
	var errOut bytes.Buffer
	command.Stderr = &errOut
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errOut)
	}
	for line := range strings.Lines(string(out)) {
		var read map[string]any
		decode(t, line, &read)
		lines = append(lines, read)
	}
	return lines
}

// startMoto serves moto on a free loopback port until the test ends.
func startMoto(t *testing.T) (endpoint string) {
	t.Helper()
	command := exec.Command("python3", "python/moto_server.py")
	command.Env = cleanEnvironment()
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	command.Stderr = &errOut
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // which ends it
		if err := command.Wait(); err != nil {
			t.Errorf("moto: %v\n%s", err, &errOut)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil && err != io.EOF || !strings.HasPrefix(line, "http://") {
		t.Fatalf("moto said %q (%v)\n%s", line, err, &errOut)
	}
	return strings.TrimSpace(line)
}

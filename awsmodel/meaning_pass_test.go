package awsmodel

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// rolePaths are the members in a shape, by their paths, that hold texts and have "role" in their names or are in one that has.
func rolePaths(s *Shape, path []string, seen []*Shape) [][]string {
	if slices.Contains(seen, s) || len(path) > 12 {
		return nil
	}
	seen = append(slices.Clip(seen), s)
	var found [][]string
	switch s.Kind {
	case Structure, Union:
		for _, m := range s.Members {
			found = append(found, rolePaths(m.Shape, append(slices.Clip(path), m.Name), seen)...)
		}
	case List, Map:
		found = rolePaths(s.Element.Shape, path, seen)
	case String:
		role := func(name string) bool { return strings.Contains(lower(name), "role") }
		if slices.ContainsFunc(path, role) && path[len(path)-1] != "Description" {
			found = [][]string{path}
		}
	}
	return found
}

// inputAt is a value of a shape in which only the text at a path is set. The keys of maps are what hides most where it is in a model.
func inputAt(s *Shape, path []string, text string) any {
	switch s.Kind {
	case List:
		return []any{inputAt(s.Element.Shape, path, text)}
	case Map:
		return map[string]any{"tags": inputAt(s.Element.Shape, path, text)}
	case Structure, Union:
		m, _ := s.Member(path[0])
		return map[string]any{path[0]: inputAt(m.Shape, path[1:], text)}
	}
	return text
}

// Every member of every model that is called as a role makes a request ask for iam:PassRole, or notPassed says why not, or
// it is none and testdata/roles.tsv says what it is: by the operation and the member, or "prefix:*" for a service.
func TestRolesArePassed(t *testing.T) {
	reasons, used := reasonsOf(t, "testdata/roles.tsv", notPassed), map[string]bool{}
	models, reference := openBoth(t)
	const role = "arn:aws:iam::111122223333:role/app"
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			if slices.ContainsFunc([]string{"Describe", "List", "Search"}, func(verb string) bool { return strings.HasPrefix(o.Name, verb) }) {
				continue // they hand nothing to a service
			}
			for _, path := range rolePaths(o.Input, nil, nil) {
				input, _ := inputAt(o.Input, path, role).(map[string]any)
				r, err := newReader(reference, &Operation{Service: s, Name: o.Name, Input: input}, samplePlace())
				if err != nil {
					t.Fatal(err)
				}
				calls, err := r.passes()
				passed := err == nil && slices.ContainsFunc(calls, func(c Call) bool {
					return c.Action == "iam:PassRole" && (c.Resource == role || c.InstanceProfile == role)
				})
				listed := false
				for _, name := range []string{s.Prefix + ":*", s.Prefix + ":" + o.Name, s.Prefix + ":" + o.Name + "." + strings.Join(path, ".")} {
					if reasons[name] != "" {
						listed, used[name] = true, true
					}
				}
				if passed == listed {
					t.Errorf("%s:%s.%s: passed is %v, and in testdata/roles.tsv is %v", s.Prefix, o.Name, strings.Join(path, "."), passed, listed)
				}
			}
		}
	}
	for name := range reasons {
		if !used[name] {
			t.Errorf("%s has no role", name)
		}
	}
}

// readReasons reads a file of names, each with its reason after a tab.
func readReasons(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, reason, found := strings.Cut(strings.TrimSpace(line), "\t")
		if !found {
			t.Fatalf("%s: %q has no reason", path, line)
		}
		reasons[name] = reason
	}
	return reasons
}

// Roles in members with other names, and in texts: as the members' descriptions in the services' API references and the guides say.
func TestRolesWithOtherNames(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	const role, any = "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/*"
	for _, test := range []struct{ service, operation, input, want string }{
		{"Cognito Identity Provider", "CreateUserPool", `{"PoolName":"p","SmsConfiguration":{"SnsCallerArn":"` + role + `"}}`, role},
		{"Config Service", "PutRemediationConfigurations", `{"RemediationConfigurations":[{"ConfigRuleName":"r","TargetType":"SSM_DOCUMENT","TargetId":"d",` +
			`"Parameters":{"By":{"StaticValue":{"Values":["` + role + `"]}}}}]}`, role},
		{"RDS", "ModifyOptionGroup", `{"OptionGroupName":"o","OptionsToInclude":[{"OptionName":"SQLSERVER_BACKUP_RESTORE",` +
			`"OptionSettings":[{"Name":"IAM_ROLE_ARN","Value":"` + role + `"}]}]}`, role},
		{"RDS", "CreateDBInstance", `{"DBInstanceIdentifier":"d","Engine":"custom-oracle-ee","DBInstanceClass":"c","CustomIamInstanceProfile":"AWSRDSCustomProfile"}`, any},
		{"Service Catalog", "CreateConstraint", `{"PortfolioId":"p","ProductId":"q","Type":"LAUNCH","IdempotencyToken":"t","Parameters":"{\"RoleArn\":\"` + role + `\"}"}`, any},
		{"Service Catalog", "CreateConstraint", `{"PortfolioId":"p","ProductId":"q","Type":"LAUNCH","IdempotencyToken":"t","Parameters":"{\"\\u0052oleArn\":\"x\"}"}`, any},
		{"Service Catalog", "CreateConstraint", `{"PortfolioId":"p","ProductId":"q","Type":"NOTIFICATION","IdempotencyToken":"t","Parameters":"{\"NotificationArns\":[]}"}`, ""},
		{"Data Pipeline", "PutPipelineDefinition", `{"pipelineId":"p","pipelineObjects":[{"id":"Default","name":"Default","fields":[{"key":"role","stringValue":"admin"}]}]}`, any},
		{"SSM", "UpdateServiceSetting", `{"SettingId":"/ssm/managed-instance/default-ec2-instance-management-role","SettingValue":"service-role/admin"}`, any},
		{"SSM", "UpdateServiceSetting", `{"SettingId":"/ssm/managed-instance/activation-tier","SettingValue":"advanced"}`, ""},
		{"LookoutMetrics", "GetSampleData", `{"S3SourceConfig":{"RoleArn":"` + role + `","FileFormatDescriptor":{}}}`, role},
		{"EMR", "GetClusterSessionCredentials", `{"ClusterId":"j-1","ExecutionRoleArn":"` + role + `"}`, role},
		{"IoTSiteWise", "CreateAccessPolicy", `{"accessPolicyIdentity":{"iamRole":{"arn":"` + role + `"}},"accessPolicyResource":{"portal":{"id":"p"}},"accessPolicyPermission":"VIEWER"}`, ""},
	} {
		calls, err := c.calls(&Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: inputOf(t, test.input)}, samplePlace())
		if err != nil {
			t.Errorf("%s %s: %v", test.service, test.operation, err)
			continue
		}
		got := ""
		for _, call := range calls {
			if call.Action == "iam:PassRole" {
				got = call.Resource
			}
		}
		if got != test.want {
			t.Errorf("%s %s: passes %q, want %q", test.service, test.operation, got, test.want)
		}
	}
}

package compare

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// upstream reads a policy of the shared folder, its placeholders filled in.
func upstream(t testing.TB, name string) []byte {
	t.Helper()
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	source, err := os.ReadFile(filepath.Join(folder, "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	return fill(source)
}

var placeholders = regexp.MustCompile(`\$\{[A-Za-z_]+\}|<[^<>"]+>`)

func fill(source []byte) []byte {
	return placeholders.ReplaceAllFunc(source, func(name []byte) []byte {
		switch text := string(name); {
		case text == "${Partition}":
			return []byte("aws")
		case text == "${Account}" || strings.Contains(text, "ACCOUNT") || strings.Contains(text, "ccountId"):
			return []byte("111122223333")
		case strings.Contains(text, "KeyArn"):
			return []byte("arn:aws:kms:us-east-1:111122223333:key/1234")
		case strings.Contains(text, "SecretArn"):
			return []byte("arn:aws:secretsmanager:us-east-1:111122223333:secret:x")
		}
		return []byte("filled")
	})
}

func diff(t testing.TB, a, b []byte, kind policy.Kind) *Result {
	t.Helper()
	result, err := Diff(parse(t, string(a)), parse(t, string(b)), Options{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	checkWitnesses(t, result)
	return result
}

func actionsOf(grants []Grant) []string {
	var names []string
	for _, grant := range grants {
		for _, action := range grant.Actions {
			names = append(names, action.Name)
		}
	}
	return sortedUnique(names)
}

func TestDriversAndTheirManagedPolicies(t *testing.T) {
	if r := diff(t, upstream(t, "aws-managed/AmazonEBSCSIDriverPolicy.json"), upstream(t, "aws-ebs-csi-driver/example-iam-policy.json"), policy.Identity); !r.Same() || !r.SameDenials() {
		t.Errorf("the EBS policies: %+v", r)
	}
	r := diff(t, upstream(t, "aws-managed/AmazonEFSCSIDriverPolicy.json"), upstream(t, "aws-efs-csi-driver/iam-policy-example.json"), policy.Identity)
	if !r.Different() || len(r.NotProven) > 0 {
		t.Errorf("the EFS policies: %+v", r)
	}
	// The example needs the cluster's tag to be "true"; the managed policy asks only that there is one. Only the example knows S3 Files.
	if got := actionsOf(r.Removed); !slices.Equal(got, []string{"elasticfilesystem:CreateAccessPoint", "elasticfilesystem:DeleteAccessPoint", "elasticfilesystem:TagResource"}) {
		t.Errorf("only the managed EFS policy allows %q", got)
	}
	if got := actionsOf(r.Added); !slices.Contains(got, "s3files:CreateAccessPoint") || !slices.Contains(got, "s3files:ListFileSystems") {
		t.Errorf("only the example allows %q", got)
	}
}

// listed are the actions that a document lists, read without the engine.
func listed(t *testing.T, source []byte) []string {
	var document struct {
		Statement []struct {
			Action json.RawMessage
		}
	}
	if err := json.Unmarshal(source, &document); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range document.Statement {
		var list []string
		if json.Unmarshal(s.Action, &list) != nil {
			list = []string{""}
			if err := json.Unmarshal(s.Action, &list[0]); err != nil {
				t.Fatal(err)
			}
		}
		names = append(names, list...)
	}
	return sortedUnique(names)
}

// TestLoadBalancerControllerRevisions: every action that a revision of the policy lists for the first time is among what it added, and every one that
// it lists no more among what it removed. What changed for other actions has been read in the documents' history.
func TestLoadBalancerControllerRevisions(t *testing.T) {
	if testing.Short() {
		t.Skip("many large comparisons in one goroutine")
	}
	versions := []string{"2.0.0", "2.0.1", "2.1.2", "2.2.0", "2.3.0", "2.4.0", "2.4.7", "2.5.0", "2.7.0", "2.9.0", "2.10.0", "2.11.0", "2.12.0", "2.13.0"}
	others := map[string][]string{ // beyond actions that are new
		"2.0.1 added": {"elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"}, // on target groups, whatever their tags
		"2.2.0 added": {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"},                // on listeners and rules
		"2.4.7 added": {"elasticloadbalancing:AddTags"},                                                   // while they are created
		// Since 2.0.1 the cluster's tag must not be on the request and must be on the resource; since 2.3.0 the service-linked role is only ELB's.
		"2.0.1 removed": {"elasticloadbalancing:AddTags", "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:RemoveTags"},
		"2.3.0 removed": {"iam:CreateServiceLinkedRole"},
	}
	for i, version := range versions[1:] {
		before := upstream(t, "aws-load-balancer-controller/revisions/iam_policy_v"+versions[i]+".json")
		after := upstream(t, "aws-load-balancer-controller/revisions/iam_policy_v"+version+".json")
		r := diff(t, before, after, policy.Identity)
		missing := func(in, from []string) []string {
			return slices.DeleteFunc(slices.Clone(in), func(name string) bool { return slices.Contains(from, name) })
		}
		added := sortedUnique(append(missing(listed(t, after), listed(t, before)), others[version+" added"]...))
		removed := sortedUnique(append(missing(listed(t, before), listed(t, after)), others[version+" removed"]...))
		if got := actionsOf(r.Added); !slices.Equal(got, added) {
			t.Errorf("%s added %q, want %q", version, got, added)
		}
		if got := actionsOf(r.Removed); !slices.Equal(got, removed) {
			t.Errorf("%s removed %q, want %q", version, got, removed)
		}
		if len(r.NotProven) > 0 {
			t.Errorf("%s: not proven: %q", version, r.NotProven)
		}
	}
}

// object is a JSON object on its way through a mutation.
type object = map[string]any

func aslist(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

func encode(t *testing.T, statements ...any) []byte {
	t.Helper()
	source, err := json.Marshal(object{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func with(s object, name string, value any) object {
	changed := maps.Clone(s)
	changed[name] = value
	return changed
}

// TestMutations: a document that is only written otherwise grants the same, and one of which one thing is changed does not.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("many large comparisons in one goroutine")
	}
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	count := 0
	err := filepath.WalkDir(filepath.Join(folder, "policies"), func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		source = fill(source)
		var whole object
		if err := json.Unmarshal(source, &whole); err != nil || whole["Version"] != "2012-10-17" || looksTrusting(whole) {
			return nil
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			count++
			statements := aslist(whole["Statement"])
			if r := diff(t, source, encode(t, rewritten(statements)...), policy.Identity); !r.Same() || !r.SameDenials() {
				t.Errorf("reversed and split it is not the same: %d added, %d removed, %q", len(r.Added), len(r.Removed), r.NotProven)
			}
			for _, s := range statements {
				mutateStatement(t, s.(object))
			}
		})
		return nil
	})
	if err != nil || count < 40 {
		t.Errorf("%d documents, %v", count, err)
	}
}

func looksTrusting(whole object) bool {
	for _, s := range aslist(whole["Statement"]) {
		if s.(object)["Principal"] != nil {
			return true
		}
	}
	return false
}

// rewritten are the statements backwards, each split into one for each of its actions and resources, with one that others cover put in.
func rewritten(statements []any) []any {
	var split []any
	for _, item := range statements {
		s := maps.Clone(item.(object))
		delete(s, "Sid")
		if s["NotAction"] != nil || s["NotResource"] != nil {
			split = append(split, s)
			continue
		}
		for _, action := range aslist(s["Action"]) {
			for _, resource := range aslist(s["Resource"]) {
				split = append(split, with(with(s, "Action", action), "Resource", resource))
			}
		}
	}
	slices.Reverse(split)
	return append(split, split[0])
}

// mutateStatement gives the statement an action that is nowhere else, so that only its own elements decide, and then changes one of them.
func mutateStatement(t *testing.T, s object) {
	t.Helper()
	base := with(s, "Effect", "Allow")
	delete(base, "NotAction")
	base["Action"] = "mutant:Action"
	differs := func(what string, changed object) {
		if r := diff(t, encode(t, base), encode(t, changed), policy.Identity); !r.Different() {
			t.Errorf("%s changed is not found: %v", what, base)
		}
	}
	differs("Action", with(base, "Action", "mutant:Other"))
	for i, resource := range aslist(base["Resource"]) {
		if resource != nil {
			list := slices.Clone(aslist(base["Resource"]))
			list[i] = "arn:aws:mutant:::nothing"
			differs("Resource", with(base, "Resource", list))
		}
	}
	conditions, _ := base["Condition"].(object)
	for operator, keys := range conditions {
		for key, value := range keys.(object) {
			changed := with(conditions, operator, with(keys.(object), key, mutantOperand(operator, value)))
			differs(operator+" "+key, with(base, "Condition", changed))
			without := maps.Clone(keys.(object))
			delete(without, key)
			differs(operator+" "+key, with(base, "Condition", with(conditions, operator, without)))
		}
	}
}

// mutantOperand is another operand for a condition.
func mutantOperand(operator string, value any) any {
	text, _ := aslist(value)[0].(string)
	switch {
	case operator == "Null" || strings.HasPrefix(operator, "Bool"):
		if text == "true" {
			return "false"
		}
		return "true"
	case strings.HasPrefix(operator, "Arn"):
		return "arn:aws:mutant:::nothing"
	case strings.HasPrefix(operator, "Numeric"):
		return "424242"
	}
	return "mutant"
}

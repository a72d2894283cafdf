package catalog

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// meaning is a statement without what does not matter: the order and repetition of values, and whether a lone one is in a list.
type meaning struct {
	Sid, Effect       string
	Actions, Resource []string
	Condition         map[string]map[string][]string
}

// TestUpstream holds the catalogue against AWS's documents: the same statements in the same order, and nothing else.
func TestUpstream(t *testing.T) {
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	manifest := readManifest(t, filepath.Join(folder, "policies", "MANIFEST.tsv"))
	paths, err := filepath.Glob(filepath.Join(folder, "policies", "aws-managed", "*.json"))
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d documents, %v", len(paths), err)
	}
	known := map[string]ManagedPolicy{}
	for _, p := range managed(t, "aws") {
		known[p.Name] = p
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		p, ok := known[name]
		if !ok {
			t.Errorf("the catalogue has no %s", name)
			continue
		}
		delete(known, name)
		upstream, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		compiled(t, name, string(upstream))
		compare(t, name, meanings(t, p.Document), meanings(t, string(upstream)))
		if got := "arn=" + p.ARN + "; policy version " + p.DefaultVersionID + ", updated " + p.Updated.Format("2006-01-02"); got != manifest[name] {
			t.Errorf("%s: %s, want %s", name, got, manifest[name])
		}
	}
	for name := range known {
		if reported[name] == "" {
			t.Errorf("AWS's documents have no %s", name)
		}
	}
}

// reported are the actions of policies of which the folder has no document, as people show AWS's answers to GetPolicyVersion. Each is one statement on
// everything.
var reported = map[string]string{
	"AmazonS3FullAccess": "s3-object-lambda:* s3:*",
	"IAMReadOnlyAccess": "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* " +
		"iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy",
}

func TestReported(t *testing.T) {
	for name, actions := range reported {
		want := meanings(t, `{"Statement":[{"Effect":"Allow","Action":["`+strings.ReplaceAll(actions, " ", `","`)+`"],"Resource":"*"}]}`)
		compare(t, name, meanings(t, named(t, "aws", name).Document), want)
	}
}

// TestCompareCanFail plants one difference of each kind.
func TestCompareCanFail(t *testing.T) {
	const text = `{"Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:a","s3:b"],"Resource":"*","Condition":{"Null":{"k":["true"]}}},{"Effect":"Allow","Action":"s3:c","Resource":"*"}]}`
	for _, change := range [][2]string{{`"Sid":"A"`, `"Sid":"B"`}, {"Allow", "Deny"}, {`,"s3:b"`, ""}, {`"*"`, `"arn:aws:s3:::b"`}, {"Null", "Bool"}, {`"k"`, `"l"`}, {`"true"`, `"false"`}, {"s3:c", "s3:d"}} {
		if other := strings.Replace(text, change[0], change[1], 1); reflect.DeepEqual(meanings(t, text), meanings(t, other)) {
			t.Errorf("%s in place of %s makes no difference", change[1], change[0])
		}
	}
	if same := strings.NewReplacer(`["s3:a","s3:b"]`, `["s3:b","s3:a","s3:a"]`, `["true"]`, `"true"`).Replace(text); !reflect.DeepEqual(meanings(t, text), meanings(t, same)) {
		t.Errorf("%s does not mean the same as %s", same, text)
	}
}

func compare(t *testing.T, name string, got, want []meaning) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d statements, want %d", name, len(got), len(want))
		return
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%s, statement %d:\n got %+v\nwant %+v", name, i, got[i], want[i])
		}
	}
}

// meanings reads a document with nothing of the policy engine or the catalogue. A member that it does not know fails the test.
func meanings(t *testing.T, text string) []meaning {
	t.Helper()
	var document struct {
		Version   string
		Statement []struct {
			Sid, Effect      string
			Action, Resource any
			Condition        map[string]map[string]any
		}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var list []meaning
	for _, s := range document.Statement {
		m := meaning{Sid: s.Sid, Effect: s.Effect, Actions: set(t, s.Action), Resource: set(t, s.Resource), Condition: map[string]map[string][]string{}}
		for operator, keys := range s.Condition {
			m.Condition[operator] = map[string][]string{}
			for key, operands := range keys {
				m.Condition[operator][key] = set(t, operands)
			}
		}
		list = append(list, m)
	}
	return list
}

// set is a string or a list of strings in ascending order, each once.
func set(t *testing.T, value any) []string {
	t.Helper()
	var list []string
	switch v := value.(type) {
	case string:
		list = []string{v}
	case []any:
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				t.Fatalf("%v is no string", item)
			}
			list = append(list, text)
		}
	default:
		t.Fatalf("%v is neither a string nor a list", value)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// readManifest reads what the manifest notes about each AWS managed policy, by name.
func readManifest(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	notes := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		columns := strings.Split(lines.Text(), "\t")
		if name, ok := strings.CutPrefix(columns[0], "aws-managed/"); ok {
			notes[strings.TrimSuffix(name, ".json")] = columns[7]
		}
	}
	return notes
}

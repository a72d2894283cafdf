package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
)

// sample is a package with the peculiarities of the real one.
func sample() map[string][]byte {
	files := map[string]string{
		"data/services.json":        `["y","x"]`,
		"data/conditionKeys/y.json": `{"x:colour":{"key":"x:Colour","description":"","type":"ArrayOfString"},"idp:sub":{"key":"idp:sub","description":"","type":"String"}}`,
		"data/resourceTypes/y.json": `{}`,
		"data/actions/y.json":       `{"do":{"name":"Do","description":"","accessLevel":"List","resourceTypes":[],"conditionKeys":["idp:sub","x:Colour"],"dependentActions":[]}}`,
		"dist/esm/globalConditionKeys.js": "[\n  {\n  key: 'aws:PrincipalTag/tag-key',\n category: 'principal',\n type: 'String',\n description: ''\n },\n" +
			"{\n key: 'aws:SourceVpcArn',\n category: 'network',\n type: 'String', // a remark\n description: ''\n }];\nlist.map((key) => key.key: 1)",
		"data/conditionKeys/x.json": `{"x:colour":{"key":"x:Colour","description":"","type":"String"},"x:objecttag/<key>":{"key":"x:ObjectTag/<key>","description":"","type":"String"},
			"aws:tagkeys":{"key":"aws:TagKeys","description":"","type":"ArrayOfString"}}`,
		"data/resourceTypes/x.json": `{"crate":{"key":"Crate","arn":"arn:${Partition}:x:::crate/${Id}, arn:${Partition}:x:::box/${Id}","conditionKeys":["x:Colour"]},
			"thing":{"key":"thing","arn":"arn:${Partition}:x:::${Id}"}}`,
		"data/actions/x.json": `{
			"put":{"name":"Put","description":"","accessLevel":"Tagging, Write","conditionKeys":["aws:TagKeys"],"dependentActions":["y:Do"],"resourceTypes":[
				{"name":"thing","required":false,"conditionKeys":["x:ObjectTag/<key>"],"dependentActions":["x:Get"]},
				{"name":"crate","required":true,"conditionKeys":["aws:TagKeys"],"dependentActions":["y:Do"]},
				{"name":"thing","required":true,"conditionKeys":[],"dependentActions":[]}]},
			"get":{"name":"Get","description":"","accessLevel":"Read","conditionKeys":[],"dependentActions":[],"resourceTypes":[
				{"name":"Crate","required":false,"conditionKeys":[],"dependentActions":[]}]}}`,
	}
	content := map[string][]byte{}
	for name, text := range files {
		content[name] = []byte(text)
	}
	return content
}

func table(t *testing.T) string {
	t.Helper()
	services, err := reduce(sample())
	if err != nil {
		t.Fatal(err)
	}
	table, err := encode("sample 1", services)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(table, services); err != nil {
		t.Fatal(err)
	}
	return table
}

// TestSample: what awsmodel reads is what the sample says.
func TestSample(t *testing.T) {
	r, err := awsmodel.ParseReference(table(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Services(); !slices.Equal(got, []string{"x", "y"}) || r.Source() != "sample 1" {
		t.Errorf("services %q of %q", got, r.Source())
	}
	want := "[{x:Get Read [{{Crate [arn:${Partition}:x:::crate/${Id} arn:${Partition}:x:::box/${Id}] [x:Colour]} false}] [] []} " +
		"{x:Put Tagging [{{Crate [arn:${Partition}:x:::crate/${Id} arn:${Partition}:x:::box/${Id}] [aws:TagKeys x:Colour]} true} " +
		"{{thing [arn:${Partition}:x:::${Id}] [x:ObjectTag/${TagKey}]} true}] [aws:TagKeys] [x:Get y:Do]}]"
	if got := fmt.Sprint(r.Actions("x")); got != want {
		t.Errorf("x has\n%s, want\n%s", got, want)
	}
	if got, want := fmt.Sprint(r.Actions("y")), "[{y:Do List [] [idp:sub x:Colour] []}]"; got != want {
		t.Errorf("y has %s, want %s", got, want)
	}
	for ask, want := range map[string]string{
		"x:Colour": "{x:Colour String false}", // the word of x's own page, not of y's
		"idp:sub":  "{idp:sub String false}", "aws:tagkeys": "{aws:TagKeys String true}", "aws:PrincipalTag/a": "{aws:PrincipalTag/${TagKey} String false}",
		"aws:SourceVpcArn": "{aws:SourceVpcArn ARN false}", "x:ObjectTag/a": "{x:ObjectTag/${TagKey} String false}",
	} {
		if k, _ := r.Key(ask); fmt.Sprint(k) != want {
			t.Errorf("%s is %v, want %s", ask, k, want)
		}
	}
}

// TestSameBytes: the order in which maps are walked does not show.
func TestSameBytes(t *testing.T) {
	first := table(t)
	for range 20 {
		if table(t) != first {
			t.Fatal("the same package made another table")
		}
	}
}

// TestNotUnderstood: what the generator does not know ends it.
func TestNotUnderstood(t *testing.T) {
	cases := []struct{ file, old, new, want string }{
		{"data/actions/x.json", `"Read"`, `"Reading"`, `access level "Reading"`},
		{"data/actions/x.json", `"name":"Crate"`, `"name":"cart"`, `unknown resource type "cart"`},
		{"data/actions/x.json", `"conditionKeys":["aws:TagKeys"],"dependentActions":["y:Do"],"resourceTypes"`,
			`"conditionKeys":["aws:Tags"],"dependentActions":["y:Do"],"resourceTypes"`, `unknown condition key "aws:Tags"`},
		{"data/actions/x.json", `"name":"Put"`, `"name":"Put","condition":{}`, `unknown field "condition"`},
		{"data/conditionKeys/x.json", `"ArrayOfString"`, `"SetOfString"`, `has the type "SetOfString"`},
		{"data/services.json", `"y"`, `"y","z"`, "no data/conditionKeys/z.json"},
		{"data/services.json", `"y"`, `"y","aws"`, "aws is a service's prefix"},
		{"dist/esm/globalConditionKeys.js", `type: 'String',`, `kind: 'String',`, "understood 1 global condition keys"},
	}
	for _, c := range cases {
		files := sample()
		text := strings.Replace(string(files[c.file]), c.old, c.new, 1)
		if text == string(files[c.file]) {
			t.Fatalf("%s has no %q", c.file, c.old)
		}
		files[c.file] = []byte(text)
		services, err := reduce(files)
		if err == nil {
			_, err = encode("sample", services)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

// TestDependents: an older version says which actions depend on others; what it does not know stays, and what there is no more ends it.
func TestDependents(t *testing.T) {
	services, err := reduce(sample())
	if err != nil {
		t.Fatal(err)
	}
	older := map[string][]byte{"data/actions/x.json": []byte(`{"get":{"name":"Get","description":"","accessLevel":"Read","isPermissionOnly":true,"conditionKeys":[],
		"dependentActions":["Y:do"],"resourceTypes":[{"name":"Crate","required":false,"conditionKeys":[],"dependentActions":["x:Put"]}]},
		"gone":{"name":"Gone","description":"","accessLevel":"Read","conditionKeys":[],"dependentActions":["z:Gone"],"resourceTypes":[]}}`)}
	if err := addDependents(services, older); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(services[1].actions[0].dependent, services[1].actions[1].dependent); got != "[x:Put y:Do] [x:Get y:Do]" {
		t.Errorf("the dependent actions of x:Get and x:Put are %s", got)
	}
	older["data/actions/x.json"] = bytes.Replace(older["data/actions/x.json"], []byte("Y:do"), []byte("y:Undo"), 1)
	if err := addDependents(services, older); err == nil || !strings.Contains(err.Error(), "y:Undo") {
		t.Errorf("an action that there is no more: %v", err)
	}
}

// TestPin: the built-in table is of the pinned package, and NOTICE names it.
func TestPin(t *testing.T) {
	r, err := awsmodel.NewReference()
	if err != nil {
		t.Fatal(err)
	}
	if want := referencePackage.String(); r.Source() != want {
		t.Errorf("the table is made from %s, the generator pins %s", r.Source(), want)
	}
	notice, err := os.ReadFile("../../NOTICE")
	for _, pinned := range []npmPackage{referencePackage, dependentPackage} {
		if err != nil || !strings.Contains(string(notice), pinned.name) || !strings.Contains(string(notice), pinned.version) {
			t.Errorf("NOTICE does not name %s (%v)", pinned, err)
		}
	}
}

// TestIntegrity refuses a package that is not the pinned one.
func TestIntegrity(t *testing.T) {
	var tarball bytes.Buffer
	compressor := gzip.NewWriter(&tarball)
	archive := tar.NewWriter(compressor)
	files := sample()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := archive.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressor.Close(); err != nil {
		t.Fatal(err)
	}
	unpacked, err := unpack(tarball.Bytes())
	if err != nil || !maps.EqualFunc(unpacked, files, bytes.Equal) {
		t.Errorf("unpacked %d files, %v", len(unpacked), err)
	}
	folder := t.TempDir()
	path, output := filepath.Join(folder, "package.tgz"), filepath.Join(folder, "reference.bin")
	if err := os.WriteFile(path, tarball.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), path, output, false, t.Output()); err == nil || !strings.Contains(err.Error(), "not the pinned "+referencePackage.integrity) {
		t.Errorf("another package: %v", err)
	}
	if _, err := os.Stat(output); err == nil {
		t.Error("a table was made of it")
	}
}

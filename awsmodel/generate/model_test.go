package main

import (
	"os"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
)

// sampleAPI is a model with the peculiarities of the real ones.
const sampleAPI = `{"version":"2.0","metadata":{"apiVersion":"2020-01-01","endpointPrefix":"x","protocol":"ec2","serviceId":"X","xmlNamespace":"urn:x"},
"operations":{"CreateThing":{"name":"CreateThing","http":{"method":"POST","requestUri":"/"},"input":{"shape":"In"},"output":{"shape":"Out"}},
	"DeleteThing":{"name":"DeleteThing","http":{"method":"POST","requestUri":"/"},"input":{"shape":"In"},"output":{"shape":"Out"}}},
"shapes":{"In":{"type":"structure","required":["Name"],"members":{"Name":{"shape":"S","locationName":"name"},"Other":{"shape":"S","locationName":"other","queryName":"OTHER"},
	"Tree":{"shape":"Tree"},"At":{"shape":"T"},"Token":{"shape":"S","idempotencyToken":true}}},
	"Tree":{"type":"structure","members":{"Children":{"shape":"Trees","locationName":"childSet"}}},"Trees":{"type":"list","member":{"shape":"Tree","locationName":"item"}},
	"Out":{"type":"structure","members":{"ThingId":{"shape":"S","locationName":"thingId"},"Text":{"shape":"S"},"Size":{"shape":"I"},"Deep":{"shape":"Tree"}}},
	"S":{"type":"string","max":3},"I":{"type":"integer"},"T":{"type":"timestamp","timestampFormat":"iso8601"}}}`

// TestSampleModel: what awsmodel reads is what the sample says.
func TestSampleModel(t *testing.T) {
	m, err := readAPI([]byte(sampleAPI))
	if err != nil {
		t.Fatal(err)
	}
	made, err := encodeModels("sample 1", []*model{m})
	if err != nil {
		t.Fatal(err)
	}
	read, err := awsmodel.ParseModels(made)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifyModels(read, []*model{m}); err != nil {
		t.Fatal(err)
	}
	s := read.Services()[0]
	o, found := s.Operation("CreateThing")
	if !found || s.SigningName != "x" || s.APIVersion != "2020-01-01" || read.Source() != "sample 1" {
		t.Fatalf("%+v", s)
	}
	want := map[string]string{"Name": "Name", "Other": "OTHER", "Tree": "Tree", "At": "At", "Token": "Token"}
	for _, member := range o.Input.Members {
		if member.Wire != want[member.Name] || member.Required != (member.Name == "Name") || member.IdempotencyToken != (member.Name == "Token") {
			t.Errorf("member %+v", member)
		}
	}
	tree, _ := o.Input.Member("Tree")
	children, _ := tree.Shape.Member("Children")
	if children.Wire != "ChildSet" || children.Shape.Element.Shape != tree.Shape || children.Shape.Element.Wire != "" {
		t.Errorf("a tree that does not contain itself: %+v", children)
	}
	at, _ := o.Input.Member("At")
	if at.Timestamp != awsmodel.DateTime {
		t.Errorf("a timestamp %+v", at)
	}
	if len(o.Output.Members) != 1 || o.Output.Members[0].Name != "ThingId" || o.Output.Members[0].Wire != "thingId" {
		t.Errorf("the answer has %+v", o.Output.Members)
	}
	if deleted, _ := s.Operation("DeleteThing"); deleted.Output != nil {
		t.Error("an operation that makes nothing has an answer")
	}
}

// TestModelNotUnderstood: what the generator does not know in a model ends it.
func TestModelNotUnderstood(t *testing.T) {
	cases := []struct{ old, new, want string }{
		{`"protocol":"ec2"`, `"protocol":"smithy"`, `"smithy"`},
		{`"max":3`, `"maximum":3`, `unknown field "maximum"`},
		{`"type":"integer"`, `"type":"bigInteger"`, `"bigInteger"`},
		{`{"shape":"Tree"},"At"`, `{"shape":"Bush"},"At"`, "no shape Bush"},
		{`"timestampFormat":"iso8601"`, `"timestampFormat":"julian"`, `"julian"`},
		{`"idempotencyToken":true`, `"location":"cookie"`, `the location "cookie"`},
		{`"idempotencyToken":true`, `"xmlAttribute":true`, "an XML attribute"},
		{`"idempotencyToken":true`, `"xmlNamespace":{"uri":"urn:y"}`, "XML namespaces"},
	}
	for _, c := range cases {
		text := strings.Replace(sampleAPI, c.old, c.new, 1)
		if text == sampleAPI {
			t.Fatalf("the sample has no %s", c.old)
		}
		m, err := readAPI([]byte(text))
		if err == nil {
			_, err = encodeModels("sample", []*model{m})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

// sampleSchemas are schemas with the peculiarities of the real ones.
const sampleSchemas = `const _C = "CreateThing";
const _CI = "CreateThingInput";
const _N = "Name";
const _P = "Part";
const _W = "When";
const _h = "http";
const _hQ = "httpQuery";
const _s = "synthetic";
const n0 = "com.amazonaws.x";
import { TypeRegistry } from "@smithy/core/schema";
const _s_registry = TypeRegistry.for(_s);
export var XError$ = [-3, n0, "XError", { [_h]: [` + "`X`" + `, 400] }, [], []];
_s_registry.registerError(XError$, XError);
var __Unit = "unit";
var Name = [0, n0, _N, 8, 0];
var Parts = [1, n0, _P, 0, [() => Part$, 0]];
export var Part$ = [4, n0, _P, 0, [_N, _P], [[() => Name, 0], () => Parts]];
export var CreateThingInput$ = [3, n0, _CI,
    0,
    [_N, _P, _W],
    [[0, 1], [64 | 0, { [_hQ]: _N }], [5, 4]], 1
];
export var CreateThing$ = [9, n0, _C, { [_h]: ["PUT", "/things/{Name}", 200] }, () => CreateThingInput$, () => __Unit];
`

// TestSchemas reads the sample.
func TestSchemas(t *testing.T) {
	operations, err := readSchemas(sampleSchemas, "rx")
	if err != nil || len(operations) != 1 {
		t.Fatalf("%v, %v", operations, err)
	}
	o := operations[0]
	if o.name != "CreateThing" || o.method != "PUT" || o.uri != "/things/{Name}" || o.output != nil {
		t.Errorf("%+v", o)
	}
	want := []member{{name: "Name", wire: "Name", flags: "/!"}, {name: "Part", wire: "Name", flags: "?"}, {name: "When", wire: "When", flags: "D~"}}
	for i, m := range o.input.members {
		if m.name != want[i].name || m.wire != want[i].wire || m.flags != want[i].flags {
			t.Errorf("member %+v, want %+v", m, want[i])
		}
	}
	for _, c := range []struct{ old, new, want string }{
		{"[5, 4]", "[5, 256]", "the traits 256"},
		{"[5, 4]", "[77, 4]", "the type 77"},
		{"[5, 4]", "[() => Missing, 4]", "no schema Missing"},
		{"[_hQ]: _N", "[_s]: _N", "the trait synthetic"},
		{"var __Unit", "let __Unit", "line 14: a statement that begins"},
		{`const _C = "CreateThing"`, `const _C = "Create\u0054hing"`, "line 1: a text with an escape"},
		{"[_N, _P, _W],", "[_N, _P],", "other names than types"},
	} {
		if _, err := readSchemas(strings.Replace(sampleSchemas, c.old, c.new, 1), "rx"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

// querySchemas have the names of Query and EC2 Query, as the packages of Auto Scaling and EC2 do.
const querySchemas = `const _C = "CreateThing";
const _I = "CreateThingInput";
const _O = "CreateThingResult";
const _G = "Groups";
const _L = "LocalId";
const _Q = "QueryId";
const _g = "groupSet";
const _l = "localId";
const _q = "queryId";
const _xN = "xmlName";
const _eQN = "ec2QueryName";
const _it = "item";
const n0 = "com.amazonaws.x";
var List = [1, n0, _G, 0, [0, { [_xN]: _it }]];
export var CreateThingInput$ = [3, n0, _I,
    0,
    [_G, _L, _Q],
    [() => List, [0, { [_xN]: _l }], [0, { [_eQN]: ` + "`QueryIdentifier`" + `, [_xN]: _q }]]
];
export var CreateThingResult$ = [3, n0, _O, 0, [_L], [[0, { [_xN]: _l }]]];
export var CreateThing$ = [9, n0, _C, 0, () => CreateThingInput$, () => CreateThingResult$];
`

// TestQuerySchemas holds names on the wire against the protocols' documents: EC2's requests have ec2QueryName or else the name with a capital letter
// (https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution), its answers and Query have xmlName.
func TestQuerySchemas(t *testing.T) {
	for protocol, want := range map[string]string{
		"q": "Groups localId queryId item localId",
		"e": "Groups LocalId QueryIdentifier  localId",
		"j": "Groups LocalId QueryId  LocalId",
	} {
		operations, err := readSchemas(querySchemas, protocol)
		if err != nil || len(operations) != 1 {
			t.Fatalf("%s: %v, %v", protocol, operations, err)
		}
		in := operations[0].input.members
		got := strings.Join([]string{in[0].wire, in[1].wire, in[2].wire, in[0].shape.members[0].wire, operations[0].output.members[0].wire}, " ")
		if got != want {
			t.Errorf("%s: %q, want %q", protocol, got, want)
		}
	}
	if _, err := readSchemas(strings.ReplaceAll(querySchemas, `"ec2QueryName"`, `"xmlFlattened"`), "q"); err == nil || !strings.Contains(err.Error(), "the trait xmlFlattened") {
		t.Errorf("flattening: %v", err)
	}
	if _, err := readSchemas(querySchemas, "x"); err == nil {
		t.Error("the schemas of REST-XML are read")
	}
}

// TestModelPin: the built-in table is of the pinned sources, and NOTICE names the module.
func TestModelPin(t *testing.T) {
	m, err := awsmodel.NewModels()
	if err != nil {
		t.Fatal(err)
	}
	want := moduleName + " " + moduleVersion
	for _, o := range overlays() {
		want += ", " + o.archive.String()
	}
	if m.Source() != want {
		t.Errorf("the table is made from %s, the generator pins %s", m.Source(), want)
	}
	notice, err := os.ReadFile("../../NOTICE")
	if err != nil || !strings.Contains(string(notice), moduleName+" "+moduleVersion) {
		t.Errorf("NOTICE does not name %s %s (%v)", moduleName, moduleVersion, err)
	}
}

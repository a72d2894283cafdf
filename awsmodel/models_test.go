package awsmodel

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func models(t testing.TB) *Models {
	t.Helper()
	m, err := NewModels()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// inputMaker makes inputs of which every member is set, to a depth: shapes may contain themselves.
type inputMaker struct {
	protocol Protocol
	variant  int  // which member of a union is set, and whether optional members are
	count    int  // values made so far, so that no two are alike
	whole    bool // timestamps are whole seconds
	simple   bool // texts are letters, digits and hyphens
}

// Structures are filled to a depth, and until so many values are made: beyond, they have what is required.
const (
	depthOfInputs  = 5
	valuesOfInputs = 1500
)

func (g *inputMaker) structure(s *Shape, depth int) map[string]any {
	values := map[string]any{}
	for i := range s.Members {
		m := &s.Members[i]
		switch {
		case s.Kind == Union && i != g.choice(s, depth):
		case !m.Required && s.Kind != Union && (g.variant%3 == 2 || g.full(depth)):
		default:
			values[m.Name] = g.value(m, depth+1)
		}
	}
	if len(values) == 0 && len(s.Members) > 0 && depth > 0 && (g.protocol == Query || g.protocol == EC2) { // which cannot say that it is there and empty
		values[s.Members[0].Name] = g.value(&s.Members[0], depth+1)
	}
	return values
}

// full tells whether only what is required may be added.
func (g *inputMaker) full(depth int) bool { return depth > depthOfInputs || g.count > valuesOfInputs }

// choice is the member of a union that is set: when it is full, the first that has no structures in it.
func (g *inputMaker) choice(s *Shape, depth int) int {
	i := slices.IndexFunc(s.Members, func(m Member) bool { return m.Shape.Kind >= List })
	if !g.full(depth) || i < 0 {
		return g.variant % len(s.Members)
	}
	return i
}

func (g *inputMaker) value(m *Member, depth int) any {
	g.count++
	switch m.Shape.Kind {
	case Structure, Union:
		return g.structure(m.Shape, depth)
	case List:
		element := *m.Shape.Element
		element.Location, element.JSONValue = m.Location, m.JSONValue
		switch {
		case g.full(depth):
			return []any{}
		case depth > 2:
			return []any{g.value(&element, depth)}
		}
		return []any{g.value(&element, depth), g.value(&element, depth)}
	case Map:
		element := *m.Shape.Element
		element.Location = m.Location
		if g.full(depth) {
			return map[string]any{}
		}
		return map[string]any{fmt.Sprintf("k%d", g.count): g.value(&element, depth), "kk": g.value(&element, depth)}
	case Boolean:
		return g.count%2 == 0
	case Integer, Long:
		return json.Number(fmt.Sprint(g.count))
	case Float, Double, Number:
		return json.Number(fmt.Sprintf("%d.5", g.count))
	case Blob:
		return []byte{0, 0xff, byte(g.count)}
	case Timestamp:
		return g.timestamp(m)
	case Document:
		return map[string]any{"a": []any{"b", json.Number("1"), true, nil}}
	}
	if m.JSONValue {
		return fmt.Sprintf(`{"a":%d}`, g.count)
	}
	if g.simple {
		return fmt.Sprintf("a-%d", g.count)
	}
	if m.Location == InURI {
		return fmt.Sprintf("arn:a+ü/%d", g.count)
	}
	return fmt.Sprintf("a, \"ü\" <&> %%+ \\ %d", g.count)
}

func (g *inputMaker) timestamp(m *Member) string {
	format := m.Timestamp
	if format == DefaultTimestamp {
		switch {
		case m.Location == InHeader:
			format = HTTPDate
		case m.Location != InBody || g.protocol == Query || g.protocol == EC2 || g.protocol == RESTXML:
			format = DateTime
		default:
			format = EpochSeconds
		}
	}
	if g.protocol == CBOR {
		format = EpochSeconds
	}
	if format == EpochSeconds && g.whole {
		return "1795856400"
	}
	return map[TimestampFormat]string{DateTime: "2026-11-28T09:00:00Z", HTTPDate: "Sat, 28 Nov 2026 09:00:00 GMT", EpochSeconds: "1795856400.25"}[format]
}

// prune takes away what a protocol cannot say: structures, lists and maps without a value in Query, and in REST greedy labels with doubled slashes.
func prune(protocol Protocol, value any) (any, bool) {
	values, isMap := value.(map[string]any)
	list, isList := value.([]any)
	switch {
	case protocol != Query && protocol != EC2:
		return value, true
	case isMap:
		for name, v := range values {
			left, keep := prune(protocol, v)
			if values[name] = left; !keep {
				delete(values, name)
			}
		}
		return values, len(values) > 0
	case isList:
		list = slices.DeleteFunc(list, func(v any) bool { _, keep := prune(protocol, v); return !keep })
		return list, len(list) > 0
	}
	return value, true
}

// TestEveryOperation writes a request of every operation in every protocol of its service, three times with different members: Parse finds that
// operation with that input, and writes that request again.
func TestEveryOperation(t *testing.T) {
	if testing.Short() {
		t.Skip("every operation in every protocol, in one goroutine")
	}
	m := models(t)
	count := 0
	for _, s := range m.Services() {
		for _, model := range s.Operations() {
			for _, protocol := range s.Protocols {
				for variant := range 3 {
					if checkOperation(t, m, s, model, protocol, variant) {
						count++
					}
				}
			}
		}
	}
	if count < 46000 {
		t.Errorf("only %d requests were understood", count)
	}
}

// halves are the operations whose path ends in a label and has a longer one's beside it, by that one's operation: a name with a slash is refused there,
// as it would be two names to whoever decodes it first.
var halves = map[string]string{
	"Connect BatchGetAttachedFileMetadata": "CompleteAttachedFileUpload",
	"Connect CreateEvaluationForm":         "UpdateEvaluationForm",
	"Connect ListAgentStatuses":            "DescribeAgentStatus",
	"Connect ListContactEvaluations":       "DescribeContactEvaluation",
	"Connect ListEvaluationForms":          "DescribeEvaluationForm",
	"Connect ListPredefinedAttributes":     "DescribePredefinedAttribute",
	"Connect ListQuickConnects":            "DescribeQuickConnect",
	"Connect ListRules":                    "DescribeRule",
	"Connect ListViews":                    "DescribeView",
	"MediaTailor ListPrefetchSchedules":    "CreatePrefetchSchedule",
	"Route 53 CreateTrafficPolicyVersion":  "UpdateTrafficPolicyComment",
	"Route 53 ListTagsForResources":        "ChangeTagsForResource",
}

func checkOperation(t *testing.T, m *Models, s *Service, model *OperationModel, protocol Protocol, variant int) bool {
	g := &inputMaker{protocol: protocol, variant: variant}
	input, _ := prune(protocol, g.structure(model.Input, 0))
	o := &Operation{Service: s, Name: model.Name, Model: model, Protocol: protocol, Input: input.(map[string]any)}
	request := o.write()
	request.Header["Host"] = []string{s.EndpointPrefix + ".us-east-1.amazonaws.com"}
	read, err := m.Parse(s.SigningName, request)
	if model.EventStream {
		if kind := err.(*Error).Kind; kind != Undecidable {
			t.Errorf("%s %s: a stream of events is %v", s.ID, model.Name, err)
		}
		return false
	}
	if half := halves[s.ID+" "+model.Name]; half != "" {
		if err == nil || !strings.Contains(err.Error(), "the path of "+half+" ") {
			t.Errorf("%s %s with a slash in its name: %v", s.ID, model.Name, err)
		}
		return false
	}
	if err != nil {
		t.Errorf("%s %s in %s, variant %d: %v\n%s %s?%s\n%.300s", s.ID, model.Name, protocol, variant, err, request.Method, request.Path, request.RawQuery, request.Body)
		return false
	}
	delete(request.Header, "Host")
	switch {
	case !sameAPI(read.Service, s) || read.Name != model.Name || read.Protocol != protocol:
		t.Errorf("%s %s in %s is read as %s %s in %s", s.ID, model.Name, protocol, read.Service.ID, read.Name, read.Protocol)
	case s.ID == "GreengrassV2" && read.Service.ID == "Greengrass": // the same API in two models, which spell members otherwise
		return true
	case !reflect.DeepEqual(read.Input, o.Input):
		t.Errorf("%s %s in %s, variant %d: its input is read as\n%v, not\n%v", s.ID, model.Name, protocol, variant, read.Input, o.Input)
	case !reflect.DeepEqual(read.Request(), request):
		t.Errorf("%s %s in %s is written anew as\n%v, not\n%v", s.ID, model.Name, protocol, read.Request(), request)
	default:
		return true
	}
	return false
}

// sameAPI tells whether two services are one for the operations that they share: the tags of Timestream are reached by two hosts.
func sameAPI(a, b *Service) bool {
	return a.SigningName == b.SigningName && (a.EndpointPrefix == b.EndpointPrefix || a.TargetPrefix == b.TargetPrefix && a.TargetPrefix != "")
}

// TestUnambiguous: no two members of a structure have the same name on the wire, and services that share an operation share its API.
func TestUnambiguous(t *testing.T) {
	for _, s := range models(t).Services() {
		for _, model := range s.Operations() {
			seen := map[*Shape]bool{}
			for _, protocol := range s.Protocols {
				checkNames(t, s.ID+" "+model.Name, protocol, model.Input, seen)
			}
		}
	}
}

func checkNames(t *testing.T, path string, protocol Protocol, s *Shape, seen map[*Shape]bool) {
	if seen[s] {
		return
	}
	seen[s] = true
	names := map[string]bool{}
	for i := range s.Members {
		m := &s.Members[i]
		name := fmt.Sprint(m.Location, " ", m.Wire)
		if protocol == Query || protocol == EC2 {
			name = queryReader{ec2: protocol == EC2}.name(m)
			if strings.Contains(name, ".") || path == "" && (name == "Action" || name == "Version") {
				t.Errorf("%s: the name %s", path, name)
			}
		}
		if names[name] {
			t.Errorf("%s: two members are called %s", path, name)
		}
		names[name] = true
		checkNames(t, path+"."+m.Name, protocol, m.Shape, seen)
	}
	for _, m := range []*Member{s.Key, s.Element} {
		if m != nil {
			checkNames(t, path, protocol, m.Shape, seen)
		}
	}
}

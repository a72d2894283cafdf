package trail

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// plainJSON is an event as encoding/json writes it by Event's tags, without its place in the chain, which the line has.
func plainJSON(e Event) ([]byte, error) {
	e.Sequence, e.Chain = 0, ""
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(e)
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), err
}

func sameJSON(t *testing.T, e Event) {
	t.Helper()
	want, wantErr := plainJSON(e)
	before := []byte("before")
	got, err := appendEvent(before, &e)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("%+v: error %v, encoding/json says %v", e, err, wantErr)
	}
	if err == nil && string(got) != "before"+string(want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// awkward are texts that JSON does not hold as they are, or that look as if.
var awkward = []string{"", "plain", "\"", `\`, "a\"b\\c", "<script>&amp;</script>", "\x00\x01\x1f\x7f", "\b\f\n\r\t", "é€😀", "\u2027\u2028\u2029\u202a", "\xff", "a\xc3", "\xed\xa0\x80", "\ufffd", "\xe2\x80", "\xf4\x90\x80\x80"}

// maker makes values at random.
type maker struct{ *rand.Rand }

func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(4) {
		if m.IntN(3) == 0 {
			for range m.IntN(6) {
				b.WriteByte(byte(m.Uint32()))
			}
		} else {
			b.WriteString(awkward[m.IntN(len(awkward))])
		}
	}
	return b.String()
}

func (m maker) texts() []string {
	if m.IntN(5) == 0 {
		return nil
	}
	texts := make([]string, m.IntN(4))
	for i := range texts {
		texts[i] = m.text()
	}
	return texts
}

// value is one of those that callers put into an event's free-form members, or that they might.
func (m maker) value(depth int) any {
	type word string
	kinds := 16
	if depth > maxDepth+3 {
		kinds = 12
	}
	switch m.IntN(kinds) {
	case 0:
		return nil
	case 1, 2:
		return m.text()
	case 3:
		return int(m.Int64()) >> m.IntN(64)
	case 4:
		return m.IntN(2) == 0
	case 5, 6:
		return m.texts()
	case 7:
		return m.NormFloat64() * math.Pow(10, float64(m.IntN(60)-30))
	case 8:
		return json.Number("12.50")
	case 9:
		return time.Unix(m.Int64N(1<<33), m.Int64N(1e9)).UTC()
	case 10:
		return word(m.text())
	case 11:
		return map[string]string{m.text(): m.text(), m.text(): m.text()}
	case 12, 13:
		return m.members(depth + 1)
	}
	if m.IntN(8) == 0 {
		return []any(nil)
	}
	list := make([]any, m.IntN(4))
	for i := range list {
		list[i] = m.value(depth + 1)
	}
	return list
}

func (m maker) members(depth int) map[string]any {
	if m.IntN(8) == 0 {
		return nil
	}
	members := map[string]any{}
	for range m.IntN(5) * m.IntN(6) {
		members[m.text()] = m.value(depth + 1)
	}
	return members
}

// fill gives every member of a struct a value, so that one that is added later is tested too. Some stay zero.
func (m maker) fill(t *testing.T, target reflect.Value) {
	for i := range target.NumField() {
		field := target.Field(i)
		if m.IntN(4) == 0 || target.Type().Field(i).Tag.Get("json") == "-" {
			continue
		}
		var value any
		switch field.Interface().(type) {
		case string:
			value = m.text()
		case int:
			value = m.IntN(100) - 50
		case bool:
			value = true
		case []string:
			value = m.texts()
		case time.Time:
			value = time.Unix(m.Int64N(1<<33), []int64{0, 0, m.Int64N(1e9)}[m.IntN(3)]).UTC()
		case map[string]any:
			value = m.members(0)
		case *policy.Decision:
			value = m.decision(t)
		case Identity:
			m.fill(t, field)
			continue
		case uint64:
			value = m.Uint64()
		default:
			t.Fatalf("the test cannot fill %s", target.Type().Field(i).Name)
		}
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
}

func (m maker) decision(t *testing.T) *policy.Decision {
	reasons := make([]policy.Reason, m.IntN(3))
	for i := range reasons {
		m.fill(t, reflect.ValueOf(&reasons[i]).Elem())
	}
	wire, err := json.Marshal(map[string]any{"decision": policy.Effect(m.IntN(3)).String(), "reasons": reasons})
	if err != nil {
		t.Fatal(err)
	}
	var d policy.Decision
	if err := json.Unmarshal(wire, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func (m maker) event(t *testing.T) Event {
	var e Event
	m.fill(t, reflect.ValueOf(&e).Elem())
	return e
}

// TestAppendEvent: what is written is to the byte what encoding/json writes.
func TestAppendEvent(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(3, 4))}
	for range 5000 {
		sameJSON(t, m.event(t))
	}
	sameJSON(t, Event{})
	for c := range 256 {
		sameJSON(t, stuff("a"+string([]byte{byte(c)})+"b"))
		sameJSON(t, stuff(string(rune(0x2000+c))))
	}
	for _, source := range []string{
		`{"Version":"2012-10-17","Statement":{"Sid":"All","Effect":"Allow","Action":"s3:*","Resource":"*"}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":["<a>","b"]}}}}`,
	} {
		decision := decide(t, source)
		sameJSON(t, Event{Decision: &decision})
	}
	sameJSON(t, Event{Decision: &policy.Decision{}})
}

// TestAppendEventRefuses: what JSON cannot hold is an error, as it is to encoding/json.
func TestAppendEventRefuses(t *testing.T) {
	circle := map[string]any{}
	circle["a"] = []any{circle}
	for _, value := range []any{math.NaN(), make(chan int), func() {}, json.Number("no number"), circle, []any{map[string]any{"x": math.Inf(1)}}} {
		sameJSON(t, Event{RequestParameters: map[string]any{"p": value}})
		sameJSON(t, Event{ResponseElements: map[string]any{"a": 1, "p": value}})
	}
	sameJSON(t, Event{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
}

func FuzzAppendEvent(f *testing.F) {
	f.Add(uint64(1), "text", []byte(`{"a":[1,"b",{"c":null}]}`), []byte(`{"decision":"Allowed","reasons":[{"policy":"p","statement":0,"sid":"<s>"}]}`))
	f.Fuzz(func(t *testing.T, seed uint64, text string, members, decision []byte) {
		e := maker{rand.New(rand.NewPCG(seed, 0))}.event(t)
		sameJSON(t, e)
		e = stuff(text)
		if json.Unmarshal(members, &e.RequestParameters) != nil {
			e.RequestParameters = map[string]any{text: members}
		}
		numbers := json.NewDecoder(bytes.NewReader(members))
		numbers.UseNumber()
		if numbers.Decode(&e.ResponseElements) != nil {
			e.ResponseElements = map[string]any{string(members): []string{text}}
		}
		var d policy.Decision
		if json.Unmarshal(decision, &d) == nil {
			e.Decision = &d
		}
		sameJSON(t, e)
	})
}

// TestEventIsItsCallersAgain: once Enqueue returns, the caller may change what the event refers to.
func TestEventIsItsCallersAgain(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	parameters, list := map[string]any{}, []string{""}
	e := event("changed")
	e.RequestParameters = map[string]any{"inner": parameters, "list": list}
	for i := range 1000 {
		parameters["number"], list[0] = i, "first"
		tr.Enqueue(e)
		parameters["number"], list[0] = -1, "second"
	}
	found := find(t, tr, "changed")
	if len(found) != 1000 {
		t.Fatalf("%d events", len(found))
	}
	for _, e := range found {
		if inner, _ := e.RequestParameters["inner"].(map[string]any); inner["number"] == -1.0 || !reflect.DeepEqual(e.RequestParameters["list"], []any{"first"}) {
			t.Fatalf("%+v", e.RequestParameters)
		}
	}
}

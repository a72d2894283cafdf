package kube

import (
	"io"
	"strings"
	"testing"
)

// TestReadList takes lists in whatever order of members, and refuses what is none.
func TestReadList(t *testing.T) {
	for _, c := range []struct{ name, text, version, names, err string }{
		{"as Kubernetes writes it", `{"kind":"L","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}`, "7", "a b", ""},
		{"in another order", `{"items":[{"metadata":{"name":"a","annotations":null}}],"metadata":{"resourceVersion":"7"}}`, "7", "a", ""},
		{"empty", `{"metadata":{"resourceVersion":"7"},"items":[]}`, "7", "", ""},
		{"null items", `{"metadata":{"resourceVersion":"7"},"items":null}`, "7", "", ""},
		{"members that are not known", `{"x":{"y":[1,2,{"z":null}]},"metadata":{"resourceVersion":"7","w":1},"items":[]}`, "7", "", ""},
		{"cut off", `{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}},`, "", "a", "byte "},
		{"cut off after its items", `{"metadata":{"resourceVersion":"7"},"items":[]`, "", "", "byte "},
		{"no items", `{"metadata":{"resourceVersion":"7"}}`, "", "", "not a list"},
		{"no version", `{"items":[]}`, "", "", "not a list"},
		{"not an object", `[]`, "", "", "object was expected"},
		{"items of another type", `{"items":{}}`, "", "", "not an array"},
		{"nothing", ``, "", "", "byte 0"},
		{"an account of another type", `{"items":[{"metadata":{"name":1}}]}`, "", "", "byte "},
	} {
		var names []string
		version, err := readList(strings.NewReader(c.text), func(o accountObject) { names = append(names, o.Metadata.Name) })
		if version != c.version || strings.Join(names, " ") != c.names || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v, %v", c.name, version, names, err)
		}
	}
}

// endless is an account whose name does not end.
type endless struct{ begun bool }

func (e *endless) Read(p []byte) (int, error) {
	if !e.begun {
		e.begun = true
		return copy(p, `{"items":[{"metadata":{"name":"`), nil
	}
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestReadListBounded(t *testing.T) {
	if _, err := readList(&endless{}, func(accountObject) {}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("an account without end: %v", err)
	}
}

func FuzzReadList(f *testing.F) {
	f.Add(`{"kind":"L","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","namespace":"b","annotations":{"c":"d"}}}]}`)
	f.Add(`{"items":null,"metadata":{"resourceVersion":"1"},"x":[[{}]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		version, err := readList(strings.NewReader(text), func(accountObject) {})
		again, errAgain := readList(io.MultiReader(strings.NewReader(text[:len(text)/2]), strings.NewReader(text[len(text)/2:])), func(accountObject) {})
		if version != again || (err == nil) != (errAgain == nil) {
			t.Fatalf("in two pieces %q, %v, in one %q, %v", again, errAgain, version, err)
		}
		if err == nil && version == "" {
			t.Fatal("a list without a version was taken")
		}
	})
}

// FuzzUnpack packs two texts and expects them back.
func FuzzUnpack(f *testing.F) {
	f.Add("role-arn", "arn:aws:iam::111122223333:role/x")
	f.Add("", strings.Repeat("x", 300))
	f.Fuzz(func(t *testing.T, key, value string) {
		got := unpack(string(pack(pack(nil, key), value)))
		if len(got) != 1 || got[key] != value {
			t.Fatalf("%q: %q became %q", key, value, got)
		}
	})
}

package trail

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// stuff fills every string of an event with text.
func stuff(text string) Event {
	var e Event
	for _, target := range []reflect.Value{reflect.ValueOf(&e).Elem(), reflect.ValueOf(&e.UserIdentity).Elem()} {
		for i := range target.NumField() {
			if field := target.Field(i); field.Kind() == reflect.String {
				field.SetString(text)
			}
		}
	}
	return e
}

// TestEncodeIsBounded: no string of an event can make a line longer than readers accept, however JSON must write it.
func TestEncodeIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("\x00", 1<<20), strings.Repeat("\xff", 1<<20), strings.Repeat("\u2028", 1<<18), strings.Repeat("\"", 1<<20), strings.Repeat("é", 1<<19)} {
		e := stuff(text)
		for range 2 {
			body, err := encode(nil, e, time.Now())
			if err != nil || len(body) > maxEvent {
				t.Fatalf("%.10q: %d bytes, %v", text, len(body), err)
			}
			var back Event
			if err := json.Unmarshal(body, &back); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(back.UserAgent, "bytes cut)") || !utf8.ValidString(back.UserAgent) || strings.ContainsRune(string(body), '\n') {
				t.Errorf("%.10q: user agent %.40q", text, back.UserAgent)
			}
			// Once more, with parameters as long.
			e.RequestParameters = map[string]any{"policy": text, "list": []string{text}}
			e.ResponseElements = map[string]any{text: text}
		}
	}
}

func TestEncodeKeepsTheBeginningOfLongMembers(t *testing.T) {
	e := event("1")
	e.RequestParameters = map[string]any{"a": "first", "z": strings.Repeat("x", maxEvent)}
	e.ResponseElements = map[string]any{"short": "kept"}
	body, err := encode(nil, e, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var back Event
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	text, _ := back.RequestParameters["truncated"].(string)
	if !strings.HasPrefix(text, `{"a":"first","z":"xxx`) || !strings.HasSuffix(text, "bytes cut)") || back.ResponseElements["short"] != "kept" {
		t.Errorf("parameters %.60v…, elements %v", text, back.ResponseElements)
	}
	if len(e.RequestParameters) != 2 {
		t.Error("the caller's map was changed")
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…(1 bytes cut)"},
		{"aé", 2, "a…(2 bytes cut)"},
		{"a\u20ac\u20ac", 6, "a\u20ac…(3 bytes cut)"},
		{"\xff\xff\xff\xff\xff\xff", 3, "\xff\xff\xff…(3 bytes cut)"},
		{"\x80\x80\x80\x80\x80\x80\x80\x80", 6, "\x80\x80…(6 bytes cut)"}, // no character begins anywhere
	} {
		if got := clip(test.text, test.limit); got != test.want {
			t.Errorf("clip(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

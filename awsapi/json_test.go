package awsapi

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

type decoded struct {
	Name string
	Keys json.RawMessage
}

func TestDecodeJSON(t *testing.T) {
	cases := []struct{ name, body, refused string }{
		{"empty body", ``, ""},
		{"empty object", ` {} `, ""},
		{"members", `{"Name":"a","Keys":{"keys":[{"x5t#S256":"b"}]}}`, ""},
		{"an array", `[]`, "it is not an object"},
		{"a string", `"Name"`, "it is not an object"},
		{"null", `null`, "it is not an object"},
		{"cut off", `{"Name":`, "it is not JSON"},
		{"not closed", `{"Name":"a"`, "it is not JSON"},
		{"something after", `{} {}`, "something follows the object"},
		{"unknown member", `{"Nmae":"a"}`, "unknown field"},
		{"member twice", `{"Name":"a","Name":"b"}`, "Name is given twice"},
		{"member twice but for case", `{"Name":"a","name":"b"}`, "name is given twice"},
		{"member twice by escape", `{"Name":"a","N\u0061me":"b"}`, "Name is given twice"},
		{"member twice deep inside", `{"Keys":[{"a":1,"a":2}]}`, "a is given twice"},
		{"name that folds to ASCII", `{"\u212Aeys":1}`, "not plain ASCII"},
		{"wrong type", `{"Name":{"secret":1}}`, "Name is not a JSON string"},
		{"not UTF-8", "{\"Name\":\"\xff\"}", "it is not UTF-8"},
		{"deep", `{"Keys":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "nested deeper"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var in decoded
			err := decodeJSON([]byte(c.body), &in)
			if c.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var refused *iam.Error
			if !errors.As(err, &refused) || refused.Code != "SerializationException" || !strings.Contains(refused.Message, c.refused) {
				t.Fatalf("got %#v, want SerializationException with %q", err, c.refused)
			}
			if strings.Contains(refused.Message, "secret") {
				t.Errorf("the message repeats a value: %s", refused.Message)
			}
		})
	}
}

// FuzzJSON: whatever is accepted is one valid JSON object, and reads the same after being written again.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"Name":"a","Keys":{"keys":[]}}`))
	f.Add([]byte(`{"Name":"a","name":"b"}`))
	f.Add([]byte(`{"Keys":[[[[1e5,"\ud800"]]]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in decoded
		if decodeJSON(body, &in) != nil || len(body) == 0 {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted %q", body)
		}
		written, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var again decoded
		if err := decodeJSON(written, &again); err != nil || again.Name != in.Name {
			t.Fatalf("%q was written as %q: %v", body, written, err)
		}
	})
}

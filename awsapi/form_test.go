package awsapi

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openirsa/openirsa/iam"
)

func TestParseForm(t *testing.T) {
	cases := []struct {
		name, query, body string
		want              map[string]string
		refused           string // part of the message
	}{
		{name: "plus and percent", body: "A=a+b%20c%2Bd&B=%C3%A9", want: map[string]string{"A": "a b c+d", "B": "é"}},
		{name: "query and body", query: "Action=X", body: "Version=1", want: map[string]string{"Action": "X", "Version": "1"}},
		{name: "equals sign in a value", body: "A=b=c", want: map[string]string{"A": "b=c"}},
		{name: "no value", body: "Tags&B=", want: map[string]string{"Tags": "", "B": ""}},
		{name: "policy document with line breaks", body: "P=%7B%0A%09%0D%7D", want: map[string]string{"P": "{\n\t\r}"}},
		{name: "empty fields", body: "&&A=1&", want: map[string]string{"A": "1"}},
		{name: "encoded name", body: "Tags%2Emember.1.Key=k", want: map[string]string{"Tags.member.1.Key": "k"}},
		{name: "nothing", want: map[string]string{}},
		{name: "twice in the body", body: "A=1&B=2&A=1", refused: "parameter 3 of the body: A is given twice"},
		{name: "twice in query and body", query: "Action=X", body: "Action=X", refused: "Action is given twice"},
		{name: "twice by encoding", body: "A=1&%41=2", refused: "A is given twice"},
		{name: "malformed percent", body: "A=%4", refused: "parameter 1 of the body: the value of A has a malformed percent-encoding"},
		{name: "malformed percent in a name", query: "%zz=1", refused: "parameter 1 of the query: its name has a malformed percent-encoding"},
		{name: "not UTF-8", body: "A=%C3", refused: "is not UTF-8"},
		{name: "surrogate", body: "A=%ED%A0%80", refused: "is not UTF-8"},
		{name: "NUL", body: "A=%00", refused: "control character"},
		{name: "escape", body: "A=%1B", refused: "control character"},
		{name: "not a character of XML", body: "A=%EF%BF%BE", refused: "control character"},
		{name: "semicolon", body: "A=1;B=2", refused: "semicolon"},
		{name: "name with a space", body: "A+B=1", refused: "its name is not"},
		{name: "name with markup", body: "%3Ca%3E=1", refused: "its name is not"},
		{name: "empty name", body: "=1", refused: "its name is not"},
		{name: "long name", body: strings.Repeat("n", maxParameterName+1) + "=1", refused: "its name is not"},
		{name: "many parameters", body: strings.Repeat("a&", maxParameters+1), refused: "more than 512 parameters"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := parseForm(c.query, c.body)
			if c.refused != "" {
				var refused *iam.Error
				if !errors.As(err, &refused) || refused.Code != "MalformedInput" || !strings.Contains(refused.Message, c.refused) {
					t.Fatalf("got %#v, want MalformedInput with %q", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(f.values, c.want) {
				t.Errorf("values = %q, want %q", f.values, c.want)
			}
		})
	}
}

func TestParseFormNeverRepeatsValues(t *testing.T) {
	_, err := parseForm("", "WebIdentityToken=secret%00")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v, want one without the value", err)
	}
}

// TestFormReaders reads one parameter in each way and then asks finish, as every operation does.
func TestFormReaders(t *testing.T) {
	number := func(n int) *int { return &n }
	text := func(s string) *string { return &s }
	const none = "no message at all"
	cases := []struct {
		name, body string
		read       func(*form) any
		want       any
		code       string // of finish's refusal
		message    string
	}{
		{name: "integer", body: "N=3600", read: func(f *form) any { return f.integer("N") }, want: number(3600)},
		{name: "negative integer", body: "N=-1", read: func(f *form) any { return f.integer("N") }, want: number(-1)},
		{name: "no integer", read: func(f *form) any { return f.integer("N") }, want: (*int)(nil)},
		{name: "empty integer", body: "N=", read: func(f *form) any { return f.integer("N") }, code: "MalformedInput", message: "missing value for decimal type"},
		{name: "with a plus", body: "N=%2B900", read: func(f *form) any { return f.integer("N") }, want: number(900)},
		{name: "with a leading zero", body: "N=0900", read: func(f *form) any { return f.integer("N") }, want: number(900)},
		{name: "decimal", body: "N=1.5", read: func(f *form) any { return f.integer("N") }, code: "MalformedInput", message: none},
		{name: "beyond 32 bits", body: "N=4294967296", read: func(f *form) any { return f.integer("N") }, code: "MalformedInput", message: none},
		{name: "true", body: "B=true", read: func(f *form) any { return f.boolean("B") }, want: true},
		{name: "false", body: "B=false", read: func(f *form) any { return f.boolean("B") }, want: false},
		{name: "yes", body: "B=yes", read: func(f *form) any { return f.boolean("B") }, code: "MalformedInput", message: "B is neither true nor false"},
		{name: "empty optional text", body: "Path=", read: func(f *form) any { return f.text("Path") }, code: "ValidationError",
			message: "1 validation error detected: Value at 'path' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{name: "missing required text", read: func(f *form) any { return f.required("RoleName") }, code: "ValidationError",
			message: "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must not be null"},
		{name: "missing required text of STS", read: func(f *form) any { f.showsNull = true; return f.required("RoleArn") }, code: "ValidationError",
			message: "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null"},
		{name: "missing parameter", read: func(f *form) any { return f.parameter("RoleName") }, code: "MissingParameter", message: "The request must contain the parameter RoleName."},
		{name: "empty parameter", body: "RoleName=", read: func(f *form) any { return f.parameter("RoleName") }, code: "ValidationError", message: "Value at 'roleName' failed"},
		{name: "parameter", body: "RoleName=r", read: func(f *form) any { return f.parameter("RoleName") }, want: "r"},
		{name: "text that may be empty", body: "D=", read: func(f *form) any { return f.anyText("D") }, want: text("")},
		{name: "text that is not there", read: func(f *form) any { return f.anyText("D") }, want: (*string)(nil)},
		{name: "list", body: "L.member.1=a&L.member.2=b", read: func(f *form) any { return f.list("L") }, want: []string{"a", "b"}},
		{name: "empty list", body: "L=", read: func(f *form) any { return f.list("L") }, want: []string(nil)},
		{name: "list with a value", body: "L=a", read: func(f *form) any { return f.list("L") }, code: "MalformedInput", message: "L is a list"},
		{name: "list from 0", body: "L.member.0=a", read: func(f *form) any { return f.list("L") }, code: "InvalidQueryParameter", message: "L.member.0"},
		{name: "list with a gap", body: "L.member.1=a&L.member.3=b", read: func(f *form) any { return f.list("L") }, code: "InvalidQueryParameter", message: "L.member.3"},
		{name: "absurd index", body: "L.member.99999999999999999999=a", read: func(f *form) any { return f.list("L") }, code: "InvalidQueryParameter", message: "L.member.9"},
		{name: "index with a leading zero", body: "L.member.01=a", read: func(f *form) any { return f.list("L") }, code: "InvalidQueryParameter", message: "L.member.01"},
		{name: "tags", body: "T.member.1.Key=k&T.member.1.Value=&T.member.2.Key=l&T.member.2.Value=v",
			read: func(f *form) any { return f.tags("T") }, want: []iam.Tag{{Key: "k"}, {Key: "l", Value: "v"}}},
		{name: "tag without a value", body: "Tags.member.1.Key=k", read: func(f *form) any { return f.tags("Tags") }, code: "ValidationError",
			message: "1 validation error detected: Value at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		{name: "tag without a key", body: "Tags.member.1.Value=v", read: func(f *form) any { return f.tags("Tags") }, code: "ValidationError", message: "'tags.1.member.key'"},
		{name: "tag with more", body: "T.member.1.Key=k&T.member.1.Value=v&T.member.1.Scope=x", read: func(f *form) any { return f.tags("T") },
			code: "InvalidQueryParameter", message: "T.member.1.Scope"},
		{name: "policy ARNs", body: "P.member.1.arn=a&P.member.2.arn=b", read: func(f *form) any { return f.policyARNs("P") }, want: []string{"a", "b"}},
		{name: "unknown parameter", body: "PermissionBoundary=x", read: func(*form) any { return nil }, code: "InvalidQueryParameter", message: "PermissionBoundary"},
		{name: "presigned parameters", body: "X-Amz-Date=x&X-Amz-Signature=y", read: func(*form) any { return nil }, want: nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := parseForm("", c.body)
			if err != nil {
				t.Fatal(err)
			}
			got := c.read(f)
			err = f.finish()
			if c.code != "" {
				var refused *iam.Error
				if !errors.As(err, &refused) || refused.Code != c.code || !(strings.Contains(refused.Message, c.message) || c.message == none && refused.Message == "") {
					t.Fatalf("got %#v, want %s with %q", err, c.code, c.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

// FuzzForm: what parses is what net/url reads, with each name once; it parses again to the same after encoding; and readers
// cope with any names and values.
func FuzzForm(f *testing.F) {
	f.Add("", "Action=CreateRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=k&Tags.member.1.Value=v")
	f.Add("Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=ab", "")
	f.Add("A=1", "A=2")
	f.Add("", "Tags.member.99999999=%ff&%zz;=+")
	f.Fuzz(func(t *testing.T, query, body string) {
		parsed, err := parseForm(query, body)
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("error is not UTF-8: %q", err)
			}
			return
		}
		joined, err := url.ParseQuery(query + "&" + body)
		if err != nil {
			t.Fatalf("net/url refuses what was accepted: %v", err)
		}
		if len(joined) != len(parsed.values) {
			t.Fatalf("%d names, net/url reads %d", len(parsed.values), len(joined))
		}
		encoded := url.Values{}
		for name, value := range parsed.values {
			if got := joined[name]; len(got) != 1 || got[0] != value {
				t.Fatalf("%s = %q, net/url reads %q", name, value, got)
			}
			encoded.Set(name, value)
		}
		again, err := parseForm("", encoded.Encode())
		if err != nil || !reflect.DeepEqual(again.values, parsed.values) {
			t.Fatalf("encoded and parsed again: %v, %v", again, err)
		}
		for name := range parsed.values {
			list, _, _ := strings.Cut(name, ".member.")
			if list == "" {
				continue // readers are called with names that the tables have
			}
			_ = fmt.Sprint(parsed.integer(name), parsed.boolean(name), parsed.list(list), parsed.tags(list), parsed.policyARNs(list))
		}
		_ = parsed.finish()
	})
}

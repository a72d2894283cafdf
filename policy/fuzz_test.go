package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: a document is refused with a position inside it, or compiles as some kind and decides without a panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(conditionalPolicy))
	f.Add([]byte(sparing(`{"AWS":["111122223333","arn:aws:iam::111122223333:role/app"],"Service":"ec2.amazonaws.com"}`)))
	f.Add([]byte(`{"Id":"\ud83d\ude00","Statement":{"Effect":"Deny","NotAction":["s3:*"],"NotResource":"arn:aws:s3:::${aws:username, 'x'}","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":["a*",1,true]}}}}`))
	if folder := os.Getenv("OPENIRSA_TESTDATA"); folder != "" {
		paths, _ := filepath.Glob(filepath.Join(folder, "policies", "*", "*.json"))
		for _, path := range paths {
			if source, err := os.ReadFile(path); err == nil {
				f.Add(fill(source))
			}
		}
	}
	session, err := ParsePrincipal("arn:aws:sts::111122223333:assumed-role/app/pod")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		document, err := Parse(source)
		if err != nil {
			inside(t, source, err)
			return
		}
		if document.Size() > len(source) {
			t.Errorf("size %d of %d bytes", document.Size(), len(source))
		}
		document.Principals()
		document.ContextKeys()
		checkPrint(t, document)
		for _, kind := range []Kind{Identity, Trust} {
			p, err := Compile("p", document, Options{Kind: kind})
			if err != nil {
				inside(t, source, err)
				continue
			}
			policies := Policies{Identity: []*Policy{p}}
			if kind == Trust {
				policies = Policies{Trust: p}
			}
			for _, action := range []string{"s3:GetObject", "sts:AssumeRole"} {
				decision := policies.Decide(&Request{Principal: session, Action: action, Resource: "arn:aws:s3:::b/k", Context: contextOf("aws:TagKeys=[a,b] aws:x=a")})
				for _, reason := range decision.Reasons() {
					checkExcerpt(t, reason, source)
				}
			}
		}
	})
}

// inside asks that err has a position within source.
func inside(t *testing.T, source []byte, err error) {
	t.Helper()
	var positioned *Error
	if !errors.As(err, &positioned) {
		t.Fatalf("error without position: %v", err)
	}
	lines := strings.Split(string(source), "\n")
	at := positioned.Position
	if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1])+1 || positioned.AWS == "" {
		t.Errorf("%+v is not a place in the document", positioned)
	}
}

// checkExcerpt asks that an excerpt fits the terminal and breaks nothing there.
func checkExcerpt(t *testing.T, reason Reason, source []byte) {
	t.Helper()
	excerpt := reason.Excerpt(source)
	if excerpt == "" && reason.Statement >= 0 {
		t.Errorf("no excerpt for %+v", reason)
	}
	for _, line := range strings.Split(strings.TrimSuffix(excerpt, "\n"), "\n") {
		if utf8.RuneCountInString(line) > excerptColumns || strings.ContainsAny(line, "\t\r\x1b") || !utf8.ValidString(line) {
			t.Errorf("line %q of the excerpt", line)
		}
	}
}

// FuzzARN: what parses prints as it was.
func FuzzARN(f *testing.F) {
	for _, seed := range []string{"arn:aws:s3:::b/k", "arn:aws:iam::111122223333:role/a:b", "arn:::::", "arn:aws:s3", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		arn, err := ParseARN(text)
		if err == nil && arn.String() != text {
			t.Errorf("%q prints as %q", text, arn.String())
		}
		if well := strings.HasPrefix(text, "arn:") && strings.Count(text, ":") >= 5; err == nil && !well {
			t.Errorf("%q was taken for %+v", text, arn)
		}
		if p, err := ParsePrincipal(text); err == nil && (p.Type == "" || p.ARN == "") {
			t.Errorf("%q was taken for %+v", text, p)
		}
	})
}

// FuzzGlob compares with a matcher that tries everything.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{{"a*b?c", "axxbyc"}, {"*?*?", "éa"}, {"**", ""}, {"?", "\xff"}, {"*a*a*a*b", "aaaaaaaaaaaaab"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || len(pattern) > 24 || len(text) > 64 {
			t.Skip()
		}
		if got, want := MatchGlob(pattern, text), matchSlowly(characters(pattern), characters(text)); got != want {
			t.Errorf("MatchGlob(%q, %q) = %v", pattern, text, got)
		}
	})
}

// characters cuts text where MatchGlob's contract does: at code points, and at bytes that are none.
func characters(text string) []string {
	var list []string
	for text != "" {
		_, size := utf8.DecodeRuneInString(text)
		list = append(list, text[:size])
		text = text[size:]
	}
	return list
}

// matchSlowly fills the table of which beginnings of the pattern match which beginnings of the text.
func matchSlowly(pattern, text []string) bool {
	row := make([]bool, len(text)+1)
	row[0] = true
	for _, p := range pattern {
		next := make([]bool, len(text)+1)
		for j := range next {
			switch {
			case p == "*":
				next[j] = row[j] || j > 0 && next[j-1]
			case j > 0:
				next[j] = row[j-1] && (p == "?" || p == text[j-1])
			}
		}
		row = next
	}
	return row[len(text)]
}

// FuzzDate: what is read as a date of ISO 8601 begins with the date that it is, and nothing else is taken for one.
func FuzzDate(f *testing.F) {
	for _, seed := range []string{"10000-01-01", "2024-01-01T", "2024-01-01T1:00Z", "2024-01-01T10:00:00,5Z", "2024-02-29T23:59:59.999999999+14:00", "-1", "1e9", "", "2024-1-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := parseDate(text)
		if _, number := parseNumber(text); !ok || number {
			return
		}
		if written := at.Format("2006-01-02T15:04"); !strings.HasPrefix(text, written[:min(len(text), len(written))]) {
			t.Errorf("%q was taken for %s", text, written)
		}
	})
}

// FuzzSimulate: every line has a result of the contract's shape.
func FuzzSimulate(f *testing.F) {
	f.Add([]byte(`{"id":"a","request":{"principal":"arn:aws:iam::111122223333:user/alice","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","context":{"aws:x":["a"]}},"policies":{"identity":[` + allowAll + `],"session":[` + denyRead + `]}}`))
	f.Add([]byte(`{"id":"b","request":{"principal":{"type":"Anonymous"},"action":"sts:AssumeRole","resource":"arn:aws:iam::111122223333:role/r"},"policies":{"resource":` + trustOf(`"*"`) + `,"scp":[]}}`))
	simulator := NewSimulator(nil)
	f.Fuzz(func(t *testing.T, line []byte) {
		result, _ := simulator.Line(line)
		checkResult(t, result)
	})
}

// TestGlobIsNotExponential: patterns that are known to be slow elsewhere take no noticeable time.
func TestGlobIsNotExponential(t *testing.T) {
	text := strings.Repeat("a", 4000)
	for _, pattern := range []string{strings.Repeat("*?", 500) + "b", strings.Repeat("a*", 1000) + "b", strings.Repeat("*a", 1000) + "b"} {
		if MatchGlob(pattern, text) {
			t.Errorf("%.20s… matched", pattern)
		}
	}
	long := strings.Repeat("a", 1<<20)
	for range 20 { // a search that began anew at each character would take minutes
		if MatchGlob("*"+long[:1<<19]+"b", long) || MatchGlob("*"+long[:1<<10]+"b*", long[:1<<14]) {
			t.Fatal("*aaa…b matched")
		}
	}
	if !MatchGlob(strings.Repeat("*a", 1000), text) {
		t.Error("*a… did not match")
	}
}

package awsmodel

import (
	"fmt"
	"strings"
	"testing"
)

// TestCBORTexts: the documents are examples of RFC 8949, appendix A, and of what is not CBOR there.
func TestCBORTexts(t *testing.T) {
	for _, c := range []struct{ document, want, fault string }{
		{"", "", ""},
		{"\xa2\x61a\x01\x61b\x82\x02\x03", "", ""},                                                     // {"a": 1, "b": [2, 3]}
		{"\xa5\x61a\x61A\x61b\x61B\x61c\x61C\x61d\x61D\x61e\x61E", "a=A b=B c=C d=D e=E", ""},          // {"a": "A", …}
		{"\x82\x61a\xbf\x61b\x61c\xff", "=a b=c", ""},                                                  // ["a", {_ "b": "c"}]
		{"\x7f\x65strea\x64ming\xff", "=streaming", ""},                                                // (_ "strea", "ming")
		{"\xc0\x74\x32013-03-21T20:04:00Z", "=2013-03-21T20:04:00Z", ""},                               // a tag on a text
		{"\xa1\x61a\x9f\x61b\xf9\x3c\x00\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a\x61c\xff", "a=b a=c", ""}, // {"a": [_ "b", 1.0, 1.1, "c"]}
		{"\xa1\x61a\x44\x01\x02\x03\x04", "", ""},
		{"\x61", "", "byte 1"},
		{"\x61a\x61b", "=a", "follows"},
		{"\xff", "", "misplaced"},
		{"\xa1\x01\x61a", "", "another type"},
		{"\x61\xff", "", "UTF-8"},
		{strings.Repeat("\x81", 5000) + "\x60", "", "too deep"},
		{strings.Repeat("\xc0", 1<<20), "", "end early"},
	} {
		var got []string
		err := CBORTexts([]byte(c.document), func(name, text string) { got = append(got, name+"="+text) })
		if strings.Join(got, " ") != c.want || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%.30q: %q, %v; want %q, %s", c.document, got, err, c.want, c.fault)
		}
	}
}

func FuzzCBORTexts(f *testing.F) {
	f.Add([]byte("\xa1\x61a\x9f\x61b\xff"))
	f.Fuzz(func(t *testing.T, document []byte) {
		total := 0
		if err := CBORTexts(document, func(_, text string) { total += len(text) }); err == nil && total > len(document) {
			t.Error(fmt.Sprint("more text than there is in the document: ", total))
		}
	})
}

package sigv4

import (
	"errors"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzParse: any Authorization header and query is refused with an *Error or gives a claim that keeps its form.
func FuzzParse(f *testing.F) {
	signed, presigned := signedRequest(f, "sts"), presignedRequest(f, "s3")
	f.Add(signed.Header["Authorization"][0], "20261123T120000Z", "Action=X")
	f.Add("", "", presigned.RawQuery)
	f.Add("AWS4-HMAC-SHA256 Credential=a/20261123/b/c/aws4_request,SignedHeaders=host,Signature=0", "20261123T120000Z", "%zz&a=%")
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		r := &Request{Method: "GET", Path: "/", RawQuery: query, Host: "h", Header: map[string][]string{"X-Amz-Date": {date}}, PayloadHash: hashOf("")}
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		a, err := Parse(r)
		var refusal *Error
		if err != nil {
			if !errors.As(err, &refusal) || refusal.Code == "" || refusal.Message == "" || refusal.S3Code == "" || refusal.S3Message == "" {
				t.Fatalf("refused with %#v", err)
			}
			return
		}
		if a.AccessKeyID == "" || a.Scope.Region == "" || a.Scope.Service == "" || a.Signature == "" || a.Presigned == (authorization != "") ||
			!slices.IsSorted(a.SignedHeaders) || a.Presigned && (a.Expires < MinExpires || a.Expires > MaxExpires) {
			t.Fatalf("accepted %+v", a)
		}
		if err := Verify(r, a, "a secret that nobody signed with", a.Time); !errors.As(err, &refusal) {
			t.Fatalf("verified: %v", err)
		}
	})
}

// meaning is what a server would make of a request, by other code than ours: where it is the same, the signature must hold, else it must not.
type meaning struct {
	method, path, host, hash, header string
	query                            map[string]string
}

func meaningOf(r *Request, service string) (m meaning, ok bool) {
	m = meaning{method: r.Method, host: strings.Join(strings.FieldsFunc(strings.Trim(r.Host, " \t"), func(c rune) bool { return c == ' ' }), " "), hash: r.PayloadHash}
	m.header = strings.Join(strings.FieldsFunc(strings.Trim(r.Header["X-Amz-Meta-A"][0], " \t"), func(c rune) bool { return c == ' ' }), " ")
	var err error
	if service == "s3" {
		m.path, err = url.PathUnescape(r.Path)
	} else {
		m.path = path.Clean("/" + r.Path)
		if isFolder(r.Path) {
			m.path += "/"
		}
	}
	if m.path == "" {
		m.path = "/"
	}
	m.query = map[string]string{}
	for piece := range strings.SplitSeq(r.RawQuery, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		decodedName, err1 := url.QueryUnescape(name)
		decodedValue, err2 := url.QueryUnescape(value)
		err = errors.Join(err, err1, err2)
		values := append(strings.Split(m.query[decodedName], "\x00"), url.QueryEscape(decodedValue))
		slices.Sort(values)
		m.query[decodedName] = strings.Join(values, "\x00")
	}
	return m, err == nil
}

func isFolder(p string) bool {
	last := p[strings.LastIndex(p, "/")+1:]
	return (last == "" || last == "." || last == "..") && path.Clean("/"+p) != "/"
}

func (m meaning) equal(o meaning) bool {
	return m.method == o.method && m.path == o.path && m.host == o.host && m.hash == o.hash && m.header == o.header && maps.Equal(m.query, o.query)
}

// FuzzSignVerify: what Sign and Presign sign, Verify accepts; with any one byte changed it refuses, unless the change means the same request.
func FuzzSignVerify(f *testing.F) {
	f.Add("/a/b%20c", "x=1&y=%2F", "value  x", "s3", false, uint8(0), uint16(3), uint8(1))
	f.Add("/a/../b", "x=1&y=a+b", "value", "sts", true, uint8(1), uint16(2), uint8(32))
	f.Add("/", "", "v", "s3", true, uint8(3), uint16(0), uint8(255))
	f.Fuzz(func(t *testing.T, path, query, value, service string, presigned bool, field uint8, position uint16, flip uint8) {
		r := &Request{
			Method: "PUT", Path: path, RawQuery: query, Host: "bucket.example:4566",
			Header: map[string][]string{"X-Amz-Meta-A": {value}}, PayloadHash: hashOf(value),
		}
		if _, ok := meaningOf(r, service); !ok || len(query) > maxQuery/4 {
			t.Skip()
		}
		var err error
		if presigned {
			var q string
			if q, err = Presign(r, credentials, "eu-west-1", service, noon, time.Minute); err == nil {
				r.RawQuery = q
			}
		} else {
			err = Sign(r, credentials, "eu-west-1", service, noon)
		}
		if err != nil {
			t.Skip() // a service name or query that cannot be signed
		}
		if !presigned {
			if q, err := readAuthQuery(query); err != nil || q.present {
				t.Skip()
			}
		}
		if err := parseAndVerify(r, noon); err != nil {
			t.Fatalf("refused what was signed: %v", err)
		}
		if flip == 0 {
			return
		}
		before, _ := meaningOf(r, service)
		target := [...]*string{&r.Method, &r.Path, &r.RawQuery, &r.Host, &r.PayloadHash, &r.Header["X-Amz-Meta-A"][0]}[int(field)%6]
		if *target == "" {
			return
		}
		b := []byte(*target)
		b[int(position)%len(b)] ^= flip
		*target = string(b)
		after, ok := meaningOf(r, service)
		same := ok && before.equal(after)
		if err := parseAndVerify(r, noon); (err == nil) != same {
			t.Fatalf("changed %q of field %d: %v; same meaning: %v", b, field%6, err, same)
		}
	})
}

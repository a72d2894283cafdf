package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/openirsa/openirsa/sigv4"
)

// upload is a browser's form.
type upload struct {
	target   string // empty: /bucket
	fields   []sigv4.Field
	filename string
	file     string
	after    []sigv4.Field // what follows the file
	noFile   bool
	cut      int // bytes of the body that do not come
}

// post sends a form as browsers do.
func (p *plane) post(t testing.TB, u upload) (*http.Response, []byte) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range u.fields {
		must(t, form.WriteField(field.Name, field.Value))
	}
	if !u.noFile {
		file, err := form.CreateFormFile("file", u.filename)
		must(t, err)
		_, err = io.WriteString(file, u.file)
		must(t, err)
	}
	for _, field := range u.after {
		must(t, form.WriteField(field.Name, field.Value))
	}
	must(t, form.Close())
	if u.target == "" {
		u.target = "/bucket"
	}
	return p.wire(t, "POST", fmt.Sprintf("POST %s HTTP/1.1\r\nHost: s3\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		u.target, form.FormDataContentType(), body.Len(), body.Bytes()[:body.Len()-u.cut]))
}

// signForm signs a form that may upload anything beginning with up/ and fewer than 100 bytes, with more conditions.
func signForm(c sigv4.Credentials, until time.Time, key string, more ...string) []sigv4.Field {
	now := time.Now().UTC()
	conditions := append([]string{
		`{"bucket": "bucket"}`, `["starts-with", "$key", "up/"]`, `["content-length-range", 1, 100]`, `{"x-amz-algorithm": "AWS4-HMAC-SHA256"}`,
		`["starts-with", "$x-amz-credential", ""]`, `["starts-with", "$x-amz-date", ""]`,
	}, more...)
	if c.SessionToken != "" {
		conditions = append(conditions, `{"x-amz-security-token": "`+c.SessionToken+`"}`)
	}
	policy := `{"expiration": "` + until.UTC().Format("2006-01-02T15:04:05.000Z") + `", "conditions": [` + strings.Join(conditions, ",") + `]}`
	return append([]sigv4.Field{{Name: "key", Value: key}}, sigv4.SignPost([]byte(policy), c, region, now)...)
}

func TestForm(t *testing.T) {
	embedded := newPlane(t)
	outside, _ := newOutsidePlane(t)
	soon := time.Now().Add(time.Hour)
	for _, p := range []*plane{embedded, outside} {
		p.fill(t, p.root, "bucket")
		session := p.session(t, "writer", allow("s3:PutObject", "arn:aws:s3:::bucket/up/*"))
		stored := func(key string) (string, *s3.GetObjectOutput) {
			t.Helper()
			got, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
			must(t, err)
			content, err := io.ReadAll(got.Body)
			must(t, err)
			return string(content), got
		}
		response, body := p.post(t, upload{fields: signForm(session, soon, "up/${filename}"), filename: "a.txt", file: "content", after: []sigv4.Field{{Name: "submit", Value: "Upload"}}})
		if content, _ := stored("up/a.txt"); response.StatusCode != 204 || content != "content" || response.Header.Get("ETag") == "" {
			t.Errorf("%d %s stored %q", response.StatusCode, body, content)
		}
		if event := p.event(t, response.Header.Get("x-amz-request-id")); event.Name != "PostObject" || event.ErrorCode != "" || event.UserIdentity.Type != "AssumedRole" {
			t.Errorf("the event is %+v", event)
		}
		fields := append(signForm(session, soon, "up/b", `["starts-with", "$Content-Type", "text/"]`, `{"success_action_status": "201"}`, `{"x-amz-meta-a": "b"}`),
			sigv4.Field{Name: "Content-Type", Value: "text/css"}, sigv4.Field{Name: "success_action_status", Value: "201"}, sigv4.Field{Name: "x-amz-meta-a", Value: "b"})
		response, body = p.post(t, upload{fields: fields, file: "content"})
		if _, got := stored("up/b"); response.StatusCode != 201 || !strings.Contains(string(body), "<Key>up/b</Key>") || aws.ToString(got.ContentType) != "text/css" || got.Metadata["a"] != "b" {
			t.Errorf("%d %s, stored as %q with %v", response.StatusCode, body, aws.ToString(got.ContentType), got.Metadata)
		}
		fields = append(signForm(session, soon, "up/c", `["starts-with", "$success_action_redirect", "https://app.example/"]`), sigv4.Field{Name: "success_action_redirect", Value: "https://app.example/done?x=1"})
		response, _ = p.post(t, upload{fields: fields, file: "content"})
		if location := response.Header.Get("Location"); response.StatusCode != 303 || !strings.HasPrefix(location, "https://app.example/done?bucket=bucket&etag=") || !strings.HasSuffix(location, "&key=up%2Fc&x=1") {
			t.Errorf("%d to %q", response.StatusCode, location)
		}
	}
}

// TestFormSDK uploads by the form that AWS's SDK for Go signs.
func TestFormSDK(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	signed, err := s3.NewPresignClient(p.client(p.session(t, "writer", allow("s3:PutObject", "arn:aws:s3:::bucket/*")))).PresignPostObject(t.Context(),
		&s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}, func(o *s3.PresignPostOptions) { o.Expires = time.Minute })
	must(t, err)
	var fields []sigv4.Field
	for name, value := range signed.Values {
		fields = append(fields, sigv4.Field{Name: name, Value: value})
	}
	if response, body := p.post(t, upload{fields: fields, file: "content"}); response.StatusCode != 204 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestHostileForm(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	p.fill(t, p.foreignRoot, "foreign")
	before := p.backend.count()
	soon := time.Now().Add(time.Hour)
	session := p.session(t, "writer", allow("s3:PutObject", "arn:aws:s3:::bucket/up/*"))
	nobody := p.session(t, "nobody")
	wrong := p.root
	wrong.SecretAccessKey = strings.Repeat("A", 40)
	good := func(more ...sigv4.Field) []sigv4.Field { return append(signForm(session, soon, "up/a"), more...) }
	without := func(name string) []sigv4.Field {
		var fields []sigv4.Field
		for _, field := range good() {
			if field.Name != name {
				fields = append(fields, field)
			}
		}
		return fields
	}
	for _, c := range []struct {
		name   string
		upload upload
		code   string
		status int
	}{
		{"unsigned", upload{fields: []sigv4.Field{{Name: "key", Value: "up/a"}}}, "AccessDenied", 403},
		{"expired", upload{fields: signForm(session, time.Now().Add(-time.Minute), "up/a")}, "AccessDenied", 403},
		{"another secret", upload{fields: signForm(wrong, soon, "up/a")}, "SignatureDoesNotMatch", 403},
		{"no permission", upload{fields: signForm(nobody, soon, "up/a")}, "AccessDenied", 403},
		{"another key", upload{fields: append([]sigv4.Field{{Name: "key", Value: "down/a"}}, good()[1:]...)}, "AccessDenied", 403},
		{"a filename that leads out", upload{fields: append([]sigv4.Field{{Name: "key", Value: "${filename}"}}, good()[1:]...), filename: "up"}, "AccessDenied", 403},
		{"another bucket", upload{target: "/foreign", fields: good()}, "AccessDenied", 403},
		{"another bucket in the form", upload{fields: good(sigv4.Field{Name: "bucket", Value: "foreign"})}, "MalformedPOSTRequest", 400},
		{"a field more", upload{fields: good(sigv4.Field{Name: "x-amz-storage-class", Value: "GLACIER"})}, "AccessDenied", 403},
		{"an acl more", upload{fields: good(sigv4.Field{Name: "acl", Value: "public-read"})}, "AccessDenied", 403},
		{"a field twice", upload{fields: good(sigv4.Field{Name: "Key", Value: "up/b"})}, "MalformedPOSTRequest", 400},
		{"a token of another", upload{fields: append(without("x-amz-security-token"), sigv4.Field{Name: "x-amz-security-token", Value: nobody.SessionToken})}, "InvalidToken", 400},
		{"no token", upload{fields: without("x-amz-security-token")}, "InvalidAccessKeyId", 403},
		{"no policy", upload{fields: without("policy")}, "InvalidArgument", 400},
		{"no signature", upload{fields: without("x-amz-signature")}, "InvalidArgument", 400},
		{"no key", upload{fields: without("key")}, "InvalidArgument", 400},
		{"no file", upload{fields: good(), noFile: true}, "InvalidArgument", 400},
		{"an empty file", upload{fields: good(), file: "-"}, "EntityTooSmall", 400},
		{"a long file", upload{fields: good(), file: strings.Repeat("x", 101)}, "EntityTooLarge", 400},
		{"another MD5", upload{fields: append(signForm(session, soon, "up/a", `["starts-with", "$content-md5", ""]`), sigv4.Field{Name: "content-md5", Value: "1B2M2Y8AsgTpgAmY7PhCfg=="})}, "BadDigest", 400},
		{"cut short", upload{fields: good(), cut: 30}, "MalformedPOSTRequest", 400},
		{"long fields", upload{fields: good(sigv4.Field{Name: "x-ignore-a", Value: strings.Repeat("x", 21<<10)})}, "MaxPostPreDataLengthExceeded", 400},
		{"to an object", upload{target: "/bucket/key", fields: good()}, "MethodNotAllowed", 405},
		{"to the service", upload{target: "/", fields: good()}, "MethodNotAllowed", 405},
		{"with a query", upload{target: "/bucket?delete", fields: good()}, "MethodNotAllowed", 405},
		{"of Signature Version 2", upload{fields: []sigv4.Field{{Name: "key", Value: "a"}, {Name: "AWSAccessKeyId", Value: "a"}, {Name: "signature", Value: "b"}}}, "InvalidRequest", 400},
	} {
		u := c.upload
		switch u.file {
		case "":
			u.file = "content"
		case "-":
			u.file = ""
		}
		response, body := p.post(t, u)
		if code, _ := refused(t, response, body); code != c.code || response.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d %s", c.name, response.StatusCode, body, c.status, c.code)
		}
	}
	if after := p.backend.count(); after != before {
		t.Errorf("%d requests reached the backend", after-before)
	}
}

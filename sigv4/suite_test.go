package sigv4

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/sha256"
	"encoding/hex"
)

// suiteCase is one folder of AWS's signing test suite (the form that aws-c-auth publishes).
type suiteCase struct {
	Credentials struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		Token           string `json:"token"`
	} `json:"credentials"`
	ExpirationInSeconds int       `json:"expiration_in_seconds"`
	Normalize           bool      `json:"normalize"`
	Region              string    `json:"region"`
	Service             string    `json:"service"`
	SignBody            bool      `json:"sign_body"`
	OmitSessionToken    bool      `json:"omit_session_token"`
	Timestamp           time.Time `json:"timestamp"`

	folder string
}

func (c *suiteCase) file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (c *suiteCase) rules() rules {
	return rules{pathAsIs: !c.Normalize, tokenUnsigned: c.OmitSessionToken}
}

func (c *suiteCase) scope() Scope {
	return Scope{Date: c.Timestamp.Format(dateFormat), Region: c.Region, Service: c.Service}
}

func suite(t *testing.T) []suiteCase {
	t.Helper()
	root := os.Getenv("OPENIRSA_TESTDATA")
	if root == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	folders, err := filepath.Glob(filepath.Join(root, "sigv4", "v4", "*"))
	if err != nil || len(folders) < 38 {
		t.Fatalf("found %d cases (%v), want at least 38", len(folders), err)
	}
	var cases []suiteCase
	for _, folder := range folders {
		c := suiteCase{folder: folder}
		if err := json.Unmarshal([]byte(c.file(t, "context.json")), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// parseHTTP reads a request as the suite writes it; paths there hold bytes that net/http refuses.
func parseHTTP(t *testing.T, text string) (r *Request, body string) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	target, found := strings.CutSuffix(target, " HTTP/1.1")
	if !found {
		t.Fatalf("request line %q", lines[0])
	}
	r = &Request{Method: method, Header: map[string][]string{}}
	r.Path, r.RawQuery, _ = strings.Cut(target, "?")
	last := ""
	for _, line := range lines[1:] {
		if line[0] == ' ' { // folded: RFC 9112, 5.2 has the recipient replace it with spaces
			values := r.Header[last]
			values[len(values)-1] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		last = name
		r.Header[name] = append(r.Header[name], value)
	}
	r.Host = r.Header["Host"][0]
	delete(r.Header, "Host")
	return r, body
}

func hashOf(body string) string {
	h := sha256.Sum256([]byte(body))
	return hex.EncodeToString(h[:])
}

func (c *suiteCase) unsigned(t *testing.T) *Request {
	r, body := parseHTTP(t, c.file(t, "request.txt"))
	r.PayloadHash = hashOf(body)
	return r
}

// check compares all three values of one form with the suite's files.
func (c *suiteCase) check(t *testing.T, form string, r *Request, names []string, values [][]string, presigned bool) {
	t.Helper()
	canonical, err := appendCanonicalRequest(nil, r, names, values, presigned, c.rules())
	if err != nil {
		t.Fatal(err)
	}
	if want := c.file(t, form+"-canonical-request.txt"); string(canonical) != want {
		t.Errorf("%s canonical request\n%s\nwant\n%s", form, canonical, want)
	}
	text := appendStringToSign(nil, c.Timestamp.Format(TimeFormat), c.scope(), canonical)
	if want := c.file(t, form+"-string-to-sign.txt"); string(text) != want {
		t.Errorf("%s string to sign\n%s\nwant\n%s", form, text, want)
	}
	key := SigningKey(c.Credentials.SecretAccessKey, c.scope())
	got, err := signature(r, names, values, c.Timestamp.Format(TimeFormat), c.scope(), key, presigned, c.rules())
	if want := c.file(t, form+"-signature.txt"); err != nil || string(got[:]) != want {
		t.Errorf("%s signature %s, %v, want %s", form, got, err, want)
	}
}

// TestSuite signs every request of AWS's suite and compares canonical request, string to sign and signature of both forms.
func TestSuite(t *testing.T) {
	for _, c := range suite(t) {
		t.Run(filepath.Base(c.folder), func(t *testing.T) {
			r := c.unsigned(t)
			set(r.Header, "X-Amz-Date", c.Timestamp.Format(TimeFormat))
			if c.Credentials.Token != "" && !c.OmitSessionToken {
				set(r.Header, "X-Amz-Security-Token", c.Credentials.Token)
			}
			if c.SignBody {
				set(r.Header, "X-Amz-Content-Sha256", r.PayloadHash)
			}
			names, values, err := headersToSign(r)
			if err != nil {
				t.Fatal(err)
			}
			c.check(t, "header", r, names, values, false)

			r = c.unsigned(t)
			credentials := Credentials{c.Credentials.AccessKeyID, c.Credentials.SecretAccessKey, c.Credentials.Token}
			r.RawQuery, err = presign(r, credentials, c.scope(), c.Timestamp, time.Duration(c.ExpirationInSeconds)*time.Second, c.rules())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(r.RawQuery, c.file(t, "query-signature.txt")) {
				t.Errorf("presigned query %s, want signature %s", r.RawQuery, c.file(t, "query-signature.txt"))
			}
			if names, values, err = headersToSign(r); err != nil {
				t.Fatal(err)
			}
			c.check(t, "query", r, names, values, true)
		})
	}
}

// TestSuiteVerify accepts every signed request of the suite, and none of them with another secret.
func TestSuiteVerify(t *testing.T) {
	for _, c := range suite(t) {
		for _, form := range []string{"header", "query"} {
			t.Run(filepath.Base(c.folder)+"/"+form, func(t *testing.T) {
				r, body := parseHTTP(t, c.file(t, form+"-signed-request.txt"))
				r.PayloadHash = hashOf(body)
				a, err := Parse(r)
				if err != nil {
					t.Fatal(err)
				}
				if a.AccessKeyID != c.Credentials.AccessKeyID || a.SessionToken != c.Credentials.Token || a.Scope != c.scope() ||
					!a.Time.Equal(c.Timestamp) || a.Presigned != (form == "query") {
					t.Errorf("parsed %+v", a)
				}
				if c.OmitSessionToken && form == "header" {
					if err := Verify(r, a, c.Credentials.SecretAccessKey, c.Timestamp); err == nil {
						t.Error("Verify accepted a session token header that is not signed")
					}
					delete(r.Header, "X-Amz-Security-Token")
				}
				verify := func(secret string) error {
					values, err := a.check(r, c.Timestamp)
					if err != nil {
						return err
					}
					return a.compare(r, values, SigningKey(secret, a.Scope), c.rules())
				}
				if err := verify(c.Credentials.SecretAccessKey); err != nil {
					t.Error(err)
				}
				if err := verify(c.Credentials.SecretAccessKey + "x"); err == nil {
					t.Error("accepted another secret")
				}
			})
		}
	}
}

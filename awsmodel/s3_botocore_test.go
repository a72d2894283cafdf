package awsmodel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// botocoreLine is what testdata/s3_requests.py prints: a request, or the values that a header's model lists.
type botocoreLine struct {
	Operation, Case, Style string
	Method, URL            string
	Body                   []byte
	Headers                map[string]string

	Header string
	Values []string
}

// renamed are operations whose requests have a newer name: S3 has kept the older ones for their callers.
var renamed = map[string]string{
	"GetBucketLifecycle":    "GetBucketLifecycleConfiguration",
	"PutBucketLifecycle":    "PutBucketLifecycleConfiguration",
	"GetBucketNotification": "GetBucketNotificationConfiguration",
	"PutBucketNotification": "PutBucketNotificationConfiguration",
}

// refusedOperations are those that are known and refused, with the code.
var refusedOperations = map[string]string{
	"CreateBucketMetadataConfiguration":               "NotImplemented",
	"CreateBucketMetadataTableConfiguration":          "NotImplemented",
	"UpdateBucketMetadataInventoryTableConfiguration": "NotImplemented",
	"UpdateBucketMetadataJournalTableConfiguration":   "NotImplemented",
	"CreateSession":          "NotImplemented",
	"RenameObject":           "NotImplemented",
	"WriteGetObjectResponse": "MethodNotAllowed", // its host is an Object Lambda access point's, which reads like a bucket's
}

// TestS3Botocore has AWS's SDK for Python make the requests of every operation, with each of its parameters, in both styles.
func TestS3Botocore(t *testing.T) {
	lines := botocoreLines(t)
	seen := map[string]bool{}
	for _, line := range lines {
		if line.Header != "" {
			if known, checked := spellings[line.Header]; checked {
				for _, value := range line.Values {
					if !slices.Contains(known, value) {
						t.Errorf("the spellings of %s lack %s", line.Header, value)
					}
				}
			}
			continue
		}
		seen[line.Operation] = true
		o, err := ClassifyS3(line.request(t), testOptions())
		if code, refused := refusedOperations[line.Operation]; refused || line.Operation == "ListDirectoryBuckets" && line.Case != "required" && line.Case != "ContinuationToken" {
			if code == "" {
				code = "NotImplemented"
			}
			if e, _ := err.(*Error); e == nil || e.Code != code {
				t.Errorf("%s (%s, %s): %v, want %s", line.Operation, line.Case, line.Style, err, code)
			}
			continue
		}
		if err == nil {
			checkRebuild(t, o)
		}
		if err == nil && o.Body == DocumentBody {
			o, err = o.WithDocument(line.Body)
		}
		if e, _ := err.(*Error); e != nil && e.Code == "MalformedXML" && len(line.Body) == 0 {
			continue // botocore takes the document for optional; S3 does not
		}
		if err != nil {
			t.Errorf("%s (%s, %s) %s %s: %v", line.Operation, line.Case, line.Style, line.Method, line.URL, err)
			continue
		}
		line.check(t, o)
	}
	if len(seen) < 105 {
		t.Errorf("only %d operations", len(seen))
	}
}

func botocoreLines(t *testing.T) []botocoreLine {
	t.Helper()
	if testing.Short() {
		t.Skip("the requests of every operation take a while")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3, whose botocore would make the requests")
	}
	if exec.Command(python, "-c", "import botocore").Run() != nil {
		t.Skip("python3 has no botocore, which would make the requests")
	}
	var stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), python, "testdata/s3_requests.py")
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("making requests with botocore: %v\n%s", err, stderr.Bytes())
	}
	var lines []botocoreLine
	scanner := bufio.NewScanner(bytes.NewReader(output))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line botocoreLine
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func (line botocoreLine) request(t *testing.T) Request {
	t.Helper()
	u, err := url.Parse(line.URL)
	if err != nil {
		t.Fatal(err)
	}
	header := map[string][]string{}
	for name, value := range line.Headers {
		header[name] = []string{value}
	}
	return Request{Method: line.Method, Host: u.Host, Path: u.EscapedPath(), RawQuery: u.RawQuery, Header: header}
}

// check holds what was understood against what botocore was told to ask for.
func (line botocoreLine) check(t *testing.T, o S3Operation) {
	t.Helper()
	want := line.Operation
	if name, ok := renamed[want]; ok {
		want = name
	}
	if want == "ListDirectoryBuckets" { // without its own parameter, it is told apart by its host alone
		want = "ListBuckets"
	}
	if o.Name != want || len(o.Calls) == 0 || o.Bucket != "" && o.Bucket != "bucket" || o.Key != "" && o.Key != "a key/with+more?" {
		t.Errorf("%s (%s, %s) is %s on %q %q with %d calls", line.Operation, line.Case, line.Style, o.Name, o.Bucket, o.Key, len(o.Calls))
	}
	if inChunks := strings.HasPrefix(line.Headers["X-Amz-Content-SHA256"], "STREAMING-"); inChunks != (o.Framing.Payload != "") {
		t.Errorf("%s (%s): the framing is %+v", line.Operation, line.Case, o.Framing)
	}
	for name := range line.Headers {
		name = strings.ToLower(name)
		_, kept := o.Header[name]
		transport := slices.Contains(transportHeaders, name) || name == payloadHeader || name == decodedLengthHeader || name == trailerHeader
		checksum := slices.Contains(checksumHeader, name) && o.Body == DocumentBody // of the document as it was
		if strings.HasPrefix(name, "x-amz-") && !kept && !transport && !checksum {
			t.Errorf("%s (%s) lost the header %s", line.Operation, line.Case, name)
		}
	}
}

package awsmodel

import (
	"runtime"
	"strings"
	"testing"
)

// allocated is how many bytes do allocates, those included that are free again.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestDocumentBombs: documents are read before anyone is asked whether their sender may do anything, so what they cost is bounded by a small multiple
// of their length.
func TestDocumentBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("the largest documents there may be, read in one goroutine")
	}
	deletes, err := ClassifyS3(wire("POST /bucket?delete"), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	fill := func(head, body, tail string) string {
		return head + strings.Repeat(body, (maxDeleteDocument-len(head)-len(tail))/len(body)) + tail
	}
	for name, document := range map[string]string{
		"one text in many pieces": fill("<Delete><Object><Key>", "<![CDATA[a]]>", "</Key></Object></Delete>"),
		"many elements":           fill("<Delete>", "<a/>", "</Delete>"),
		"many elements in one":    fill("<Delete><Object>", "<Key/>", "</Object></Delete>"),
		"one long text":           fill("<Delete><Object><Key>", "a", "</Key></Object></Delete>"),
	} {
		var err error
		bytes := allocated(func() { _, err = deletes.WithDocument([]byte(document)) })
		if err == nil {
			t.Errorf("%s is understood", name)
		}
		if most := uint64(16 * maxDeleteDocument); bytes > most {
			t.Errorf("%s takes %d MiB, want at most %d", name, bytes>>20, most>>20)
		}
	}
	most := Delete{}
	for range MaxDeleteKeys {
		most.Objects = append(most.Objects, DeleteObject{Key: strings.Repeat("&", maxKey), VersionID: "v", ETag: "e", LastModifiedTime: "t", Size: "1"})
	}
	if o, err := deletes.WithDocument(most.document().canonical()); err != nil || len(o.Delete.Objects) != MaxDeleteKeys {
		t.Errorf("the largest document that S3 takes: %v", err)
	}
}

// TestPlainIDs: the ids of uploads and versions are names of files to some servers, too.
func TestPlainIDs(t *testing.T) {
	options := testOptions()
	options.PlainKeys = true
	deletes, err := ClassifyS3(wire("POST /bucket?delete"), options)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{".", "..", "../x", "a/b", "/", "a/"} {
		for _, request := range []Request{
			wire("GET /bucket/key?versionId=" + escape(id, false)), wire("DELETE /bucket/key?uploadId=" + escape(id, false)),
			wire("PUT /bucket/key?partNumber=1&uploadId=" + escape(id, false)),
			wire("PUT /bucket/key", "x-amz-copy-source: other/key?versionId="+escape(id, false)),
		} {
			if _, err := ClassifyS3(request, options); err == nil {
				t.Errorf("%s %s?%s %v is understood", request.Method, request.Path, request.RawQuery, request.Header)
			}
		}
		if _, err := deletes.WithDocument([]byte("<Delete><Object><Key>key</Key><VersionId>" + id + "</VersionId></Object></Delete>")); err == nil {
			t.Errorf("the version %s of a key to delete is understood", id)
		}
	}
	for _, id := range []string{"null", "3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo", "2~abc", "a.b", "8d6e6a9c-1b1e-4a0e"} {
		if _, err := ClassifyS3(wire("GET /bucket/key?versionId="+escape(id, false)), options); err != nil {
			t.Errorf("the version %s: %v", id, err)
		}
	}
}

// TestServersOwnBuckets: what looks like a bucket and is a server's administration is refused where the server may be such a one
// (MinIO's admin API is under /minio/, that of the Ceph Object Gateway under /admin/).
func TestServersOwnBuckets(t *testing.T) {
	options := testOptions()
	for _, target := range []string{"GET /minio/admin/v3/info", "PUT /minio/admin/v3/import-iam", "PUT /minio", "OPTIONS /minio/admin/v3/info", "PUT /admin/metadata/user/x",
		"GET /moto-api/data.json", "POST /moto-api/reset?uploads", "PUT /rustfs/admin/v3/add-user", "PUT /v20180820/configuration/publicAccessBlock"} {
		if _, err := ClassifyS3(wire(target), options); err != nil {
			t.Errorf("%s on a server that has no other meaning for it: %v", target, err)
		}
	}
	options.PlainKeys = true
	for _, target := range []string{"GET /minio/admin/v3/info", "PUT /minio/admin/v3/import-iam", "PUT /minio", "OPTIONS /minio/admin/v3/info", "PUT /admin/metadata/user/x",
		"GET /moto-api/data.json", "POST /moto-api/reset?uploads", "PUT /rustfs/admin/v3/add-user", "PUT /v20180820/configuration/publicAccessBlock"} {
		_, err := ClassifyS3(wire(target), options)
		if refusal, _ := err.(*Error); refusal == nil || refusal.Code != "InvalidBucketName" {
			t.Errorf("%s: %v", target, err)
		}
	}
	if _, err := ClassifyS3(hosted(wire("GET /admin/v3/info"), "minio.s3.localhost"), options); err == nil {
		t.Error("a virtual-hosted request is understood")
	}
	if _, err := ClassifyS3Post("minio", formFields("key", "admin/v3/import-iam"), "", options); err == nil {
		t.Error("a form is understood")
	}
}

// TestHeaderNames: headers that come in a presigned query or in a form have names that no HTTP parser has seen.
func TestHeaderNames(t *testing.T) {
	const signed = "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=c"
	for _, name := range []string{"x-amz-meta-a\r\nx-evil", "x-amz-meta-a b", "x-amz-meta-é", "x-amz-meta-a:b", "x-amz-meta-"} {
		if o, err := ClassifyS3(wire("PUT /bucket/key?"+escape(name, false)+"=1"+signed), testOptions()); err == nil {
			t.Errorf("%q in a query is understood as %v", name, o.Header)
		}
		if o, err := ClassifyS3Post("bucket", formFields("key", "key", name, "1"), "", testOptions()); err == nil {
			t.Errorf("%q in a form is understood as %v", name, o.Header)
		}
	}
	if _, err := ClassifyS3(wire("PUT /bucket/key?x-amz-meta-a.b_c=1"+signed), testOptions()); err != nil {
		t.Error(err)
	}
	// The form of the payload is a matter of the signature, in whatever case it is written.
	if o, err := ClassifyS3(wire("PUT /bucket/key?x-amz-content-sha256=STREAMING-UNSIGNED-PAYLOAD-TRAILER"+signed), testOptions()); err == nil {
		t.Errorf("a presigned URL has a body in the form %q", o.Framing.Payload)
	}
}

// TestSecretsAreNotQuoted: errors go to clients and to the trail.
func TestSecretsAreNotQuoted(t *testing.T) {
	const secret = "c2VjcmV0"
	for _, name := range []string{"x-amz-server-side-encryption-customer-key", "x-amz-mfa"} {
		request := wire("GET /bucket/key", name+": "+secret+" ")
		if name == "x-amz-mfa" {
			request.Method = "DELETE"
		}
		_, err := ClassifyS3(request, testOptions())
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPutBucketTagging: what the gateway learns of a document is what the server gets.
func TestPutBucketTagging(t *testing.T) {
	o, err := ClassifyS3(wire("PUT /bucket?tagging"), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	o, err = o.WithDocument([]byte("<Tagging>\n<TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"))
	if want := calls("s3:PutBucketTagging arn:aws:s3:::bucket"); err != nil || len(o.Calls) != 1 || describe(o.Calls)[0] != want[0] || strings.Contains(string(o.Document), "\n") {
		t.Errorf("%v %s %q", describe(o.Calls), o.Document, err)
	}
	for _, document := range []string{
		"<Tagging><TagSet/><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", "<Tagging><Tags><Tag><Key>a</Key></Tag></Tags></Tagging>",
		`<Tagging><TagSet><x:Tag xmlns:x="urn:x"><Key>a</Key></x:Tag></TagSet></Tagging>`, "<Other/>", "",
	} {
		o, err := ClassifyS3(wire("PUT /bucket?tagging"), testOptions())
		if err == nil {
			_, err = o.WithDocument([]byte(document))
		}
		if err == nil {
			t.Errorf("%s is understood", document)
		}
	}
}

// TestManyRanges: one range is asked of the server, and of several none, as S3 does.
func TestManyRanges(t *testing.T) {
	for sent, want := range map[string]string{"bytes=0-1": "bytes=0-1", "bytes=0-1,3-4": "", "bytes=" + strings.Repeat("0-,", 5000): ""} {
		o, err := ClassifyS3(wire("GET /bucket/key", "range: "+sent), testOptions())
		if err != nil || o.Header["range"] != want {
			t.Errorf("%.20s: %.20q, %v", sent, o.Header["range"], err)
		}
	}
}

package awsmodel

import "testing"

func BenchmarkClassifyS3(b *testing.B) {
	r := wire("GET /bucket/folder/object.txt?x-id=GetObject", "Accept-Encoding: identity", "Amz-Sdk-Invocation-Id: a", "Amz-Sdk-Request: attempt=1; max=3",
		"Authorization: AWS4-HMAC-SHA256 a", "User-Agent: aws-sdk", "X-Amz-Checksum-Mode: ENABLED", "X-Amz-Content-Sha256: e3b0", "X-Amz-Date: 20260101T000000Z", "X-Amz-Security-Token: t")
	options := testOptions()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ClassifyS3(r, options); err != nil {
			b.Fatal(err)
		}
	}
}

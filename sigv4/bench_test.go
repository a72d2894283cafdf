package sigv4

import "testing"

func BenchmarkVerify(b *testing.B) {
	r := signedRequest(b, "s3")
	b.ReportAllocs()
	for b.Loop() {
		a, err := Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := Verify(r, a, credentials.SecretAccessKey, noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyPresigned(b *testing.B) {
	r := presignedRequest(b, "s3")
	b.ReportAllocs()
	for b.Loop() {
		a, err := Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := Verify(r, a, credentials.SecretAccessKey, noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	r := getRequest()
	b.ReportAllocs()
	for b.Loop() {
		if err := Sign(r, credentials, "eu-west-1", "s3", noon); err != nil {
			b.Fatal(err)
		}
	}
}

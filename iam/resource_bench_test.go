package iam_test

import (
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// BenchmarkDecide is a request for an object in a bucket that has a policy: what it adds to a request through the gateway.
func BenchmarkDecide(b *testing.B) {
	p := newPlane(b)
	p.putBucketPolicy(account, bucketPolicy("Allow", `"*"`))
	anonymous := iam.Anonymous(p.root.Origin)
	access := iam.Access{Action: "s3:GetObject", Resource: objectARN, Holder: bucketARN, Account: account}
	for b.Loop() {
		if decision, err := p.Decide(b.Context(), anonymous, access); err != nil || !decision.Allowed() {
			b.Fatal(decision, err)
		}
	}
}

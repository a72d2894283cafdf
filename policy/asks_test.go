package policy

import "testing"

func TestAsksFor(t *testing.T) {
	document, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*","Condition":{"StringEquals":{"S3:ExistingObjectTag/Class":"${aws:username}"}}},
		{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile("p", document, Options{Kind: Identity})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]bool{
		"s3:ExistingObjectTag/": true, "s3:existingobjecttag/class": true, "s3:existingobjecttag/classes": false, "aws:PrincipalTag/": true,
		"aws:username": true, "aws:securetransport": true, "aws:ResourceTag/": false, "z": false, "a": true,
	} {
		if got := p.AsksFor(prefix); got != want {
			t.Errorf("asks for %s: %v", prefix, got)
		}
	}
}

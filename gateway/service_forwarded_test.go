package gateway_test

import "testing"

// TestServiceReachesFurther: what a service does with the caller's permissions is decided like the caller's own request to the other service: a bucket's owner and its
// policy count (IAM User Guide, "Forward access sessions"), and kms:ViaService tells it from a request of the caller's own.
func TestServiceReachesFurther(t *testing.T) {
	p := newServicePlane(t)
	p.fill(t, p.root, "code")
	p.fill(t, p.foreignRoot, "theirs")
	caller := p.session(t, "deployer", allow("lambda:UpdateFunctionCode", "*"), allow("s3:GetObject", "*"))
	update := func(bucket string) rawRequest {
		return rawRequest{method: "PUT", target: "/2015-03-31/functions/f/code", service: "lambda", body: `{"S3Bucket":"` + bucket + `","S3Key":"f.zip"}`,
			header: []string{"content-type: application/json"}}
	}
	p.call(t, caller, update("code")).wants(t, "the account's bucket", 501, "NotImplementedException")
	p.call(t, caller, update("theirs")).wants(t, "another account's bucket", 403, "AccessDeniedException", "s3:GetObject", "arn:aws:s3:::theirs/f.zip")
	narrow := p.session(t, "narrow", allow("lambda:UpdateFunctionCode", "*"))
	p.call(t, narrow, update("code")).wants(t, "no permission for the code", 403, "AccessDeniedException", "s3:GetObject", "arn:aws:s3:::code/f.zip")

	via := p.session(t, "via", allow("secretsmanager:CreateSecret", "*"),
		`{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.`+region+`.amazonaws.com"},"Bool":{"aws:ViaAWSService":"true"}}}`)
	p.call(t, via, jsonCall("secretsmanager", "secretsmanager.CreateSecret", `{"Name":"s","ClientRequestToken":"EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE","SecretString":"x","KmsKeyId":"k"}`)).
		wants(t, "a key through Secrets Manager", 501, "NotImplementedException")
	p.call(t, via, jsonCall("kms", "TrentService.Decrypt", `{"CiphertextBlob":"aHVzaA==","KeyId":"k"}`)).
		wants(t, "the key itself", 400, "AccessDeniedException", "kms:Decrypt")
}

// TestPolicyBesideKey: a request that puts a policy and names a key needs both, and the policy is kept.
func TestPolicyBesideKey(t *testing.T) {
	p := newServicePlane(t)
	set := jsonCall("sqs", "AmazonSQS.SetQueueAttributes", `{"QueueUrl":"http://localhost/`+account+`/q","Attributes":{"KmsMasterKeyId":"k","Policy":"`+
		`{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}}"}}`)
	keyless := p.session(t, "keyless", allow("sqs:*", "*"))
	p.call(t, keyless, set).wants(t, "without the key", 400, "AccessDeniedException", "kms:GenerateDataKey")
	both := p.session(t, "both", allow("sqs:*", "*"), allow("kms:GenerateDataKey", arnOf("kms", "key/k")), allow("kms:Decrypt", arnOf("kms", "key/k")))
	p.call(t, both, set).wants(t, "with the key", 200, "")
}

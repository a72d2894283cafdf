package awsmodel

import (
	"regexp"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// registryForm is how the URI of an image in a private registry looks (Amazon ECR User Guide, "Amazon ECR private
// registry").
var registryForm = regexp.MustCompile(`^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9][a-z0-9._/-]*)(?:[:@].*)?$`)

// image adds the calls for the image of a function, whose repository whoever makes the function must be allowed to
// read and to open to Lambda (AWS Lambda Developer Guide, "Create a Lambda function using a container image": Amazon
// ECR permissions).
func (f *forwarder) image(uri string) {
	resource, any := f.arn("ecr", "repository/*"), true
	if m := registryForm.FindStringSubmatch(uri); m != nil {
		arn := policy.ARN{Partition: f.place.Partition, Service: "ecr", Account: m[1], Region: m[2], Resource: "repository/" + m[3]}
		resource, any = arn.String(), false
	}
	for _, action := range [...]string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
		f.add(action, "repository", resource, any, nil)
	}
}

// secret adds the call for a secret that the service reads, and tells whether the text is one. Where a role is passed
// it is that role which reads it.
func (f *forwarder) secret(at *forwardPlace, text string) bool {
	const action = "secretsmanager:GetSecretValue"
	arn, err := policy.ParseARN(text)
	byName := err != nil && secretMembers[f.prefix+":"+at.member]
	if !byName && (err != nil || arn.Service != "secretsmanager") {
		return false
	}
	switch {
	case f.roles || f.prefix == "secretsmanager" || at.free:
	case byName || component(at.member, text) != nil:
		f.add(action, "secret", f.arn("secretsmanager", "secret:*"), true, secretKeys(text))
	default:
		f.add(action, "secret", text, false, secretKeys(text))
	}
	return true
}

// secretKeys are the condition keys of reading a secret as it is now.
func secretKeys(id string) map[string][]string {
	return map[string][]string{"secretsmanager:SecretId": {id}, "secretsmanager:VersionStage": {"AWSCURRENT"}}
}

// databaseUser adds the call for temporary credentials of a database's user, with which a statement is run (Amazon
// Redshift Management Guide, "Authorizing access to the Amazon Redshift Data API").
func (f *forwarder) databaseUser(cluster, user string) {
	resource, any := f.arn("redshift", "dbuser:*"), true
	if component("DbUser", user) == nil && component("ClusterIdentifier", cluster) == nil && !strings.ContainsAny(cluster+user, ":/") {
		resource, any = f.arn("redshift", "dbuser:"+cluster+"/"+user), false
	}
	f.add("redshift:GetClusterCredentials", "dbuser", resource, any, map[string][]string{"redshift:DbUser": {user}})
}

// rotation adds the call for the function that rotates a secret (AWS Secrets Manager API Reference, RotateSecret).
func (f *forwarder) rotation(text string) {
	if arn, err := policy.ParseARN(text); err != nil || arn.Service != "lambda" || component("RotationLambdaARN", text) != nil {
		f.add("lambda:InvokeFunction", "function", f.arn("lambda", "function:*"), true, nil)
		return
	}
	f.add("lambda:InvokeFunction", "function", text, false, nil)
}

// layer adds the call for a layer of a function (AWS Lambda Developer Guide, "Granting users access to a Lambda
// layer"). What lets another account's layer in is its policy there, which is not known here.
func (f *forwarder) layer(text string) {
	const action = "lambda:GetLayerVersion"
	arn, err := policy.ParseARN(text)
	switch {
	case err != nil || arn.Service != "lambda" || !policy.IsAccountID(arn.Account) || component("Layers", text) != nil:
		f.add(action, "layer", f.arn("lambda", "layer:*"), true, nil)
	case arn.Account == f.place.Account:
		f.add(action, "layer", text, false, nil)
	}
}

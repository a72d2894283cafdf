package gateway

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
)

// isAboutPolicy tells whether the operation is on a bucket's policy. Those are records of the directory and not the server's: the gateway decides.
func (x *exchange) isAboutPolicy() bool {
	switch x.operation.Name {
	case "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicyStatus":
		return true
	}
	return false
}

// policyStatus is GetBucketPolicyStatus' answer.
type policyStatus struct {
	XMLName  xml.Name
	IsPublic bool
}

// servePolicy answers an operation on a bucket's policy. The directory authorizes and records it.
func (x *exchange) servePolicy() {
	document, err := x.policyDocument()
	if err != nil {
		x.refuse(err)
		return
	}
	call := x.operation.Calls[0]
	owner, found := x.ownerOf(call.Bucket)
	// The directory writes each refusal down, and those of strangers may be many; of what a client expects it knows nothing.
	if !found || x.anonymous || call.ExpectedOwner != "" && call.ExpectedOwner != owner {
		err = x.decide(call) // which denies, or says what is not as it should be
	}
	if err != nil {
		x.refuse(err)
		return
	}
	keys, err := x.keysOf(call, owner, true)
	if err != nil {
		x.refuse(internalError(err))
		return
	}
	parameters := map[string]any{"bucketName": x.operation.Bucket}
	if json.Valid(document) {
		parameters["bucketPolicy"] = json.RawMessage(document)
	}
	in := iam.ResourcePolicyInput{
		Access:    iam.Access{Action: call.Action, Resource: call.Resource, Account: owner, Keys: keys},
		Operation: x.operation.Name, Parameters: parameters, Document: string(document), BlockPublic: x.c.S3BlockPublicPolicies,
	}
	if x.s3.external() { // without a bucket there is no policy to read, so that only who writes asks for it
		in.Forward = func(context.Context) error { return x.needBucket(call.Bucket) }
	}
	x.recorded = true
	x.keepPolicy(in)
}

// needBucket asks the server for a bucket.
func (x *exchange) needBucket(bucket string) error {
	there, err := x.exists(bucket)
	if err == nil && !there {
		err = noSuchBucket(bucket)
	}
	return err
}

// keepPolicy has the directory do what is asked, and answers.
func (x *exchange) keepPolicy(in iam.ResourcePolicyInput) {
	ctx := x.r.Context()
	switch x.operation.Name {
	case "PutBucketPolicy":
		err := x.c.Policies.PutResourcePolicy(ctx, x.caller, in)
		if codeOf(err) == "MalformedPolicy" {
			err = x.orNoBucket(err)
		}
		x.answerPolicy(err)
	case "DeleteBucketPolicy":
		x.answerPolicy(x.c.Policies.DeleteResourcePolicy(ctx, x.caller, in))
	default:
		kept, err := x.c.Policies.GetResourcePolicy(ctx, x.caller, in)
		switch {
		case err != nil:
			x.refuse(x.policyError(x.absent(err)))
		case x.operation.Name == "GetBucketPolicyStatus":
			x.writeDocument(http.StatusOK, policyStatus{XMLName: xml.Name{Space: s3Namespace, Local: "PolicyStatus"}, IsPublic: kept.Public})
		default:
			x.identify(x.w.Header())
			x.w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(x.w, kept.Document) // the client is gone when this fails
		}
	}
}

func (x *exchange) answerPolicy(err error) {
	if err != nil {
		x.refuse(x.policyError(err))
		return
	}
	x.identify(x.w.Header())
	x.w.WriteHeader(http.StatusNoContent)
}

// absent tells a bucket that has no policy from one that is not there, of which only the server knows.
func (x *exchange) absent(err error) error {
	if codeOf(err) != "NoSuchBucketPolicy" || x.anonymous {
		return err
	}
	if there, asked := x.exists(x.operation.Bucket); asked == nil && !there {
		return noSuchBucket(x.operation.Bucket)
	}
	return err
}

// policyError keeps from strangers what S3's sentence does.
func (x *exchange) policyError(err error) error {
	if e, ok := errors.AsType[*iam.Error](err); ok && e.Code == "AccessDenied" && x.anonymous {
		return refusal("AccessDenied", "Access Denied")
	}
	return err
}

// policyDocument is the body of a request that puts a policy. What is longer than any policy is not read to its end.
func (x *exchange) policyDocument() ([]byte, error) {
	body, err := x.body()
	if err != nil || body == nil {
		return nil, err
	}
	const most = 256 << 10 // far more than the 20 KiB that a policy may have, so that the directory refuses it in S3's words
	if body.length > most {
		return nil, refusal("MalformedPolicy", "Policy exceeds the maximum allowed document size.")
	}
	return x.readDocument(body)
}

// exists asks the server whether there is a bucket.
func (x *exchange) exists(bucket string) (bool, error) {
	if !x.s3.external() {
		_, found := x.s3.owner(bucket)
		return found, nil
	}
	operation, err := awsmodel.ClassifyS3(awsmodel.Request{Method: http.MethodHead, Path: "/" + bucket}, x.s3Options())
	if err != nil {
		return false, internalError(err)
	}
	done, err := x.ask(operation, nil)
	switch {
	case err != nil:
		if broken, ok := errors.AsType[*interruption](err); ok {
			x.explain(broken)
			return false, x.unavailable(broken)
		}
		return false, internalError(err)
	case done.status == http.StatusNotFound:
		return false, nil
	case done.status >= http.StatusInternalServerError:
		return false, internalError(errors.New("the backend does not say whether there is a bucket"))
	}
	return true, nil
}

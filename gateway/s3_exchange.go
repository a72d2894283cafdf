package gateway

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// exchange is one request and its answer.
type exchange struct {
	*Gateway
	w      http.ResponseWriter
	r      *http.Request
	origin trail.Origin

	// Known once the caller is authenticated.
	caller        iam.Caller
	signed        *sigv4.Request
	authorization *sigv4.Authorization
	operation     awsmodel.S3Operation
	event         trail.Event
}

// serve answers an authenticated request, and leaves one event of it whatever happens.
func (x *exchange) serve() {
	x.event = x.caller.Event("s3.amazonaws.com", "UnknownOperation")
	x.event.Category = trail.Data
	x.event.ErrorCode = "InternalError" // until there is an answer
	defer func() { x.c.Trail.Enqueue(x.event) }()

	if err := x.classify(); err != nil {
		x.refuse(err)
		return
	}
	body, err := x.body()
	if err != nil {
		x.refuse(err)
		return
	}
	if x.operation.Body == awsmodel.DocumentBody {
		if body, err = x.readDocument(body); err != nil {
			x.refuse(err)
			return
		}
	}
	x.setRequestKeys()
	if x.operation.Name == "DeleteObjects" {
		x.deleteObjects()
		return
	}
	if err := x.authorize(); err != nil {
		x.refuse(err)
		return
	}
	x.takeTime()
	answer := &answer{w: x.w, exchange: x, body: body}
	x.forward(answer, x.operation, body)
	answer.finish()
}

// takeTime lifts the server's deadlines, which keep strangers from holding connections: an object takes as long as its client's line needs.
func (x *exchange) takeTime() {
	controller := http.NewResponseController(x.w)
	_ = controller.SetReadDeadline(time.Time{}) // a ResponseWriter without deadlines has none to lift
	_ = controller.SetWriteDeadline(time.Time{})
}

// classify finds the operation out and begins to describe it in the event.
func (x *exchange) classify() error {
	if strings.HasPrefix(x.signed.PayloadHash, streamingPrefix) {
		return refusal("InvalidRequest", "The request is not understood: x-amz-content-sha256 "+x.signed.PayloadHash[:min(64, len(x.signed.PayloadHash))]+
			" announces an aws-chunked body. Send the body's SHA-256 or UNSIGNED-PAYLOAD.")
	}
	operation, err := awsmodel.ClassifyS3(awsmodel.Request{
		Method: x.signed.Method, Path: x.signed.Path, RawQuery: x.signed.RawQuery, Header: x.signed.Header,
	}, awsmodel.S3Options{Partition: x.c.Partition, Now: x.c.Now()})
	if err != nil {
		return classificationError(err)
	}
	x.operation = operation
	x.event.Name, x.event.ReadOnly = operation.Name, operation.ReadOnly
	parameters := map[string]any{}
	for name, value := range operation.Query {
		parameters[name] = value
	}
	if source, ok := operation.Header["x-amz-copy-source"]; ok {
		parameters["x-amz-copy-source"] = source
	}
	if operation.Bucket != "" {
		parameters["bucketName"] = operation.Bucket
	}
	if operation.Key != "" {
		parameters["key"] = operation.Key
	}
	x.event.RequestParameters = parameters
	return nil
}

// body is what the client sends, verified as it is read; nil when the operation has none.
func (x *exchange) body() (*verifiedBody, error) {
	length := x.r.ContentLength
	switch {
	case x.operation.Body == awsmodel.NoBody && length != 0:
		return nil, refusal("UnexpectedContent", "This request contains unsupported content.")
	case length < 0:
		return nil, refusal("MissingContentLength", "You must provide the Content-Length HTTP header.")
	case x.operation.Body != awsmodel.NoBody && length > x.operation.MaxBody:
		return nil, refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	body, err := newVerifiedBody(x.r.Body, length, x.signed.PayloadHash, x.operation.Header)
	if err != nil || x.operation.Body == awsmodel.NoBody {
		return nil, err
	}
	return body, nil
}

// readDocument reads a body that is a part of the operation's meaning, before anything is decided, and replaces it by its canonical form.
func (x *exchange) readDocument(body *verifiedBody) (*verifiedBody, error) {
	document, err := io.ReadAll(body)
	if err != nil {
		return nil, bodyError(err)
	}
	if x.operation, err = x.operation.WithDocument(document); err != nil {
		return nil, classificationError(err)
	}
	return plainBody(x.operation.Document), nil
}

// setRequestKeys adds the condition keys that every S3 request has
// (https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html). The caller's context is this request's own.
func (x *exchange) setRequestKeys() {
	if x.caller.Context == nil {
		x.caller.Context = new(policy.Context)
	}
	keys := x.caller.Context
	keys.Set("s3:signatureversion", sigv4.Algorithm)
	keys.Set("s3:x-amz-content-sha256", x.signed.PayloadHash)
	keys.Set("s3:authType", "REST-HEADER")
	if x.authorization.Presigned {
		keys.Set("s3:authType", "REST-QUERY-STRING")
		age := x.c.Now().Sub(x.authorization.Time)
		keys.Set("s3:signatureAge", strconv.FormatInt(max(0, age.Milliseconds()), 10))
	}
}

// authorize decides every call of the operation. An operation without calls is denied: it would not have been decided.
func (x *exchange) authorize() error {
	if len(x.operation.Calls) == 0 {
		return refusal("AccessDenied", "Access Denied")
	}
	return x.decideAll(x.operation.Calls)
}

func (x *exchange) decideAll(calls []awsmodel.Call) error {
	for _, call := range calls {
		if call.OnlyIfTagged && !x.sourceIsTagged() {
			continue
		}
		if err := x.decide(call); err != nil {
			return err
		}
	}
	return nil
}

// sourceIsTagged asks the backend, after all else has been allowed, whether a copy would take tags along.
func (x *exchange) sourceIsTagged() bool {
	answer := &recorder{}
	x.forward(answer, x.operation.SourceHead(), nil)
	return answer.status != http.StatusNotFound && (answer.status != http.StatusOK || answer.Header().Get("x-amz-tagging-count") != "")
}

// decide allows one call or returns the refusal, and writes the decision into the event.
func (x *exchange) decide(call awsmodel.Call) error {
	owner, owned := x.caller.Principal.Account, true
	if call.Bucket != "" && x.operation.Name != "CreateBucket" {
		owner, owned = x.c.S3.Owner(call.Bucket)
	}
	keys := withOwner(call.Keys, owner, owned)
	decision := iam.Authorize(x.caller, call.Action, call.Resource, keys)
	x.event.Action, x.event.Resource, x.event.Decision = call.Action, call.Resource, &decision
	if !decision.Allowed() {
		x.event.Context = x.caller.ConditionKeys(keys)
		return iam.Denied(x.caller, call.Action, quoted(call), decision)
	}
	if !owned {
		// The backend is not asked: a bucket of that name may come to be before it answers, and be anyone's.
		return refusal("NoSuchBucket", "The specified bucket does not exist")
	}
	if owner != x.caller.Principal.Account {
		return x.denyForeign(call)
	}
	if call.ExpectedOwner != "" && call.ExpectedOwner != owner {
		x.event.Explanation = "the bucket does not belong to the account that the client expects"
		return refusal("AccessDenied", "Access Denied")
	}
	return nil
}

// quoted is a call's resource as S3's sentence has it: in quotation marks, unlike other services', and not at all where the action has none.
func quoted(call awsmodel.Call) string {
	if call.WildcardOnly {
		return ""
	}
	return `"` + call.Resource + `"`
}

// denyForeign answers for a bucket of another account: nothing of this caller's account can allow it, and buckets have no policies.
func (x *exchange) denyForeign(call awsmodel.Call) error {
	none := policy.Decision{}
	x.event.Decision = &none
	x.event.Explanation = "the bucket belongs to another account, and no bucket policy allows the call"
	return &iam.Error{Code: "AccessDenied", Decision: &none, Message: fmt.Sprintf(
		"User: %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action",
		x.caller.Principal.ARN, call.Action, quoted(call), call.Action)}
}

// withOwner adds the resource's account to a call's keys, where it is known.
func withOwner(keys map[string][]string, owner string, known bool) map[string][]string {
	if !known {
		return keys
	}
	with := map[string][]string{"aws:ResourceAccount": {owner}, "s3:ResourceAccount": {owner}}
	maps.Copy(with, keys)
	return with
}

// mayList decides whether the caller may learn that an object does not exist.
func (x *exchange) mayList() error {
	read := x.operation.Calls[0]
	bucket := strings.TrimSuffix(read.Resource, "/"+read.Key)
	return x.decide(awsmodel.Call{Action: "s3:ListBucket", Resource: bucket, Bucket: read.Bucket})
}

// log tells the operator of a failure that is the plane's own.
func (x *exchange) log(message string, err error) {
	x.c.Logger.Error(message, "request", x.origin.RequestID, "operation", x.operation.Name, "error", err, "at", x.c.Now().UTC().Format(time.RFC3339))
}

package gateway

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// eventSource is how CloudTrail spells S3.
const eventSource = "s3.amazonaws.com"

// exchange is one request to S3 and its answer.
type exchange struct {
	*Gateway
	w             http.ResponseWriter
	r             *http.Request
	sent          *sentBody // r's
	origin        trail.Origin
	signed        *sigv4.Request
	authorization *sigv4.Authorization // nil: the request is not signed, or by a form
	form          *form                // nil: the request is no form
	anonymous     bool

	// Known once the caller is.
	caller    iam.Caller
	key       sigv4.Key // by which chunks are signed
	operation awsmodel.S3Operation
	event     trail.Event
	owners    []bucketOwner // of the buckets that were looked at
	remade    bool          // there was a bucket of the name of the one to be made
	recorded  bool          // the directory keeps the event
	taken     int64         // of the memory for bodies
}

// bucketOwner is whose a bucket was found to be.
type bucketOwner struct {
	bucket, account string
	found           bool
}

// serve answers an authenticated or anonymous request, and leaves one event of it whatever happens.
func (x *exchange) serve() {
	x.begin()
	defer x.record()
	defer func() { x.bodies.release(x.taken) }()
	if err := x.classify(); err != nil {
		x.refuse(err)
		return
	}
	if x.anonymous {
		if err := x.checkAnonymous(); err != nil {
			x.refuse(err)
			return
		}
	}
	x.setRequestKeys()
	if x.isAboutPolicy() {
		x.servePolicy()
		return
	}
	body, err := x.body()
	if err != nil {
		x.refuse(err)
		return
	}
	if body, err = x.readWhole(body); err != nil {
		x.refuse(err)
		return
	}
	if x.operation.Name == "DeleteObjects" {
		x.deleteObjects()
		return
	}
	if err := x.authorize(); err != nil {
		x.refuse(err)
		return
	}
	if err := x.forgetEarlier(); err != nil {
		x.refuse(err)
		return
	}
	x.pass(x.operation, body)
}

// begin starts the event of the caller's request.
func (x *exchange) begin() {
	if x.caller.Context == nil {
		x.caller.Context = new(policy.Context)
	}
	x.event = x.caller.Event(eventSource, "UnknownOperation")
	x.event.Category = trail.Data
	x.event.ErrorCode = "InternalError" // until there is an answer
}

// record leaves the event. Those of strangers who are refused may be many.
func (x *exchange) record() {
	switch {
	case x.recorded:
	case x.anonymous && x.event.ErrorCode != "":
		x.c.Trail.Refuse(x.event)
	default:
		x.c.Trail.Enqueue(x.event)
	}
}

// pass has the server answer the operation, and the client get the answer.
func (x *exchange) pass(operation awsmodel.S3Operation, body *verifiedBody) {
	x.takeTime()
	answer := &answer{w: x.w, exchange: x, body: body}
	err := x.forward(answer, operation, body)
	answer.finish(err)
}

// takeTime lifts the server's deadlines, which keep strangers from holding connections: an object takes as long as its client's line needs.
func (x *exchange) takeTime() {
	x.sent.setPace(x.c.UploadPatience)
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Time{}) // each part of the answer gets one of its own
}

// classify finds the operation out and begins to describe it in the event.
func (x *exchange) classify() error {
	operation, err := awsmodel.ClassifyS3(x.s3Request(), x.s3Options())
	if err != nil {
		return x.misread(err)
	}
	x.describe(operation)
	return nil
}

// checkAnonymous keeps strangers from choosing the headers of an answer, such as a type that makes a page of an object
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Overriding response header values through the request"), and from having
// documents read where no policy lets them in.
func (x *exchange) checkAnonymous() error {
	for name := range x.operation.Query {
		if strings.HasPrefix(name, "response-") {
			return refusal("InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.")
		}
	}
	if x.operation.Body != awsmodel.DocumentBody {
		return nil
	}
	owner, found := x.ownerOf(x.operation.Bucket)
	if found && owner != "" {
		own, err := x.c.Directory.ResourcePolicy(x.r.Context(), owner, x.bucketARN(x.operation.Bucket))
		if err != nil || own != nil {
			return err
		}
	}
	x.event.Explanation = "the bucket has no policy"
	return refusal("AccessDenied", "Access Denied")
}

// misread is the refusal of a request that is not understood. The trail alone gets what S3's sentences leave out.
func (x *exchange) misread(err error) error {
	if e, ok := errors.AsType[*awsmodel.Error](err); ok && e.Detail != "" && e.Code != "InternalError" {
		x.event.Explanation = e.Error()
	}
	return classificationError(err)
}

// describe writes the operation into the event.
func (x *exchange) describe(operation awsmodel.S3Operation) {
	x.operation = operation
	x.event.Name, x.event.ReadOnly = operation.Name, operation.ReadOnly
	parameters := make(map[string]any, len(operation.Query)+2)
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
		if err := x.decide(call); err != nil {
			return err
		}
	}
	return nil
}

// decide allows one call or returns the refusal, and writes the decision into the event.
func (x *exchange) decide(call awsmodel.Call) error {
	owner, owned := x.ownerOf(call.Bucket)
	keys, err := x.keysOf(call, owner, owned)
	if err != nil {
		return internalError(err)
	}
	if len(keys) > len(call.Keys) { // some are of tags
		if err := x.checkKeys(x.r.Context(), x.caller, owner, x.bucketARN(call.Bucket), keys); err != nil {
			return err
		}
	}
	access := iam.Access{Action: call.Action, Resource: call.Resource, Keys: keys, ListKeys: x.listKeys(keys)}
	if call.Bucket != "" { // a role that is passed is of the account that its ARN names
		access.Account, access.Holder = owner, x.bucketARN(call.Bucket)
	}
	decision, err := x.c.Directory.Decide(x.r.Context(), x.caller, access)
	if err != nil {
		return internalError(err)
	}
	if !decision.Allowed() && call.OnlyIfTagged {
		tagged, err := x.copiesTags()
		if err != nil || !tagged {
			return err
		}
	}
	x.event.Action, x.event.Resource, x.event.Decision = call.Action, call.Resource, &decision
	switch {
	case !decision.Allowed() && x.anonymous:
		return &iam.Error{Code: "AccessDenied", Message: "Access Denied", Decision: &decision}
	case !decision.Allowed():
		x.event.Context = x.caller.ConditionKeys(keys, access.ListKeys...)
		return iam.Denied(x.caller, call.Action, quoted(call), decision)
	case !owned:
		// The backend is not asked: a bucket of that name may come to be before it answers, and be anyone's.
		return noSuchBucket(call.Bucket)
	case call.ExpectedOwner != "" && call.ExpectedOwner != owner:
		x.event.Explanation = "the bucket does not belong to the account that the client expects"
		return refusal("AccessDenied", "Access Denied")
	case !x.s3.serves(owner):
		x.event.Explanation = "the S3 server behind the gateway belongs to another account"
		return refusal("AccessDenied", "Access Denied")
	}
	return nil
}

// ownerOf is the account that a bucket belongs to; found is false where there is no such bucket. No bucket, or one that is to be made, is about the
// caller's own account. To one request a bucket is for good whose it was at the first look, which the server holds it to: what is decided about an
// account's bucket is not done to a later one, of its name and of another account.
func (x *exchange) ownerOf(bucket string) (account string, found bool) {
	if bucket == "" || x.operation.Name == "CreateBucket" {
		return x.caller.Principal.Account, true
	}
	for _, known := range x.owners {
		if known.bucket == bucket {
			return known.account, known.found
		}
	}
	account, found = x.s3.owner(bucket)
	x.owners = append(x.owners, bucketOwner{bucket, account, found})
	return account, found
}

func (x *exchange) bucketARN(bucket string) string {
	if bucket == "" {
		return ""
	}
	return "arn:" + x.c.Partition + ":s3:::" + bucket
}

// quoted is a call's resource as S3's sentence has it: in quotation marks, unlike other services', and not at all where the action has none.
func quoted(call awsmodel.Call) string {
	if call.WildcardOnly {
		return ""
	}
	return `"` + call.Resource + `"`
}

// mayList decides whether the caller may learn that an object does not exist.
func (x *exchange) mayList() error {
	read := slices.IndexFunc(x.operation.Calls, func(call awsmodel.Call) bool { return call.Key != "" && strings.HasPrefix(call.Action, "s3:GetObject") })
	if read < 0 {
		return nil
	}
	bucket := x.operation.Calls[read].Bucket
	return x.decide(awsmodel.Call{Action: "s3:ListBucket", Resource: x.bucketARN(bucket), Bucket: bucket})
}

// log tells the operator of a failure that is the plane's own.
func (x *exchange) log(message string, err error) {
	x.c.Logger.Error(message, "request", x.origin.RequestID, "operation", x.operation.Name, "error", err, "at", x.c.Now().UTC().Format(time.RFC3339))
}

package gateway

import (
	"context"
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

// Classifier says what requests to services other than S3 mean. It is safe for concurrent use.
type Classifier interface {
	// Classify reads a request whole. Errors are *awsmodel.Error.
	Classify(signingName string, r awsmodel.Request, place awsmodel.Place) (*awsmodel.Operation, error)
	// Multivalued tells whether a condition key holds a list, however many values it has.
	Multivalued(key string) bool
	// Services are those that share a signing name; none where it is unknown.
	Services(signingName string) []*awsmodel.Service
}

// Directory is what the gateway asks of the directory (*iam.Directory) about calls and resources.
type Directory interface {
	// Decide decides by the caller's policies and by the policy that is kept for the resource. An error means that nothing may be allowed.
	Decide(ctx context.Context, caller iam.Caller, access iam.Access) (policy.Decision, error)
	// SetResourceTags, RemoveResourceTags and ForgetResource keep what is known of a resource.
	SetResourceTags(ctx context.Context, account, arn string, tags map[string]string) error
	RemoveResourceTags(ctx context.Context, account, arn string, keys []string) error
	ForgetResource(ctx context.Context, account, arn string) error
	// ResourcePolicy is the policy that is kept for a resource; nil: none.
	ResourcePolicy(ctx context.Context, account, arn string) (*policy.Policy, error)
}

// Roles finds the roles that requests pass to services by a name (*iam.Directory).
type Roles interface {
	PassedRole(ctx context.Context, account, nameOrARN string) (role iam.PassedRole, ok bool, err error)
	// ProfileRole finds the role in an instance profile.
	ProfileRole(ctx context.Context, account, nameOrARN string) (role iam.PassedRole, ok bool, err error)
}

// ServiceConfig says how the requests of one signing name are served.
type ServiceConfig struct {
	// Upstream serves what was authorized; nil: nobody does, and an authorized request is answered with 501.
	Upstream *Upstream
	// MaxBody bounds a request's body, which is held in memory, in bytes; 0: 1 MiB.
	MaxBody int64
	// UnenforcedPolicies has Upstream keep policies of resources that decide nothing here. Without it, requests that put such a policy are refused.
	UnenforcedPolicies bool
	// BodyTime bounds how long the body may take to arrive; 0: 30 seconds.
	BodyTime time.Duration
}

const (
	defaultMaxBody  = 1 << 20
	defaultBodyTime = 30 * time.Second
)

// serviceExchange is one request to a service that is not S3, and its answer.
type serviceExchange struct {
	*Gateway
	w             http.ResponseWriter
	r             *http.Request
	origin        trail.Origin
	signed        *sigv4.Request
	authorization *sigv4.Authorization
	service       ServiceConfig
	shape         shape // in which errors are written
	taken         int64 // of the memory for bodies

	// Known once the caller is authenticated.
	caller    iam.Caller
	operation *awsmodel.Operation
	allowed   []policy.Decision   // of each of the operation's calls
	decided   int                 // on how many known resources, beside those that the request names
	seen      int                 // how many known resources the request's calls may be about
	matching  map[string][]string // the known resources of each pattern that was looked for
	event     trail.Event
	recorded  bool   // the directory keeps the event
	newPolicy string // that the operation makes its resource with; "": none
}

// serveService answers a request that is signed for a service other than S3. Its body is held against the signature before anything in it is believed,
// since it is what names the operation and its resources.
func (g *Gateway) serveService(w http.ResponseWriter, r *http.Request, origin trail.Origin, signed *sigv4.Request, a *sigv4.Authorization) {
	origin.Region = a.Scope.Region
	x := &serviceExchange{Gateway: g, w: w, r: r, origin: origin, signed: signed, authorization: a, service: g.c.Services[a.Scope.Service]}
	var services []*awsmodel.Service
	if g.c.Classifier != nil {
		services = g.c.Classifier.Services(a.Scope.Service)
	}
	if len(services) == 0 {
		g.refuseService(w, r, origin, a)
		return
	}
	x.shape = shapeOf(r, services)
	defer func() { x.bodies.release(x.taken) }()
	if body, ok := x.authenticate(services[0]); ok {
		x.serve(services[0], body)
	}
}

// authenticate finds out who signed the request, and reads its body; ok is false where it has refused. Of a client that says the body's hash, which
// the signature covers, nothing is read before it is known.
func (x *serviceExchange) authenticate(service *awsmodel.Service) (body []byte, ok bool) {
	x.limitReading()
	announced, err := x.announcedHash()
	hash := announced
	if err == nil && announced == "" {
		body, hash, err = x.readBody("")
	}
	if err != nil {
		x.refuseStranger(service, err)
		return nil, false
	}
	x.signed.PayloadHash = hash
	if x.caller, _, err = x.c.Authenticate.AuthenticateParsed(x.r.Context(), x.signed, x.authorization, x.origin); err != nil {
		x.refuse(err) // the authenticator has recorded it
		return nil, false
	}
	if announced != "" {
		if body, _, err = x.readBody(announced); err != nil {
			x.refuseStranger(service, err) // the body is not the caller's, or may not be
			return nil, false
		}
	}
	return body, true
}

// refuseStranger refuses a request of which it is not known that its caller sent it.
func (x *serviceExchange) refuseStranger(service *awsmodel.Service, err error) {
	x.event = anonymousEvent(x.origin, service.EventSource)
	x.refuse(err)
	x.c.Trail.Refuse(x.event)
}

// serve answers an authenticated request, and leaves one event of it whatever happens.
func (x *serviceExchange) serve(service *awsmodel.Service, body []byte) {
	x.event = x.caller.Event(service.EventSource, "UnknownOperation")
	x.event.Category = trail.Data
	x.event.ErrorCode = internalFailure // until there is an answer
	defer func() {
		if !x.recorded {
			x.c.Trail.Enqueue(x.event)
		}
	}()

	if err := x.classify(body); err != nil {
		x.refuse(err)
		return
	}
	if x.servePolicy() {
		return
	}
	if err := x.authorize(); err != nil {
		x.refuse(err)
		return
	}
	if dryRun, _ := x.operation.Input["DryRun"].(bool); dryRun && x.operation.Protocol == awsmodel.EC2 {
		x.refuse(refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set."))
		return
	}
	if err := errors.Join(x.refuseUnenforced(), x.checkNewPolicy()); err != nil {
		x.refuse(err)
		return
	}
	x.carryOut()
}

// classify finds the operation out and describes it in the event.
func (x *serviceExchange) classify(body []byte) error {
	request := x.readable(body)
	place := awsmodel.Place{Partition: x.c.Partition, Region: x.authorization.Scope.Region, Account: x.caller.Principal.Account}
	operation, err := x.c.Classifier.Classify(x.authorization.Scope.Service, request, place)
	if err != nil {
		return x.misunderstood(err)
	}
	x.operation, x.shape.protocol = operation, operation.Protocol
	x.event.Source, x.event.Name, x.event.ReadOnly = operation.Service.EventSource, operation.Name, operation.ReadOnly
	x.event.RequestParameters = shownParameters(operation.Input)
	return x.narrow(x.r.Context())
}

// readable is the request as it is classified: with the headers that say how its body is written, and those that were signed. No other may change
// what it means.
func (x *serviceExchange) readable(body []byte) awsmodel.Request {
	header := map[string][]string{}
	for name, values := range x.signed.Header {
		lower := strings.ToLower(name)
		if _, signed := slices.BinarySearch(x.authorization.SignedHeaders, lower); signed || lower == "content-type" || lower == "content-encoding" {
			header[name] = values
		}
	}
	header["Host"] = []string{x.signed.Host} // always signed; it tells services of one signing name apart
	return awsmodel.Request{Method: x.signed.Method, Host: x.signed.Host, Path: x.signed.Path, RawQuery: x.signed.RawQuery, Header: header, Body: body}
}

// refuse answers with err in the protocol's shape, and notes it in the event.
func (x *serviceExchange) refuse(err error) {
	told := x.shape.words(err)
	if told.status >= http.StatusInternalServerError && told.status != http.StatusNotImplemented {
		x.log("serving "+x.event.Source, err)
	}
	if told.code == unauthorizedOperation {
		told.message = x.unauthorized(told)
	}
	x.note(told.status, told.code, told.message)
	if x.event.Decision == nil && x.event.Explanation == "" {
		x.event.Explanation = told.message
	}
	x.giveTime() // asking a backend may have lifted the server's own deadline
	x.writeError(told)
}

// unauthorized is EC2's sentence. Of calls on a resource it tells more to whoever may open the encoded message: what the trail keeps.
func (x *serviceExchange) unauthorized(t told) string {
	sentence := "You are not authorized to perform this operation. " + t.message
	if x.event.Encoder == nil || x.event.Decision == nil || x.event.Resource == "*" {
		return sentence
	}
	event := x.event
	event.ErrorCode, event.ErrorMessage = t.code, t.message
	if message := event.Encoder.EncodeAuthorization(event); message != "" {
		return sentence + ". Encoded authorization failure message: " + message
	}
	return sentence
}

// note writes the outcome into the event; code is empty for success.
func (x *serviceExchange) note(status int, code, message string) {
	x.event.ErrorCode, x.event.ErrorMessage = code, message
	if x.event.ResponseElements == nil {
		x.event.ResponseElements = map[string]any{}
	}
	x.event.ResponseElements["status"] = status
}

// log tells the operator of a failure that is the plane's own, or the backend's.
func (x *serviceExchange) log(message string, err error) {
	x.c.Logger.Error(message, "request", x.origin.RequestID, "operation", x.event.Name, "error", causeOf(err),
		"at", x.c.Now().UTC().Format(time.RFC3339))
}

package awsapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// operation is one row of the tables of calls.
type operation struct {
	// service is the credential scope's service, which is also the event source's first label.
	service string
	name    string
	// unsigned operations carry their own proof. A signature on them is not looked at, and gives the caller nothing.
	unsigned bool
	// bind decodes the parameters into a call that is ready to be made.
	bind func(*request) (call, error)
}

// call does an operation for a caller. A nil result is an answer without content.
type call func(ctx context.Context, caller iam.Caller) (result any, err error)

// services are the Query services, by the credential scope's name.
var services = map[string]struct{ version, namespace string }{
	"sts": {"2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"},
	"iam": {"2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"},
}

// Door is the handler of the API's requests.
type Door struct {
	Config
	// actions are the Query operations by Action, targets the JSON ones by X-Amz-Target, routes those of EKS. All are only read.
	actions, targets map[string]operation
	routes           []route
}

// HasCluster tells whether a request of EKS, by its method and escaped path, is for this door: it has the clusters, and no node groups.
func (h *Door) HasCluster(method, path string) bool {
	_, _, err := restProtocol{routes: h.routes}.find(method, path)
	return !errors.Is(err, errUnrouted)
}

// ServeHTTP answers every request exactly once, with the id that the trail knows it by.
func (h *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin := h.Origin(r)
	q := newRequest(r, origin)
	a := &answer{protocol: h.protocol(q), requestID: origin.RequestID}
	err := h.serve(w, r, q, a)
	if err != nil {
		told, status := a.words(refusal(err))
		if status >= http.StatusInternalServerError {
			h.logFailure(r.Context(), origin, err, told.Err)
		}
		err = a.fail(told, status)
	}
	if err == nil {
		err = a.write(w)
	}
	if err != nil {
		h.Logger.DebugContext(r.Context(), "answer not written", "requestID", origin.RequestID, "error", err)
	}
}

// protocol chooses a request's protocol by its shape: of the path and the content type, and for a path that no protocol has, of the signature's
// scope, so that the client can read the refusal.
func (h *Door) protocol(q *request) protocol {
	switch path := q.signed.Path; {
	case isClusterPath(path) || path != "/" && q.scope() == "eks":
		return restProtocol{routes: h.routes}
	case strings.HasPrefix(q.header("Content-Type"), jsonContentType):
		return jsonProtocol{targets: h.targets}
	}
	return queryProtocol{actions: h.actions, namespace: faultNamespace}
}

// logFailure keeps the error level for what an operator can act on: a client that hangs up must not be able to fill the log.
func (h *Door) logFailure(ctx context.Context, origin trail.Origin, err, cause error) {
	level := slog.LevelError
	if ctx.Err() != nil {
		level = slog.LevelDebug
	}
	h.Logger.Log(ctx, level, "request failed", "requestID", origin.RequestID, "error", err, "cause", cause)
}

// serve holds the steps that all calls share, so that no operation can forget one. What is refused here is recorded here; what
// the call refuses was recorded by its package.
func (h *Door) serve(w http.ResponseWriter, r *http.Request, q *request, a *answer) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("recovered from a panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if err := q.read(w, r); err != nil {
		a.claim(q)
		return h.refuse(q.origin, operation{}, err)
	}
	op, err := a.route(q, a)
	if err != nil {
		return h.refuse(q.origin, op, err)
	}
	caller, err := h.authenticate(r.Context(), q, op)
	if err != nil {
		return err
	}
	do, err := op.bind(q)
	if err != nil {
		return h.decline(caller, op, err)
	}
	result, err := do(r.Context(), caller)
	if err != nil {
		return err
	}
	return a.succeed(result)
}

// route reads the form and finds the operation, in whose namespace the answers are from then on.
func (p queryProtocol) route(q *request, a *answer) (operation, error) {
	if err := q.readForm(); err != nil {
		a.claim(q)
		return operation{}, err
	}
	action, named := q.form.lookup("Action")
	version, versioned := q.form.lookup("Version")
	if !versioned {
		version = "NO_VERSION_SPECIFIED"
	}
	op, known := p.actions[action]
	service := services[op.service]
	switch {
	case !named:
		return op, &iam.Error{Code: "MissingAction", Message: "The request is missing an action or a required parameter."}
	case !known || version != service.version:
		return op, &iam.Error{Code: "InvalidAction", Message: fmt.Sprintf("Could not find operation %.100s for version %.40s", action, version)}
	}
	q.form.showsNull = op.service == "sts"
	a.protocol = queryProtocol{action: action, namespace: service.namespace}
	return op, nil
}

// authenticate finds the caller. A credential scoped to another service is refused before its signature is looked at, as on
// AWS, so that a signature for one service never opens another.
func (h *Door) authenticate(ctx context.Context, q *request, op operation) (iam.Caller, error) {
	if op.unsigned {
		return iam.Caller{Origin: q.origin}, nil
	}
	authorization, err := sigv4.Parse(q.signed)
	if err == nil && authorization.Scope.Service != op.service {
		// AWS's sentence ends with a space.
		return iam.Caller{}, h.refuse(q.origin, op, &iam.Error{Code: "SignatureDoesNotMatch",
			Message: fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", op.service)})
	}
	return h.STS.Authenticate(ctx, q.signed, q.origin)
}

// refuse records what was refused before anybody was authenticated, so that the request id in the answer leads somewhere.
func (h *Door) refuse(origin trail.Origin, op operation, err error) error {
	h.Trail.Refuse(recorded(iam.Caller{Origin: origin}, op, err))
	return err
}

// decline records a call whose parameters do not decode. Its caller is known, and it read and changed nothing, so the event
// need not be written before the answer.
func (h *Door) decline(caller iam.Caller, op operation, err error) error {
	if op.unsigned {
		return h.refuse(caller.Origin, op, err)
	}
	h.Trail.Enqueue(recorded(caller, op, err))
	return err
}

// recorded is the event of a refusal by the door itself. Requests that name no known call count as the plane's own.
func recorded(caller iam.Caller, op operation, err error) trail.Event {
	told, _ := refusal(err)
	source := "openirsa"
	if op.service != "" {
		source = op.service
	}
	event := caller.Event(source+".amazonaws.com", op.name)
	if event.UserIdentity.ARN == "" {
		event.UserIdentity.Type = "Unknown"
	}
	event.ErrorCode, event.ErrorMessage, event.Category = told.Code, told.Message, trail.Management
	if told.Message == "" && told.Err != nil {
		event.ErrorMessage = told.Err.Error()
	}
	return event
}

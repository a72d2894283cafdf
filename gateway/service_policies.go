package gateway

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// ResourcePolicies keeps the policies of resources (*iam.Directory). Each call is authorized and recorded there.
type ResourcePolicies interface {
	PutResourcePolicy(ctx context.Context, caller iam.Caller, in iam.ResourcePolicyInput) error
	GetResourcePolicy(ctx context.Context, caller iam.Caller, in iam.ResourcePolicyInput) (iam.ResourcePolicyOutput, error)
	DeleteResourcePolicy(ctx context.Context, caller iam.Caller, in iam.ResourcePolicyInput) error
	// CheckResourcePolicy tells whether PutResourcePolicy would keep a policy, for requests that make a resource with one.
	CheckResourcePolicy(ctx context.Context, caller iam.Caller, in iam.ResourcePolicyInput) error
	// CreateResource begins what is known of a resource that was made with tags and a policy.
	CreateResource(ctx context.Context, account, arn string, tags map[string]string, document string) error
}

// servePolicy answers an operation on a resource's policy, and tells whether it was one. The directory decides and records it, since the policy is
// its own to keep; where the service has a backend, that one does the same in between.
func (x *serviceExchange) servePolicy() bool {
	o := policyOperationOf(x.authorization.Scope.Service, x.operation.Name)
	why, served := x.isServed()
	if o.verb == notPolicy || o.verb == getsPolicy && served {
		return false
	}
	document, ok := o.policyIn(x.operation.Input)
	if o.verb == putsPolicy && !ok {
		return false
	}
	if !served && x.service.Upstream == nil {
		why = ""
	}
	holder := x.policyHolder()
	switch {
	case holder == "":
		why = "a resource's policy can be put and read here only where the request names the resource by its ARN"
	case o.verb == putsPolicy && document == "" && !o.attribute:
		x.refuse(refusal("MissingParameter", o.document+" is missing."))
		return true
	}
	if why != "" {
		err := x.authorize()
		if err == nil {
			err = x.notServed(why)
		}
		x.refuse(err)
		return true
	}
	x.exchangePolicy(o, holder, document, served)
	return true
}

// ownCalls are those of the operation's calls that the service does not make itself on other resources; they come first.
func (x *serviceExchange) ownCalls() []awsmodel.Call {
	calls := x.operation.Calls
	if end := slices.IndexFunc(calls, func(call awsmodel.Call) bool { return call.Forwarded }); end >= 0 {
		return calls[:end]
	}
	return calls
}

// policyHolder is the ARN of the resource that an operation on a policy is about; "" where it is not known.
func (x *serviceExchange) policyHolder() string {
	if len(x.ownCalls()) != 1 {
		return ""
	}
	call := x.operation.Calls[0]
	switch {
	case namesOne(call):
		return call.Resource
	case x.authorization.Scope.Service != "events":
		return ""
	}
	// events:PutPermission has no resource-level permissions (Service Authorization Reference, "Amazon EventBridge"), and is about an event bus of
	// the caller's all the same, by its name.
	bus := cmp.Or(textOf(x.operation, "EventBusName"), "default")
	arn := policy.ARN{Partition: x.c.Partition, Service: "events", Region: x.authorization.Scope.Region, Account: x.caller.Principal.Account,
		Resource: "event-bus/" + bus}
	return arn.String()
}

// exchangePolicy puts, gets, edits or deletes the policy and answers.
func (x *serviceExchange) exchangePolicy(o policyOperation, holder, document string, served bool) {
	for _, call := range x.operation.Calls[1:] { // the directory decides the first one
		if err := x.decide(call); err != nil {
			x.refuse(err)
			return
		}
	}
	access, err := x.accessOf(x.operation.Calls[0])
	if err != nil {
		x.refuse(err)
		return
	}
	access.Holder = holder
	in := iam.ResourcePolicyInput{Access: access, Operation: x.operation.Name, Parameters: x.event.RequestParameters, Document: document}
	in.BypassLockoutCheck, _ = x.operation.Input["BypassPolicyLockoutSafetyCheck"].(bool)
	in.BlockPublic, _ = x.operation.Input["BlockPublicPolicy"].(bool)
	var edit policyEdit
	if o.verb == editsPolicy {
		if edit, err = x.editOf(holder); err != nil {
			x.refuse(err)
			return
		}
		in.Edit = edit.apply
	}
	var answer *heldAnswer
	if served {
		in.Forward = func(ctx context.Context) (err error) {
			answer, err = x.ask(ctx)
			return err
		}
	}
	x.recorded = true
	out, err := x.changePolicy(o, in)
	switch {
	case answer != nil && (err == nil || errors.Is(err, errBackendRefused)):
		x.sendHeld(answer)
	case err != nil:
		x.refuse(err)
	case o.verb == editsPolicy:
		x.writeMembers(edit.answer)
	default:
		x.answerPolicy(o, in, out)
	}
}

// editOf is the edit that the operation asks for. A revision that a policy must have is its backend's: here policies have other revisions.
func (x *serviceExchange) editOf(holder string) (policyEdit, error) {
	if x.service.Upstream == nil && textOf(x.operation, "RevisionId") != "" {
		return policyEdit{}, refusal("NotImplemented", "RevisionId cannot be held against a policy where no backend serves "+x.authorization.Scope.Service+".")
	}
	return edits[x.authorization.Scope.Service+":"+x.operation.Name](x.operation, x.c.Partition, holder)
}

// refuseUnenforced refuses to have a backend keep a policy that decides nothing here: what it denies would be allowed. Without a backend nobody keeps it.
func (x *serviceExchange) refuseUnenforced() error {
	if x.service.UnenforcedPolicies || x.service.Upstream == nil ||
		!isUnenforced(x.authorization.Scope.Service, x.operation.Name, x.operation.Input) {
		return nil
	}
	return x.notServed("the policy in it would be kept by the backend and decide nothing, unless the operator accepts that (unenforcedPolicies)")
}

// changePolicy has the directory do it. An empty policy takes the one that there is away, as it does in SQS and SNS.
func (x *serviceExchange) changePolicy(o policyOperation, in iam.ResourcePolicyInput) (out iam.ResourcePolicyOutput, err error) {
	switch {
	case o.verb == getsPolicy:
		return x.c.Policies.GetResourcePolicy(x.r.Context(), x.caller, in)
	case o.verb == deletesPolicy, o.attribute && in.Document == "":
		return out, x.c.Policies.DeleteResourcePolicy(x.r.Context(), x.caller, in)
	}
	return out, x.c.Policies.PutResourcePolicy(x.r.Context(), x.caller, in)
}

// errBackendRefused: the backend has answered, and not with success.
var errBackendRefused = errors.New("the backend refused the request")

// heldAnswer is a backend's whole answer.
type heldAnswer struct {
	*http.Response
	body []byte
}

// ask has the backend do the operation and reads its answer whole; the error is errBackendRefused where it refuses.
func (x *serviceExchange) ask(ctx context.Context) (*heldAnswer, error) {
	request, hash, err := x.canonicalRequest()
	if err != nil {
		return nil, err
	}
	scope := x.authorization.Scope
	response, err := x.service.Upstream.send(ctx, request, scope.Service, scope.Region, payload{hash: hash})
	if err != nil {
		return nil, x.unanswered(err)
	}
	defer response.Body.Close()
	if !x.isAnswer(response) {
		return nil, fmt.Errorf("the backend answered %d, %q", response.StatusCode, response.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRead+1))
	if err != nil {
		return nil, x.broken(err)
	}
	if len(body) > maxRead {
		return nil, fmt.Errorf("the backend's answer to %s is larger than %d bytes", x.operation.Name, maxRead)
	}
	answer := &heldAnswer{Response: response, body: body}
	if response.StatusCode >= http.StatusMultipleChoices { // the event gets the backend's own code
		refused := &iam.Error{Code: cmp.Or(errorCode(x.shape.protocol, body), "BackendError"), Err: errBackendRefused}
		refused.Message = fmt.Sprintf("The backend answered %d.", response.StatusCode)
		return answer, refused
	}
	return answer, nil
}

// sendHeld gives the client an answer that was read whole.
func (x *serviceExchange) sendHeld(answer *heldAnswer) {
	x.noteAnswer(answer.StatusCode, answer.body)
	x.passHeader(answer.Response)
	_, _ = io.Copy(x.w, bytes.NewReader(answer.body)) // the client is gone when this fails
}

// answerPolicy answers without a backend, with the members that the services' API references have.
func (x *serviceExchange) answerPolicy(o policyOperation, in iam.ResourcePolicyInput, out iam.ResourcePolicyOutput) {
	members := map[string]any{}
	switch x.authorization.Scope.Service {
	case "secretsmanager":
		members["ARN"], members["Name"] = in.Resource, secretName(in.Resource)
	case "kms":
		if o.verb == getsPolicy {
			members["PolicyName"] = "default"
		}
	case "ecr", "ecr-public":
		members["registryId"], members["repositoryName"] = namedAccount(in.Resource), in.Resource[strings.Index(in.Resource, "/")+1:]
	case "elasticfilesystem":
		members["FileSystemId"] = in.Resource[strings.Index(in.Resource, "/")+1:]
	case "dynamodb", "lambda":
		members["RevisionId"] = fmt.Sprint(out.Revision)
	}
	document := out.Document
	if o.verb == putsPolicy {
		document = in.Document
	}
	service := x.authorization.Scope.Service
	shows := o.verb == getsPolicy || strings.HasPrefix(service, "ecr") || service == "elasticfilesystem" && o.verb == putsPolicy
	switch {
	case !shows || document == "":
	case o.attribute:
		members[o.document] = map[string]any{"Policy": document}
	default:
		members[o.document] = document
	}
	x.writeMembers(members)
}

// secretName is a secret's name, without the six characters that its ARN ends with.
func secretName(arn string) string {
	name := arn[strings.LastIndexByte(arn, ':')+1:]
	if end := len(name) - len("-123456"); end > 0 && name[end] == '-' {
		return name[:end]
	}
	return name
}

// checkNewPolicy refuses to make a resource with a policy that could not be kept: it would not be enforced.
func (x *serviceExchange) checkNewPolicy() error {
	x.newPolicy = policyOfNew(x.authorization.Scope.Service, x.operation)
	if x.newPolicy == "" {
		return nil
	}
	access, err := x.accessOf(x.operation.Calls[0])
	if err != nil {
		return err
	}
	in := iam.ResourcePolicyInput{Access: access, Document: x.newPolicy}
	in.BypassLockoutCheck, _ = x.operation.Input["BypassPolicyLockoutSafetyCheck"].(bool)
	return x.c.Policies.CheckResourcePolicy(x.r.Context(), x.caller, in)
}

// policyOfNew is the policy that a request makes a resource with; "" for none.
func policyOfNew(signingName string, operation *awsmodel.Operation) string {
	member := ""
	switch signingName + ":" + operation.Name {
	case "kms:CreateKey":
		member = "Policy"
	case "dynamodb:CreateTable":
		member = "ResourcePolicy"
	case "sqs:CreateQueue", "sns:CreateTopic":
		attributes, _ := operation.Input["Attributes"].(map[string]any)
		document, _ := attributes["Policy"].(string)
		return document
	}
	document, _ := operation.Input[member].(string)
	return document
}

package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
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

// policyVerb is what an operation does with a resource's policy.
type policyVerb int

const (
	notPolicy policyVerb = iota
	putsPolicy
	getsPolicy
	deletesPolicy
	editsPolicy // adds or removes single statements
)

// policyOperation is an operation of a service on a resource's policy.
type policyOperation struct {
	verb policyVerb
	// document is the member that has the policy, in the input of one that puts it or in the output of one that gets it; "": one of documentMembers.
	document string
	// attribute: the policy is the attribute Policy among others, and document the map of them; of SNS's input, the member that has the value.
	attribute bool
}

// policyOperationOf knows the operations by which policies are put on resources as whole documents, by service and name. Many services call them
// PutResourcePolicy and so on; CloudWatch Logs' of that name is about the account and not about a resource.
func policyOperationOf(signingName, operation string) policyOperation {
	switch signingName + ":" + operation {
	case "kms:PutKeyPolicy", "elasticfilesystem:PutFileSystemPolicy":
		return policyOperation{verb: putsPolicy, document: "Policy"}
	case "kms:GetKeyPolicy", "elasticfilesystem:DescribeFileSystemPolicy":
		return policyOperation{verb: getsPolicy, document: "Policy"}
	case "ecr:SetRepositoryPolicy":
		return policyOperation{verb: putsPolicy, document: "policyText"}
	case "ecr:GetRepositoryPolicy":
		return policyOperation{verb: getsPolicy, document: "policyText"}
	case "elasticfilesystem:DeleteFileSystemPolicy", "ecr:DeleteRepositoryPolicy":
		return policyOperation{verb: deletesPolicy}
	case "sqs:SetQueueAttributes":
		return policyOperation{verb: putsPolicy, document: "Attributes", attribute: true}
	case "sqs:GetQueueAttributes", "sns:GetTopicAttributes":
		return policyOperation{verb: getsPolicy, document: "Attributes", attribute: true}
	case "sns:SetTopicAttributes":
		return policyOperation{verb: putsPolicy, document: "AttributeValue", attribute: true}
	case "sqs:AddPermission", "sqs:RemovePermission", "sns:AddPermission", "sns:RemovePermission":
		return policyOperation{verb: editsPolicy}
	case "secretsmanager:GetResourcePolicy":
		return policyOperation{verb: getsPolicy, document: "ResourcePolicy"}
	case "dynamodb:GetResourcePolicy", "kinesis:GetResourcePolicy":
		return policyOperation{verb: getsPolicy, document: "Policy"}
	case "logs:PutResourcePolicy", "logs:DeleteResourcePolicy":
		return policyOperation{}
	}
	switch operation {
	case "PutResourcePolicy":
		return policyOperation{verb: putsPolicy}
	case "DeleteResourcePolicy":
		return policyOperation{verb: deletesPolicy}
	}
	return policyOperation{}
}

// documentMembers are how services call the policy in the input of PutResourcePolicy.
var documentMembers = [...]string{"Policy", "ResourcePolicy", "policy", "resourcePolicy", "PolicyInJson"}

// policyIn finds the policy in an input; ok is false where the operation is about another attribute.
func (o policyOperation) policyIn(input map[string]any) (document string, ok bool) {
	if name, is := input["AttributeName"].(string); is && o.attribute && name != "Policy" {
		return "", false
	}
	if attributes, is := input[o.document].(map[string]any); is {
		document, ok = attributes["Policy"].(string)
		return document, ok
	}
	if o.document != "" {
		document, ok = input[o.document].(string)
		return document, ok || !o.attribute
	}
	for _, member := range documentMembers {
		if document, ok = input[member].(string); ok {
			return document, true
		}
	}
	return "", false
}

// servePolicy answers an operation on a resource's policy, and tells whether it was one. The directory decides and records it, since the policy is
// its own to keep; where the service has a backend, that one does the same in between.
func (x *serviceExchange) servePolicy() bool {
	o := policyOperationOf(x.authorization.Scope.Service, x.operation.Name)
	why, served := x.isServed()
	if o.verb == notPolicy || o.verb == editsPolicy || o.verb == getsPolicy && served || len(x.operation.Calls) != 1 {
		return false
	}
	document, ok := o.policyIn(x.operation.Input)
	if o.verb == putsPolicy && !ok {
		return false
	}
	if !served && x.service.Upstream == nil {
		why = ""
	}
	if !namesOne(x.operation.Calls[0]) {
		why = "a resource's policy can be put and read here only where the request names the resource by its ARN"
	}
	if why != "" {
		err := x.authorize()
		if err == nil {
			err = x.notServed(why)
		}
		x.refuse(err)
		return true
	}
	x.exchangePolicy(o, document, served)
	return true
}

// exchangePolicy puts, gets or deletes the policy and answers.
func (x *serviceExchange) exchangePolicy(o policyOperation, document string, served bool) {
	access, err := x.accessOf(x.operation.Calls[0])
	if err != nil {
		x.refuse(err)
		return
	}
	in := iam.ResourcePolicyInput{Access: access, Operation: x.operation.Name, Parameters: x.event.RequestParameters, Document: document}
	in.BypassLockoutCheck, _ = x.operation.Input["BypassPolicyLockoutSafetyCheck"].(bool)
	in.BlockPublic, _ = x.operation.Input["BlockPublicPolicy"].(bool)
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
	default:
		x.answerPolicy(o, in, out)
	}
}

// refuseEdit refuses to change single statements of a policy that is kept here as a whole: a backend would do it, and what is enforced would stay.
func (x *serviceExchange) refuseEdit() error {
	if policyOperationOf(x.authorization.Scope.Service, x.operation.Name).verb != editsPolicy {
		return nil
	}
	return x.notServed("single statements of a policy cannot be changed here: put the whole policy with SetQueueAttributes or SetTopicAttributes")
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
	response, err := x.service.Upstream.send(ctx, request, scope.Service, scope.Region, hash)
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
	if response.StatusCode >= http.StatusMultipleChoices {
		return answer, errBackendRefused
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
	case "ecr":
		members["registryId"], members["repositoryName"] = namedAccount(in.Resource), in.Resource[strings.Index(in.Resource, "/")+1:]
	case "elasticfilesystem":
		members["FileSystemId"] = in.Resource[strings.Index(in.Resource, "/")+1:]
	case "dynamodb":
		members["RevisionId"] = fmt.Sprint(out.Revision)
	}
	document := out.Document
	if o.verb == putsPolicy {
		document = in.Document
	}
	service := x.authorization.Scope.Service
	shows := o.verb == getsPolicy || service == "ecr" || service == "elasticfilesystem" && o.verb == putsPolicy
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

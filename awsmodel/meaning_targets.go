package awsmodel

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// concurrency is on the version or alias of a function that Qualifier names.
func (r *reader) concurrency() ([]Call, error) {
	p, _ := readPattern("arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}")
	b := &binder{reader: r}
	text := r.text("FunctionName")
	if err := component("FunctionName", text); err != nil {
		return nil, err
	}
	t, err := b.function(naming{"FunctionName", text, p, r.place, map[string]string{}})
	if err != nil {
		return nil, err
	}
	call, err := r.on("lambda:"+r.operation.Name, "function alias", t.arn, t.any)
	return []Call{call}, err
}

// publish is on a topic or another target that has an ARN; a telephone number has none.
func (r *reader) publish() ([]Call, error) {
	entry, _ := r.reference.Action("sns:Publish")
	if r.text("PhoneNumber") == "" {
		return r.bind(entry)
	}
	if r.text("TopicArn") != "" || r.text("TargetArn") != "" {
		return nil, &Error{Kind: UnknownParameter, Message: "PhoneNumber: there is another target beside it"}
	}
	return []Call{r.call(entry, nil, "*", true)}, nil
}

// serviceRole is on the role that a service gets for itself, whose path has the service's name and whose own name AWS knows
// (IAM User Guide, "Create a service-linked role").
func (r *reader) serviceRole() ([]Call, error) {
	service := r.text("AWSServiceName")
	if err := component("AWSServiceName", service); err != nil || strings.ContainsAny(service, ":/") {
		return nil, &Error{Kind: UnknownParameter, Message: "AWSServiceName: it is not the name of a service: " + excerpt(service)}
	}
	arn := policy.ARN{Partition: r.place.Partition, Service: "iam", Account: r.place.Account, Resource: "role/aws-service-role/" + service + "/*"}
	call, err := r.on("iam:CreateServiceLinkedRole", "role", arn.String(), true)
	return []Call{call}, err
}

package awsmodel

import (
	"regexp"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// concurrency is on the version or alias of a function that Qualifier names.
func (r *reader) concurrency() ([]Call, error) {
	p, _ := r.reference.pattern("arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}")
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

// subscription is on the topic of a subscription, whose ARN is the topic's with an id behind it (Amazon SNS API Reference, Subscribe).
func (r *reader) subscription() ([]Call, error) {
	text := r.text("SubscriptionArn")
	arn, err := policy.ParseARN(text)
	topic, id, found := strings.Cut(arn.Resource, ":")
	if err != nil || arn.Service != "sns" || !found || topic == "" || id == "" || strings.Contains(id, ":") || component("SubscriptionArn", text) != nil {
		return nil, &Error{Kind: UnknownParameter, Message: "SubscriptionArn: it is not the ARN of a subscription: " + excerpt(text)}
	}
	arn.Resource = topic
	call, err := r.on("sns:"+r.operation.Name, "topic", arn.String(), false)
	return []Call{call}, err
}

// profileForm is how the ids of inference profiles over several regions begin (Amazon Bedrock User Guide, "Supported Regions and models for inference
// profiles"). Which models they lead to is Bedrock's to know.
var profileForm = regexp.MustCompile(`^(apac|au|ca|eu|global|jp|sa|us|us-gov)\.`)

// invokeModel is on what modelId names: a foundation model by its id, or an ARN.
func (r *reader) invokeModel() ([]Call, error) {
	action := "bedrock:" + r.operation.Name
	if other, known := actions[action]; known {
		action = other
	}
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(action, noAction)
	}
	id := r.text("modelId")
	if err := component("modelId", id); err != nil {
		return nil, err
	}
	model := policy.ARN{Partition: r.place.Partition, Service: "bedrock", Region: r.place.Region, Resource: "foundation-model/*"}
	switch {
	case strings.HasPrefix(id, "arn:"):
		arn, err := policy.ParseARN(id)
		if use := r.useOf(entry, arn); err == nil && use != nil {
			return []Call{r.call(entry, use, id, false)}, nil
		}
		return nil, &Error{Kind: UnknownParameter, Message: "modelId: it is not the ARN of a model: " + excerpt(id)}
	case profileForm.MatchString(id) && !strings.Contains(id, "/"):
		profile := model
		profile.Account, profile.Resource = r.place.Account, "inference-profile/"+id
		return []Call{r.call(entry, r.useOf(entry, profile), profile.String(), false), r.call(entry, r.useOf(entry, model), model.String(), true)}, nil
	case strings.Contains(id, "/"):
		return nil, &Error{Kind: UnknownParameter, Message: "modelId: it is not the id of a model: " + excerpt(id)}
	}
	model.Resource = "foundation-model/" + id // ids may have a colon and a version in them
	return []Call{r.call(entry, r.useOf(entry, model), model.String(), false)}, nil
}

// logQuery is on the log groups that members name, and on every one where the query itself may name others: in another language than Logs Insights'
// own, and behind its command SOURCE (Amazon CloudWatch Logs User Guide, "Supported query languages" and "SOURCE").
func (r *reader) logQuery() ([]Call, error) {
	entry, _ := r.reference.Action("logs:StartQuery")
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	language := r.text("queryLanguage")
	named := language != "" && language != "CWLI"
	for line := range strings.Lines(r.text("queryString")) {
		if line = strings.TrimLeft(line, " \t\r\n|"); line != "" && line[0] != '#' {
			named = named || strings.HasPrefix(lower(line), "source")
			break
		}
	}
	if !named {
		return calls, nil
	}
	call, err := r.on("logs:StartQuery", "log-group", r.arn("logs", "log-group:*"), true)
	return append(calls, call), err
}

// parameters reads parameters, and secrets by the parameters that stand for them: whoever asks must be allowed to read both
// (AWS Systems Manager User Guide, "Referencing AWS Secrets Manager secrets from Parameter Store parameters").
func (r *reader) parameters() ([]Call, error) {
	entry, _ := r.reference.Action("ssm:" + r.operation.Name)
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	for _, call := range calls {
		_, name, found := strings.Cut(call.Resource, ":parameter/aws/reference/secretsmanager/")
		if !found {
			continue
		}
		secret, err := r.on("secretsmanager:GetSecretValue", "Secret", r.arn("secretsmanager", "secret:"+name+"-??????"), true)
		if err != nil {
			return nil, err
		}
		calls = append(calls, secret)
	}
	return calls, nil
}

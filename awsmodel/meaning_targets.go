package awsmodel

import (
	"regexp"
	"strings"
	"unicode"

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
// own, and behind its command SOURCE (Amazon CloudWatch Logs User Guide, "Supported query languages" and "SOURCE"). That begins a line, whatever a
// backend takes for a line, a space or a comment.
func (r *reader) logQuery() ([]Call, error) {
	entry, _ := r.reference.Action("logs:StartQuery")
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	language := r.text("queryLanguage")
	named := language != "" && language != "CWLI"
	for line := range strings.FieldsFuncSeq(r.text("queryString"), endsLine) {
		if line = strings.TrimLeftFunc(line, isBlank); !strings.HasPrefix(line, "#") {
			line = strings.TrimLeftFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			named = named || strings.HasPrefix(lower(line), "source")
		}
	}
	if !named {
		return calls, nil
	}
	call, err := r.on("logs:StartQuery", "log-group", r.arn("logs", "log-group:*"), true)
	return append(calls, call), err
}

// endsLine tells what anybody takes for a line's end.
func endsLine(r rune) bool { return strings.ContainsRune("\n\v\f\r\u0085\u2028\u2029", r) }

// isBlank tells what anybody takes for space.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

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

// environmentTags is the adding of tags, their removal, or both: the operation's own action grants neither (Service
// Authorization Reference, "AWS Elastic Beanstalk").
func (r *reader) environmentTags() ([]Call, error) {
	var calls []Call
	for _, part := range [...]struct{ action, member string }{
		{"elasticbeanstalk:AddTags", "TagsToAdd"}, {"elasticbeanstalk:RemoveTags", "TagsToRemove"},
	} {
		if r.operation.Input[part.member] == nil {
			continue
		}
		input := map[string]any{"ResourceArn": r.text("ResourceArn"), part.member: r.operation.Input[part.member]}
		bound, err := r.bindPart(part.action, input)
		if err != nil {
			return nil, err
		}
		calls = append(calls, bound...)
	}
	if len(calls) == 0 {
		return nil, &Error{Kind: MissingParameter, Message: "TagsToAdd: there are no tags to add or remove"}
	}
	return calls, nil
}

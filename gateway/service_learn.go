package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
)

// What the gateway learns of resources, it learns from what its backend answered with success: tags given and taken away, resources made with tags,
// and resources deleted. It is kept before the client is answered, so that the next request is decided by it. Tags that are given past the
// gateway are not known.

const requestTag = "aws:RequestTag/"

// change is what an operation does to what is known of resources.
type change int

const (
	changesNothing change = iota
	addsTags
	removesTags
	creates
	deletes
)

// changeOf reads it from the operation's name. AWS's APIs have a handful of words for tagging (TagResource, TagLogGroup, CreateTags, AddTagsToResource, …).
func changeOf(operation *awsmodel.Operation) change {
	begins := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(operation.Name, word) })
	}
	switch {
	case operation.ReadOnly:
		return changesNothing
	case operation.Name == "DeleteSecret" && operation.Input["ForceDeleteWithoutRecovery"] != true:
		return changesNothing // it can be restored, with its policy
	case begins("Untag", "UnTag", "RemoveTags", "DeleteTags"):
		return removesTags
	case begins("Tag", "CreateTags", "CreateOrUpdateTags", "AddTags"):
		return addsTags
	case begins("Delete", "Terminate", "Deregister"):
		return deletes
	case slices.ContainsFunc(operation.Calls, func(call awsmodel.Call) bool { return len(requestTags(call)) > 0 }):
		return creates
	}
	return changesNothing
}

// learns tells whether the answer to the operation says something about resources.
func (x *serviceExchange) learns() bool {
	return changeOf(x.operation) != changesNothing || x.newPolicy != ""
}

// learn keeps what the operation, which has succeeded, made known. An error is for the client, who is to try again; where trying again would make a
// resource twice, it is for the operator.
func (x *serviceExchange) learn(answer []byte) error {
	ctx := context.WithoutCancel(x.r.Context())
	kind := changeOf(x.operation)
	if kind == creates || x.newPolicy != "" {
		if err := x.learnCreated(ctx, answer); err != nil {
			x.log("keeping what is known of a new resource", err)
			x.event.Explanation = "tags or policy of the new resource could not be kept; decisions will be made without them"
		}
		return nil
	}
	for _, call := range x.operation.Calls {
		if !namesOne(call) || call.Action != x.operation.Service.Prefix+":"+x.operation.Name {
			continue
		}
		if err := x.learnCall(ctx, kind, call); err != nil {
			return fmt.Errorf("keeping what is known of %s: %w", call.Resource, err)
		}
	}
	return nil
}

// recordOf is the ARN under which something is known of a resource. A log group is decided on with an empty log stream behind it, and its tags are given
// without (Amazon CloudWatch Logs User Guide, "CloudWatch Logs resources and operations").
func recordOf(resource string) string {
	if group, found := strings.CutSuffix(resource, ":log-stream:"); found && strings.HasPrefix(group, "arn:") {
		return group
	}
	return resource
}

func (x *serviceExchange) learnCall(ctx context.Context, kind change, call awsmodel.Call) error {
	call.Resource = recordOf(call.Resource)
	account := x.accountOf(call.Resource)
	switch kind {
	case addsTags:
		if tags := requestTags(call); len(tags) > 0 {
			return x.c.Directory.SetResourceTags(ctx, account, call.Resource, tags)
		}
	case removesTags:
		keys, err := x.removedTags(ctx, account, call)
		if err != nil || len(keys) == 0 {
			return err
		}
		return x.c.Directory.RemoveResourceTags(ctx, account, call.Resource, keys)
	case deletes:
		if isOfType(x.operation.Name, call.Resource) {
			return x.forget(ctx, account, call.Resource)
		}
	}
	return nil
}

// forget drops what is known of a resource that is gone, and of a function's versions and aliases, which go with it.
func (x *serviceExchange) forget(ctx context.Context, account, arn string) error {
	gone := []string{arn}
	if parsed, err := policy.ParseARN(arn); err == nil && parsed.Service == "lambda" && strings.HasPrefix(parsed.Resource, "function:") {
		qualified, err := x.c.Attributes.Matching(ctx, account, arn+":*")
		if err != nil {
			return err
		}
		gone = append(gone, qualified...)
	}
	for _, arn := range gone {
		if err := x.c.Directory.ForgetResource(ctx, account, arn); err != nil {
			return err
		}
	}
	return nil
}

// removedTags are the keys of the tags that an operation took away. A tag that is given with a value goes only if it has that value, and without any
// tags all go (Amazon EC2 API Reference, DeleteTags).
func (x *serviceExchange) removedTags(ctx context.Context, account string, call awsmodel.Call) ([]string, error) {
	keys := call.Keys["aws:TagKeys"]
	given := tagValues(x.operation.Input)
	if len(keys) > 0 && len(given) == 0 {
		return keys, nil
	}
	known, err := x.c.Attributes.Tags(ctx, account, call.Resource)
	if err != nil {
		return nil, err
	}
	var gone []string
	for key, value := range known {
		wanted, withValue := given[key]
		if len(keys) == 0 || slices.Contains(keys, key) && (!withValue || wanted == "" || wanted == value) {
			gone = append(gone, key)
		}
	}
	return gone, nil
}

// tagValues are the values of the tags that an input of EC2's lists to be taken away.
func tagValues(input map[string]any) map[string]string {
	values := map[string]string{}
	list, _ := input["Tags"].([]any)
	for _, element := range list {
		tag, _ := element.(map[string]any)
		key, _ := tag["Key"].(string)
		if value, ok := tag["Value"].(string); ok {
			values[key] = value
		}
	}
	return values
}

// learnCreated keeps the tags and the policy that resources were made with. Their ARNs are those of the calls, where their names were known
// before, else the ARNs and ids in the answer.
func (x *serviceExchange) learnCreated(ctx context.Context, answer []byte) error {
	values, err := answerValues(x.operation.Protocol, answer)
	if err != nil {
		return err
	}
	for _, call := range x.operation.Calls {
		tags := requestTags(call)
		if len(tags) == 0 && x.newPolicy == "" || call.WildcardOnly {
			continue
		}
		for _, arn := range x.createdBy(call, values) {
			if err := x.keepCreated(ctx, arn, tags); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *serviceExchange) keepCreated(ctx context.Context, arn string, tags map[string]string) error {
	if x.newPolicy != "" {
		return x.c.Policies.CreateResource(ctx, x.accountOf(arn), arn, tags, x.newPolicy)
	}
	return x.c.Directory.SetResourceTags(ctx, x.accountOf(arn), arn, tags)
}

// createdBy are the ARNs of the resources that a call is about, of an operation that made them. An answer also tells what there was before, and repeats
// what the request says: neither was made, or whoever may make things with tags could give tags to everything.
func (x *serviceExchange) createdBy(call awsmodel.Call, values []answerValue) []string {
	if namesOne(call) {
		if isOfType(x.operation.Name, call.Resource) {
			return []string{recordOf(call.Resource)}
		}
		return nil // it is what the new resource is a part of
	}
	pattern, err := policy.ParseARN(call.Resource)
	if err != nil || strings.HasPrefix(pattern.Resource, "*") || pattern.Service == "ec2" && !x.makes(call.Resource) {
		return nil
	}
	said := strings.ToLower(strings.Join(textsIn(nil, x.operation.Input), "\n"))
	var found []string
	id := ec2IDElement(pattern)
	for _, value := range values {
		arn := value.text
		if id != "" && value.name == id && isEC2ID(value.text) {
			arn = strings.TrimSuffix(call.Resource, "*") + value.text
		}
		told := strings.HasPrefix(arn, "arn:") && policy.MatchGlob(call.Resource, arn) && !slices.Contains(found, arn)
		if told && !strings.Contains(said, strings.ToLower(value.text)) {
			found = append(found, arn)
		}
	}
	return found
}

// makes tells whether an operation of EC2 makes resources of a type, which its own action is then decided on. A request may give tags for others
// (TagSpecifications), which EC2 refuses.
func (x *serviceExchange) makes(pattern string) bool {
	own := x.operation.Service.Prefix + ":" + x.operation.Name
	return slices.ContainsFunc(x.operation.Calls, func(call awsmodel.Call) bool {
		return call.Action == own && call.Resource == pattern && !call.AnyResource
	})
}

// textsIn appends the texts in an input, the keys of maps among them.
func textsIn(to []string, value any) []string {
	switch value := value.(type) {
	case string:
		return append(to, value)
	case []byte:
		return append(to, string(value))
	case []any:
		for _, element := range value {
			to = textsIn(to, element)
		}
	case map[string]any:
		for name, member := range value {
			to = textsIn(append(to, name), member)
		}
	}
	return to
}

// requestTags are the tags that the request gives to the resource of a call. Those that only AWS gives are none, whatever a backend accepts.
func requestTags(call awsmodel.Call) map[string]string {
	var tags map[string]string
	for name, values := range call.Keys {
		if key, ok := strings.CutPrefix(name, requestTag); ok && len(values) == 1 && !strings.HasPrefix(strings.ToLower(key), "aws:") {
			if tags == nil {
				tags = map[string]string{}
			}
			tags[key] = values[0]
		}
	}
	return tags
}

// namesOne tells whether a call is about one resource that has a name.
func namesOne(call awsmodel.Call) bool {
	return !call.WildcardOnly && !call.AnyResource && !strings.ContainsAny(call.Resource, "*?")
}

func (x *serviceExchange) accountOf(resource string) string {
	if account := namedAccount(resource); account != "" {
		return account
	}
	return x.caller.Principal.Account
}

// isOfType tells whether an operation makes or deletes the resource itself, and not something in it: DeleteVolume a volume, but DeleteRoute no route
// table. Queues and topics have no type in their ARNs.
func isOfType(operation, resource string) bool {
	arn, err := policy.ParseARN(resource)
	if err != nil {
		return false
	}
	kind := arn.Resource
	if end := strings.IndexAny(kind, ":/"); end >= 0 {
		kind = kind[:end]
	} else {
		kind = map[string]string{"codecommit": "repository", "codepipeline": "pipeline", "sns": "topic", "sqs": "queue"}[arn.Service]
	}
	called := strings.Fields(calledOtherwise[arn.Service+":"+kind] + " " + strings.ToLower(strings.ReplaceAll(kind, "-", "")))
	noun := strings.ToLower(operation)
	for _, verb := range [...]string{"create", "delete", "terminate", "deregister"} {
		if rest, ok := strings.CutPrefix(noun, verb); ok {
			return slices.ContainsFunc(called, func(name string) bool { return rest == name || rest == name+"s" })
		}
	}
	return false
}

// calledOtherwise are the types in ARNs that the names of operations call otherwise (each service's API reference). Their names may be given again, so
// that nothing may be left of what was known of the one before.
var calledOtherwise = map[string]string{
	"dax:cache": "cluster", "elasticache:cluster": "cachecluster", "elasticache:parametergroup": "cacheparametergroup",
	"elasticache:securitygroup": "cachesecuritygroup", "elasticache:subnetgroup": "cachesubnetgroup", "es:domain": "elasticsearchdomain",
	"rds:cluster": "dbcluster", "rds:cluster-endpoint": "dbclusterendpoint", "rds:cluster-pg": "dbclusterparametergroup",
	"rds:cluster-snapshot": "dbclustersnapshot", "rds:db": "dbinstance", "rds:es": "eventsubscription", "rds:og": "optiongroup",
	"rds:pg": "dbparametergroup", "rds:secgrp": "dbsecuritygroup", "rds:snapshot": "dbsnapshot", "rds:subgrp": "dbsubnetgroup",
	"redshift:parametergroup": "clusterparametergroup", "redshift:snapshot": "clustersnapshot", "redshift:subnetgroup": "clustersubnetgroup",
}

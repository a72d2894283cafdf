package awsmodel

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// meaningOf finds the reader of an operation of which the rules do not find out what it means.
func meaningOf(name string) (func(*reader) ([]Call, error), bool) {
	prefix, operation, _ := strings.Cut(name, ":")
	switch prefix {
	case "apigateway":
		return (*reader).apiGateway, true
	case "cloudformation":
		if member, known := roleMembers[operation]; known {
			return func(r *reader) ([]Call, error) { return r.withRole(member) }, true
		}
	case "dynamodb":
		return dynamoMeaning(operation)
	case "elasticloadbalancing":
		return (*reader).loadBalancing, true
	case "elasticfilesystem", "s3files":
		if strings.HasSuffix(operation, "agResource") || operation == "ListTagsForResource" { // TagResource and UntagResource
			return (*reader).fileSystemTags, true
		}
	case "events":
		if operation == "PutEvents" {
			return (*reader).putEvents, true
		}
		return (*reader).eventRule, true
	case "lambda":
		if strings.HasSuffix(operation, "ProvisionedConcurrencyConfig") {
			return (*reader).concurrency, true
		}
	case "s3":
		return (*reader).storageControl, true
	case "ssm":
		if strings.HasSuffix(operation, "TagsToResource") || strings.HasSuffix(operation, "TagsFromResource") || operation == "ListTagsForResource" {
			return (*reader).systemTags, true
		}
	}
	read, known := single[name]
	return read, known
}

// single are the readers of single operations.
var single = map[string]func(*reader) ([]Call, error){
	"autoscaling:CreateOrUpdateTags":         (*reader).groupTags,
	"autoscaling:DeleteTags":                 (*reader).groupTags,
	"bedrock:Converse":                       (*reader).invokeModel,
	"bedrock:ConverseStream":                 (*reader).invokeModel,
	"bedrock:InvokeModel":                    (*reader).invokeModel,
	"bedrock:InvokeModelWithResponseStream":  (*reader).invokeModel,
	"ec2:CreateTags":                         (*reader).instanceTags,
	"ec2:DeleteTags":                         (*reader).instanceTags,
	"ec2:ModifyFpgaImageAttribute":           (*reader).sharing,
	"ec2:ModifyImageAttribute":               (*reader).sharing,
	"ec2:ModifySnapshotAttribute":            (*reader).sharing,
	"ec2:ReplaceNetworkAclAssociation":       (*reader).replacedAssociation,
	"ec2:ReplaceRouteTableAssociation":       (*reader).replacedAssociation,
	"elasticbeanstalk:UpdateTagsForResource": (*reader).environmentTags,
	"iam:CreateServiceLinkedRole":            (*reader).serviceRole,
	"kms:ReEncrypt":                          (*reader).reEncrypt,
	"kms:UpdateAlias":                        (*reader).updateAlias,
	"logs:StartQuery":                        (*reader).logQuery,
	"secretsmanager:BatchGetSecretValue":     (*reader).secretsBatch,
	"sns:GetSubscriptionAttributes":          (*reader).subscription,
	"sns:Publish":                            (*reader).publish,
	"sns:SetSubscriptionAttributes":          (*reader).subscription,
	"sns:Unsubscribe":                        (*reader).subscription,
	"ssm:CreateAssociation":                  (*reader).machines,
	"ssm:GetParameter":                       (*reader).parameters,
	"ssm:GetParameters":                      (*reader).parameters,
	"ssm:SendCommand":                        (*reader).machines,
	"ssm:StartAccessRequest":                 (*reader).machines,
	"ssm:UpdateAssociation":                  (*reader).machines,
}

func dynamoMeaning(operation string) (func(*reader) ([]Call, error), bool) {
	switch operation {
	case "Query", "Scan":
		return (*reader).readTable, true
	case "BatchGetItem", "BatchWriteItem":
		return (*reader).batchTables, true
	case "TransactGetItems", "TransactWriteItems":
		return (*reader).transaction, true
	case "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction":
		return (*reader).statements, true
	}
	return nil, false
}

// roleMembers are the operations of CloudFormation that make resources, with the member that names the role to make them with. Without it
// CloudFormation acts with the permissions of whoever asked (AWS CloudFormation User Guide, "CloudFormation service role"); which role a stack or
// change set was given before is not in a request.
var roleMembers = map[string]string{
	"ContinueUpdateRollback": "RoleARN", "CreateChangeSet": "RoleARN", "CreateStack": "RoleARN", "DeleteStack": "RoleARN",
	"ExecuteChangeSet": "", "RollbackStack": "RoleARN", "UpdateStack": "RoleARN",
	"CreateGeneratedTemplate": "", "StartResourceScan": "", "CreateStackSet": "AdministrationRoleARN", "UpdateStackSet": "AdministrationRoleARN",
}

func (r *reader) withRole(member string) ([]Call, error) {
	name := r.prefix + ":" + r.operation.Name
	if r.text(member) == "" {
		return nil, undecidable(name, onBehalf)
	}
	entry, known := r.reference.Action(name)
	if !known {
		return nil, undecidable(name, noAction)
	}
	return r.bind(entry)
}

// reEncrypt is two actions, each on its key (AWS KMS API Reference, ReEncrypt).
func (r *reader) reEncrypt() ([]Call, error) {
	var calls []Call
	for _, part := range []struct{ action, member, context string }{
		{"kms:ReEncryptFrom", "SourceKeyId", "SourceEncryptionContext"}, {"kms:ReEncryptTo", "DestinationKeyId", "DestinationEncryptionContext"},
	} {
		input := map[string]any{}
		if key := r.operation.Input[part.member]; key != nil {
			input["KeyId"] = key
		}
		if context := r.operation.Input[part.context]; context != nil {
			input["EncryptionContext"] = context
		}
		bound, err := r.bindPart(part.action, input)
		if err != nil {
			return nil, err
		}
		calls = append(calls, bound...)
	}
	return calls, nil
}

// bindPart is bind for an operation that means several actions, each with a part of the input.
func (r *reader) bindPart(action string, input map[string]any) ([]Call, error) {
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(action, noAction)
	}
	part, err := newReader(r.reference, &Operation{Service: r.operation.Service, Name: r.operation.Name, Input: input}, r.place)
	if err != nil {
		return nil, err
	}
	return part.bind(entry)
}

// updateAlias is on the alias, on the key that it shall be of, and on the one that it is of, which is not in the request (AWS KMS API Reference,
// UpdateAlias, "Required permissions").
func (r *reader) updateAlias() ([]Call, error) {
	entry, _ := r.reference.Action("kms:UpdateAlias")
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	current, err := r.on("kms:UpdateAlias", "key", r.arn("kms", "key/*"), true)
	return append(calls, current), err
}

// secretsBatch needs its own action, the reading of each secret, and where it searches for them their listing
// (AWS Secrets Manager API Reference, BatchGetSecretValue). AWS leaves out the secrets that may not be read; here one of them denies.
func (r *reader) secretsBatch() ([]Call, error) {
	batch, _ := r.reference.Action("secretsmanager:BatchGetSecretValue")
	calls, err := r.bind(batch)
	if err != nil {
		return nil, err
	}
	get, _ := r.reference.Action("secretsmanager:GetSecretValue")
	ids := r.texts("SecretIdList")
	if err := r.bounded(len(ids)); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		list, _ := r.reference.Action("secretsmanager:ListSecrets")
		listing, err := r.bind(list)
		if err != nil {
			return nil, err
		}
		call, err := r.on(get.Name, "Secret", r.arn("secretsmanager", "secret:*"), true)
		return append(append(calls, listing...), call), err
	}
	for _, id := range ids {
		one, err := newReader(r.reference, &Operation{Service: r.operation.Service, Name: "GetSecretValue", Input: map[string]any{"SecretId": id}}, r.place)
		if err != nil {
			return nil, err
		}
		bound, err := one.bind(get)
		if err != nil {
			return nil, err
		}
		calls = append(calls, bound...)
	}
	return calls, nil
}

// groupTags is on the groups that the tags name (Amazon EC2 Auto Scaling API Reference, CreateOrUpdateTags).
func (r *reader) groupTags() ([]Call, error) {
	names := slices.Compact(slices.Sorted(slices.Values(r.textsAt("Tags", "ResourceId"))))
	if len(r.textsAt("Tags", "ResourceId")) != len(structures(r.operation.Input["Tags"])) {
		return nil, &Error{Kind: MissingParameter, Message: "ResourceId: every tag must name a group"}
	}
	if err := r.bounded(len(names)); err != nil {
		return nil, err
	}
	var calls []Call
	for _, name := range names {
		if err := component("ResourceId", name); err != nil || strings.ContainsAny(name, ":/") {
			return nil, &Error{Kind: UnknownParameter, Message: "ResourceId: it is not the name of a group: " + excerpt(name)}
		}
		call, err := r.on("autoscaling:"+r.operation.Name, "autoScalingGroup", r.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/"+name), true)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// instanceTags is on each resource of EC2 that is tagged, which its id names (Amazon EC2 API Reference, CreateTags).
func (r *reader) instanceTags() ([]Call, error) {
	action := "ec2:" + r.operation.Name
	entry, _ := r.reference.Action(action)
	if err := r.bounded(len(r.texts("Resources"))); err != nil {
		return nil, err
	}
	var calls []Call
	for _, id := range r.texts("Resources") {
		if err := component("Resources", id); err != nil {
			return nil, err
		}
		kind := identifierKind(id)
		arn, any := r.arn("ec2", "*/*"), true
		for _, use := range entry.ResourceTypes {
			if use.Type.Name != kind {
				continue
			}
			if p, ok := r.reference.pattern(use.Type.ARNs[0]); ok {
				arn, _ = p.fill(r.place, map[string]string{p.names()[0]: id})
				any = false
			}
		}
		call, err := r.on(action, kind, arn, any)
		if err != nil {
			return nil, err
		}
		call.TagKeys = []string{"aws:ResourceTag/", "ec2:ResourceTag/"}
		r.tags.put([]string{"aws:RequestTag/${TagKey}", "aws:TagKeys"}, call.Keys)
		calls = append(calls, call)
	}
	return calls, nil
}

// systemTags is on the resource that its type and id name (AWS Systems Manager API Reference, AddTagsToResource).
func (r *reader) systemTags() ([]Call, error) {
	action := "ssm:" + r.operation.Name
	kinds := map[string]string{"Document": "document", "ManagedInstance": "managed-instance", "MaintenanceWindow": "maintenancewindow",
		"Parameter": "parameter", "PatchBaseline": "patchbaseline", "OpsItem": "opsitem", "OpsMetadata": "opsmetadata",
		"Automation":  "automation-execution",
		"Association": "association"}
	kind, known := kinds[r.text("ResourceType")]
	if !known {
		return nil, undecidable(action, "its ResourceType is not known")
	}
	id := strings.TrimPrefix(r.text("ResourceId"), "/")
	if err := component("ResourceId", id); err != nil || strings.Contains(id, ":") || strings.Contains(id, "/") && kind != "parameter" {
		return nil, &Error{Kind: UnknownParameter, Message: "ResourceId: it is not the id of one: " + excerpt(id)}
	}
	call, err := r.on(action, kind, r.arn("ssm", kind+"/"+id), false)
	return []Call{call}, err
}

// fileSystemTags is on the file system or access point whose id is named; the ids begin with fs- and fsap- (Amazon EFS API Reference, TagResource).
// An access point of Amazon S3 Files has its file system in its ARN, which is not in the request.
func (r *reader) fileSystemTags() ([]Call, error) {
	action := r.prefix + ":" + r.operation.Name
	id := r.text("ResourceId") + r.text("resourceId") // as EFS and S3 Files write it
	if err := component("ResourceId", id); err != nil {
		return nil, err
	}
	kind, resource := "", ""
	switch {
	case strings.ContainsAny(id, ":/"):
	case strings.HasPrefix(id, "fs-"):
		kind, resource = "file-system", "file-system/"+id
	case strings.HasPrefix(id, "fsap-") && r.prefix == "s3files":
		kind, resource = "access-point", "file-system/*/access-point/"+id
	case strings.HasPrefix(id, "fsap-"):
		kind, resource = "access-point", "access-point/"+id
	}
	if kind == "" { // an ARN, or something that is no id
		entry, known := r.reference.Action(action)
		if !known {
			return nil, undecidable(action, noAction)
		}
		return r.bind(entry)
	}
	call, err := r.on(action, kind, r.arn(r.prefix, resource), strings.Contains(resource, "*"))
	return []Call{call}, err
}

// storageControl is the meaning of an operation of Amazon S3's control API. Those of buckets are about buckets on Outposts and have the actions
// of that service (Amazon S3 on Outposts User Guide, "Setting up IAM with S3 on Outposts").
func (r *reader) storageControl() ([]Call, error) {
	name := "s3:" + r.operation.Name
	action, outposts := outpostsActions[r.operation.Name]
	if !outposts {
		action = name
		if other, known := actions[name]; known {
			action = other
		}
		for _, leaf := range r.leaves {
			if arn, err := policy.ParseARN(leaf.text); err == nil && arn.Service == "s3-outposts" {
				return nil, undecidable(name, "it names a resource on Outposts")
			}
		}
	}
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(name, noAction)
	}
	return r.bind(entry)
}

// outpostsActions are the actions of the operations on buckets of Outposts.
var outpostsActions = map[string]string{
	"CreateBucket": "s3-outposts:CreateBucket", "DeleteBucket": "s3-outposts:DeleteBucket", "GetBucket": "s3-outposts:GetBucket",
	"DeleteBucketLifecycleConfiguration": "s3-outposts:PutLifecycleConfiguration", "DeleteBucketPolicy": "s3-outposts:DeleteBucketPolicy",
	"DeleteBucketReplication": "s3-outposts:PutReplicationConfiguration", "DeleteBucketTagging": "s3-outposts:PutBucketTagging",
	"GetBucketLifecycleConfiguration": "s3-outposts:GetLifecycleConfiguration", "GetBucketPolicy": "s3-outposts:GetBucketPolicy",
	"GetBucketReplication": "s3-outposts:GetReplicationConfiguration", "GetBucketTagging": "s3-outposts:GetBucketTagging",
	"GetBucketVersioning": "s3-outposts:GetBucketVersioning", "ListRegionalBuckets": "s3-outposts:ListRegionalBuckets",
	"PutBucketLifecycleConfiguration": "s3-outposts:PutLifecycleConfiguration", "PutBucketPolicy": "s3-outposts:PutBucketPolicy",
	"PutBucketReplication": "s3-outposts:PutReplicationConfiguration", "PutBucketTagging": "s3-outposts:PutBucketTagging",
	"PutBucketVersioning": "s3-outposts:PutBucketVersioning",
}

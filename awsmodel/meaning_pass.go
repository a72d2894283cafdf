package awsmodel

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// Whoever hands a role to a service must be allowed to pass it (IAM User Guide, "Grant a user permissions to pass a role to an AWS service"). The
// services' models do not say which members are such roles; their names do: every ARN of a role in or under a member with "role" in its name is
// one, but for those listed here with the reason.

// notPassed are the members, by "prefix:Operation", "prefix:member" or "prefix" alone, whose roles are not handed to a service.
var notPassed = map[string]string{
	"iam":                                    "its operations are about the role itself",
	"sts":                                    "the role is assumed, which its trust policy decides",
	"securityhub":                            "findings describe roles",
	"ec2:AssociateEnclaveCertificateIamRole": "the role is a resource that the action itself is decided on",
	"ec2:DisassociateEnclaveCertificateIamRole":  "the role is a resource that the action itself is decided on",
	"iot:CreateAuditSuppression":                 "it names what an audit shall not report",
	"iot:DeleteAuditSuppression":                 "it names what an audit shall not report",
	"iot:UpdateAuditSuppression":                 "it names what an audit shall not report",
	"license-manager:CreateToken":                "it says which roles may use a token",
	"lakeformation:AssumeDecoratedRoleWithSAML":  "the role is assumed, which its trust policy decides",
	"cognito-identity:GetCredentialsForIdentity": "it is chosen among the roles in an identity provider's token",
	"iotsitewise:CreateAccessPolicy":             "it is who gets access",
	"iotsitewise:UpdateAccessPolicy":             "it is who gets access",
}

// rolesByName are the members that may hold a role's name instead of its ARN.
var rolesByName = map[string]bool{
	"batch:serviceRole": true, "ec2:RoleName": true, "ecs:role": true, "elasticbeanstalk:CodeBuildServiceRole": true,
	"elasticbeanstalk:OperationsRole": true, "elasticbeanstalk:ServiceRole": true, "elasticmapreduce:AutoScalingRole": true,
	"elasticmapreduce:ServiceRole": true, "elasticmapreduce:UserRole": true, "glue:Role": true, "imagebuilder:executionRole": true,
	"imagebuilder:roleName": true, "macie2:roleName": true, "rds:DomainIAMRoleName": true, "ssm:IamRole": true, "sms:roleName": true,
	"elasticmapreduce:ExecutionRoleArn": true, "resiliencehub:invokerRoleName": true,
}

// profileMembers are the members that hold an instance profile's name or ARN, by their prefix.
var profileMembers = map[string]string{
	"autoscaling": "IamInstanceProfile", "batch": "instanceRole", "ec2": "IamInstanceProfile", "ecs": "ec2InstanceProfileArn",
	"elasticmapreduce": "JobFlowRole", "imagebuilder": "instanceProfileName", "opsworks": "DefaultInstanceProfileArn CustomInstanceProfileArn",
	"opsworks-cm": "InstanceProfileArn", "rds": "CustomIamInstanceProfile", "sms": "iamInstanceProfileName",
}

// otherRoles are the members that hold a role's ARN and have no "role" in their names, as their descriptions in the services' API references say.
var otherRoles = map[string]bool{
	"apigateway:credentials": true, "apigateway:authorizerCredentials": true, "apigateway:AuthorizerCredentialsArn": true,
	"apigateway:CredentialsArn": true, "apigateway:value": true, "ec2:DeliverLogsPermissionArn": true, "sns:AttributeValue": true,
	"cognito-idp:SnsCallerArn": true, "dms:KeyCacheSecretIamArn": true,
	"config:Values": true, // of the parameters of a remediation's document
	"rds:Value":     true, // of an option: IAM_ROLE_ARN of SQLSERVER_BACKUP_RESTORE
}

// rolesInText are the operations that may name a role, by its name or in a document of their own, in a text that none of the rules reads, with a word
// in lower case without which the input does so not.
var rolesInText = map[string]string{
	"datapipeline:PutPipelineDefinition": "", // AWS Data Pipeline Developer Guide, "IAM roles for AWS Data Pipeline": role and resourceRole of objects
	// Amazon CloudWatch Logs API Reference, PutAccountPolicy: RoleArn in the document of a subscription filter.
	"logs:PutAccountPolicy": "role",
	// AWS Service Catalog Administrator Guide, "AWS Service Catalog launch constraints": RoleArn or LocalRoleName in JSON.
	"servicecatalog:CreateConstraint": "role",
	"servicecatalog:UpdateConstraint": "role",
	// AWS Systems Manager User Guide, "Default Host Management Configuration": the value of this setting is the role.
	"ssm:UpdateServiceSetting": "default-ec2-instance-management-role",
}

// principals are the services that roles are passed to, by "prefix:member" or prefix (iam:PassedToService; the services' guides, which show the trust
// policies of these roles). Where it is not sure the key is left out, and a policy that asks for it does not allow.
var principals = map[string]string{
	"airflow": "airflow", "apigateway": "apigateway", "appsync": "appsync", "autoscaling:RoleARN": "autoscaling",
	"autoscaling:IamInstanceProfile": "ec2",
	"backup":                         "backup", "batch:serviceRole": "batch", "batch:instanceRole": "ec2", "batch:jobRoleArn": "ecs-tasks",
	"batch:executionRoleArn": "ecs-tasks",
	"batch:taskRoleArn":      "ecs-tasks", "bedrock": "bedrock", "cloudformation": "cloudformation", "cloudtrail": "cloudtrail", "codebuild": "codebuild",
	"codedeploy": "codedeploy", "codepipeline": "codepipeline", "comprehend": "comprehend", "config": "config", "dlm": "dlm",
	"ec2:DeliverLogsPermissionArn": "vpc-flow-logs", "ec2:IamFleetRole": "spotfleet", "ec2:IamInstanceProfile": "ec2", "ec2:RoleName": "vmie",
	"ecs:executionRoleArn": "ecs-tasks", "ecs:taskRoleArn": "ecs-tasks", "ecs:role": "ecs", "eks:CreateCluster": "eks",
	"eks:CreatePodIdentityAssociation": "pods.eks", "elasticmapreduce:JobFlowRole": "ec2", "elasticmapreduce:ServiceRole": "elasticmapreduce",
	"events": "events", "firehose": "firehose", "fis": "fis", "glue": "glue", "iot": "iot", "kinesisanalytics": "kinesisanalytics", "lambda": "lambda",
	"logs": "logs", "pipes": "pipes", "rds:MonitoringRoleArn": "monitoring.rds", "rds:RoleArn": "rds", "redshift": "redshift",
	"rekognition": "rekognition", "sagemaker": "sagemaker", "scheduler": "scheduler", "ssm": "ssm", "states": "states", "textract": "textract",
	"transcribe": "transcribe", "transfer": "transfer",
}

// roleReader finds roles that a request passes.
type roleReader struct {
	*reader
	calls []Call
	seen  map[passed]bool
	err   error
}

// passed is what makes one call for a role differ from another.
type passed struct{ resource, profile, name string }

// passes are the calls for roles that an operation hands to a service, directly, in an instance profile, or in a launch template.
func (r *reader) passes() ([]Call, error) {
	name := r.operation.Name
	if looksFor(r.prefix, name) || notPassed[r.prefix] != "" || notPassed[r.prefix+":"+name] != "" {
		return nil, nil
	}
	reader := &roleReader{reader: r}
	input := r.operation.shape()
	for _, member := range r.members {
		reader.member(member, input.part(member), r.operation.Input[member], rolePlace{})
	}
	reader.likeInstance()
	reader.templates()
	reader.definition()
	if word, known := rolesInText[r.prefix+":"+name]; known {
		names := func(text string) bool { // in JSON a backslash may hide letters
			return strings.Contains(lower(text), word) || strings.Contains(text, `\`)
		}
		if anyText(r.operation.Input, names) {
			reader.pass("", Call{Resource: reader.allRoles(), AnyResource: true})
		}
	}
	return reader.calls, reader.err
}

// looksFor tells by an operation's name that the roles in it are those that it looks for. What is got may be got with a role: credentials, samples.
func looksFor(prefix, name string) bool {
	return reads(name) && !strings.HasPrefix(name, "Get") && prefix != "neptune-db" // whose lists are read with the role
}

// definition adds what the definition of an API that is imported may hold: roles for its integrations and authorizers to call with, as credentials or
// authorizerCredentials in it (Amazon API Gateway Developer Guide, "x-amazon-apigateway-integration object"). It is JSON or YAML, in which nothing
// but a backslash, or another encoding, hides a word.
func (r *roleReader) definition() {
	if r.prefix != "apigateway" {
		return
	}
	text := r.text("Body")
	if blob, is := r.operation.Input["body"].([]byte); is {
		text = string(blob)
	}
	if strings.Contains(lower(text), "credentials") || strings.ContainsAny(text, "\\\x00") || !utf8.ValidString(text) {
		r.pass("credentials", Call{Resource: r.allRoles(), AnyResource: true})
	}
}

// rolePlace is where in a request a text is, as far as its names say what it may be.
type rolePlace struct {
	member  string // that holds it, or a key of a map
	profile string // the member for an instance profile that it is in; empty for none
	role    bool   // it is in or under a name with "role" in it
}

// member goes on into a member of a structure. Where a request describes something else than what it does, nothing is passed.
func (r *roleReader) member(name string, shape *Shape, value any, at rolePlace) {
	plain := bare(name)
	if silent[plain] && plain != "parameters" { // what a document or job gets as a parameter may be the role that it runs with
		return
	}
	at.member = name
	at.role = at.role || strings.Contains(plain, "role")
	if listed(profileMembers[r.prefix], name) {
		at.profile = name
	}
	r.walk(shape, value, at)
}

func (r *roleReader) walk(shape *Shape, value any, at rolePlace) {
	switch v := value.(type) {
	case string:
		r.take(at, v)
	case []any:
		for _, element := range v {
			r.walk(shape.part(""), element, at)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if shape.named() {
				r.member(name, shape.part(name), v[name], at)
				continue
			}
			inner := at // the caller's own key, which hides nothing
			inner.role = at.role || strings.Contains(bare(name), "role")
			r.walk(shape.part(name), v[name], inner)
		}
	}
}

// take adds the call for one text, if it is a role or profile.
func (r *roleReader) take(at rolePlace, text string) {
	key := r.prefix + ":" + at.member
	if text == "" || notPassed[key] != "" {
		return
	}
	if at.profile != "" {
		r.profile(at.profile, text)
		return
	}
	if !at.role && !otherRoles[key] {
		return
	}
	arn, err := policy.ParseARN(text)
	switch {
	case err == nil && arn.Service == "iam" && strings.HasPrefix(arn.Resource, "role/") && strings.HasPrefix(text, "arn:"):
		if err := component(at.member, text); err != nil {
			r.err = err
			return
		}
		r.pass(at.member, Call{Resource: text})
	case err != nil && (rolesByName[key] || forARN(at.member)), strings.Contains(lower(text), ":role/"):
		r.pass(at.member, Call{Resource: r.allRoles(), AnyResource: true, RoleName: text})
	}
}

// forARN tells whether a member is called as one for the ARN of a role. What else is in it some services take for the role's name (Amazon ECS API
// Reference, RegisterTaskDefinition: "The short name or full Amazon Resource Name (ARN) of the IAM role"), or mend until it is an ARN, as what looks like one anywhere.
func forARN(member string) bool {
	return strings.HasSuffix(strings.TrimSuffix(bare(member), "s"), "rolearn")
}

// profile adds the call for an instance profile, whose role is not in the request.
func (r *roleReader) profile(member, text string) {
	r.pass(member, Call{Resource: r.allRoles(), AnyResource: true, InstanceProfile: text})
}

func (r *roleReader) allRoles() string {
	return policy.ARN{Partition: r.place.Partition, Service: "iam", Account: r.place.Account, Resource: "role/*"}.String()
}

func (r *roleReader) pass(member string, call Call) {
	call.Action = "iam:PassRole"
	call.Keys = map[string][]string{}
	call.TagKeys = []string{"aws:ResourceTag/", "iam:ResourceTag/"}
	for _, key := range []string{r.prefix + ":" + member, r.prefix + ":" + r.operation.Name, r.prefix} {
		if service, known := principals[key]; known && r.place.Partition == "aws" {
			call.Keys["iam:PassedToService"] = []string{service + ".amazonaws.com"}
			break
		}
	}
	one := passed{call.Resource, call.InstanceProfile, call.RoleName}
	if r.seen == nil {
		r.seen = map[passed]bool{}
	}
	if !r.seen[one] {
		r.seen[one] = true
		r.calls = append(r.calls, call)
	}
}

// likeInstance adds the role of an instance that a group or launch configuration is made like, which is not in the request (Amazon EC2 Auto Scaling API
// Reference, CreateLaunchConfiguration, "InstanceId": the new one derives attributes from the instance).
func (r *roleReader) likeInstance() {
	name := r.operation.Name
	makes := r.prefix == "autoscaling" && (name == "CreateAutoScalingGroup" || name == "CreateLaunchConfiguration")
	if makes && r.text("InstanceId") != "" && r.text("IamInstanceProfile") == "" {
		r.pass("IamInstanceProfile", Call{Resource: r.allRoles(), AnyResource: true})
	}
}

// templates adds what a launch template may hold: any instance profile's role, and for services that run instances with the caller's permissions,
// those instances (Amazon EC2 User Guide, "Control access to launch templates with IAM permissions"; Amazon EC2 Auto Scaling User Guide,
// "Control Amazon EC2 launch template usage in Auto Scaling groups"). Tags in a template are in the same case.
func (r *roleReader) templates() {
	template := slices.ContainsFunc(r.members, func(member string) bool {
		return strings.HasPrefix(member, "LaunchTemplate") || member == "MixedInstancesPolicy"
	})
	if !template {
		return
	}
	action, needed := templateRuns[r.prefix+":"+r.operation.Name]
	if !needed {
		return
	}
	r.pass("IamInstanceProfile", Call{Resource: r.allRoles(), AnyResource: true})
	for name := range strings.FieldsSeq(action) {
		call, err := r.on(name, "", "*", true)
		if err != nil {
			r.err = err
			return
		}
		r.calls = append(r.calls, call)
	}
}

// templateRuns are the operations that run instances from a launch template, with the actions that they need beside their own.
var templateRuns = map[string]string{
	"autoscaling:CreateAutoScalingGroup": "ec2:RunInstances ec2:CreateTags",
	"autoscaling:UpdateAutoScalingGroup": "ec2:RunInstances ec2:CreateTags",
	"autoscaling:StartInstanceRefresh":   "ec2:RunInstances ec2:CreateTags",
	"ec2:CreateFleet":                    "ec2:RunInstances ec2:CreateTags",
	"ec2:ModifyFleet":                    "ec2:RunInstances ec2:CreateTags",
	"ec2:RunInstances":                   "ec2:CreateTags",
}

package awsmodel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// keyMembers are the condition keys whose values are in members of another name (Service Authorization Reference, the services' condition keys, and
// the services' API references), paths by points.
var keyMembers = map[string]string{
	"acm:certificateauthority":                    "CertificateAuthorityArn",
	"acm:certificatetransparencylogging":          "Options.CertificateTransparencyLoggingPreference",
	"acm:domainnames":                             "DomainName SubjectAlternativeNames",
	"acm:export":                                  "Options.Export",
	"autoscaling:instancetypes":                   "MixedInstancesPolicy.LaunchTemplate.Overrides.InstanceType",
	"autoscaling:metadatahttpendpoint":            "MetadataOptions.HttpEndpoint",
	"autoscaling:metadatahttpputresponsehoplimit": "MetadataOptions.HttpPutResponseHopLimit",
	"autoscaling:metadatahttptokens":              "MetadataOptions.HttpTokens",
	"autoscaling:trafficsourceidentifiers":        "TrafficSources.Identifier",
	"batch:awslogsgroup":                          "containerProperties.logConfiguration.options.awslogs-group",
	"batch:image":                                 "containerProperties.image",
	"batch:logdriver":                             "containerProperties.logConfiguration.logDriver",
	"batch:privileged":                            "containerProperties.privileged",
	"batch:user":                                  "containerProperties.user",
	"cloudformation:targetregion":                 "Regions",
	"ecs:account-setting":                         "name",
	"ecs:capacity-provider":                       "capacityProviderStrategy.capacityProvider",
	"ecs:container-name":                          "container",
	"ecs:subnet":                                  "networkConfiguration.awsvpcConfiguration.subnets",
	"elasticmapreduce:executionrolearn":           "ExecutionRoleArn",
	"kms:bypasspolicylockoutsafetycheck":          "BypassPolicyLockoutSafetyCheck",
	"kms:customermasterkeyspec":                   "CustomerMasterKeySpec",
	"kms:datakeypairspec":                         "KeyPairSpec",
	"kms:encryptionalgorithm":                     "EncryptionAlgorithm",
	"kms:expirationmodel":                         "ExpirationModel",
	"kms:granteeprincipal":                        "GranteePrincipal",
	"kms:grantoperations":                         "Operations",
	"kms:keyagreementalgorithm":                   "KeyAgreementAlgorithm",
	"kms:macalgorithm":                            "MacAlgorithm",
	"kms:messagetype":                             "MessageType",
	"kms:multiregion":                             "MultiRegion",
	"kms:replicaregion":                           "ReplicaRegion",
	"kms:retiringprincipal":                       "RetiringPrincipal",
	"kms:rotationperiodindays":                    "RotationPeriodInDays",
	"kms:schedulekeydeletionpendingwindowindays":  "PendingWindowInDays",
	"kms:signingalgorithm":                        "SigningAlgorithm",
	"kms:validto":                                 "ValidTo",
	"kms:wrappingalgorithm":                       "WrappingAlgorithm",
	"kms:wrappingkeyspec":                         "WrappingKeySpec",
	"lambda:functionurlauthtype":                  "FunctionUrlAuthType AuthType",
	"lambda:layer":                                "Layers",
	"lambda:securitygroupids":                     "VpcConfig.SecurityGroupIds",
	"lambda:subnetids":                            "VpcConfig.SubnetIds",
	"ram:requestedallowsexternalprincipals":       "allowExternalPrincipals",
	"rds:databaseclass":                           "DBInstanceClass",
	"rds:databaseengine":                          "Engine",
	"rds:databasename":                            "DBName DatabaseName",
	"rds:piops":                                   "Iops",
	"rds:storagesize":                             "AllocatedStorage",
	"s3:accessgrantslocationscope":                "LocationScope",
	"sagemaker:intercontainertrafficencryption":   "EnableInterContainerTrafficEncryption NetworkConfig.EnableInterContainerTrafficEncryption",
	"sagemaker:networkisolation":                  "EnableNetworkIsolation NetworkConfig.EnableNetworkIsolation",
	"secretsmanager:addreplicaregions":            "AddReplicaRegions.Region",
	"secretsmanager:forceoverwritereplicasecret":  "ForceOverwriteReplicaSecret",
	"ses:fromaddress":                             "Source FromEmailAddress",
	"ses:recipients":                              "Destination.ToAddresses Destination.CcAddresses Destination.BccAddresses Destinations",
}

// byHand are the services of which no key is taken by its name alone: a member of that name means something else there (the KeySpec of KMS's
// GenerateDataKey is the data key's).
var byHand = map[string]bool{"aws": true, "dynamodb": true, "ec2": true, "elasticloadbalancing": true, "kms": true}

// requestKeys are the condition keys that a request gives, apart from tags and from those that have a member's name.
func (r *reader) requestKeys() map[string][]string {
	keys := map[string][]string{}
	for key, paths := range keyMembers {
		if prefix, _, _ := strings.Cut(key, ":"); prefix != r.prefix {
			continue
		}
		for path := range strings.FieldsSeq(paths) {
			if values := r.scalarsAt(strings.Split(path, ".")...); len(values) > 0 {
				keys[key] = append(keys[key], values...)
			}
		}
	}
	r.serviceKeys(keys)
	return keys
}

// serviceKeys adds those that a service's requests say in ways of their own.
func (r *reader) serviceKeys(keys map[string][]string) {
	switch r.prefix {
	case "autoscaling":
		if zones := r.text("VPCZoneIdentifier"); zones != "" {
			keys["autoscaling:vpczoneidentifiers"] = strings.Split(zones, ",")
		}
	case "dynamodb":
		r.dynamoKeys(keys)
	case "ec2":
		r.ec2Keys(keys)
	case "ecs":
		r.containerKeys(keys)
	case "elasticloadbalancing":
		r.loadBalancingKeys(keys)
	case "events":
		r.eventKeys(keys)
	case "kms":
		r.keyManagementKeys(keys)
	case "lambda":
		if arn, ok := r.functionARN(); ok {
			keys["lambda:functionarn"] = []string{arn}
		}
	case "ram":
		if r.operation.Name == "CreateResourceShare" && keys["ram:requestedallowsexternalprincipals"] == nil {
			keys["ram:requestedallowsexternalprincipals"] = []string{"true"} // the API Reference's default
		}
	case "route53":
		r.recordKeys(keys)
	case "sagemaker":
		r.learningKeys(keys)
	case "secretsmanager":
		r.secretKeys(keys)
	case "ses":
		r.mailKeys(keys)
	}
}

// scalarsAt are the values at a path that condition keys can have.
func (r *reader) scalarsAt(path ...string) []string {
	var values []string
	for _, value := range r.at(path...) {
		list, is := value.([]any)
		if !is {
			list = []any{value}
		}
		for _, element := range list {
			if text, ok := scalar(element); ok {
				values = append(values, text)
			}
		}
	}
	return values
}

// byMember is the value of a key whose name is a member's of the input, where the types agree. It goes no deeper: what a nested member of that name
// means is its structure's matter.
func (r *reader) byMember(name string) ([]string, bool) {
	prefix, local, _ := strings.Cut(name, ":")
	if byHand[lower(prefix)] {
		return nil, false
	}
	if strings.Contains(local, ".") { // CodeBuild's are called as the way to what they hold
		if values := r.scalarsAt(strings.Split(local, ".")...); len(values) > 0 {
			return values, true
		}
	}
	for _, member := range r.members {
		if bare(member) != bare(local) {
			continue
		}
		entry, known := r.reference.Key(name)
		values := r.scalarsAt(member)
		if !known || len(values) == 0 || len(values) > 1 && !entry.List {
			return nil, false
		}
		if !slices.ContainsFunc(values, func(value string) bool { return !ofType(entry.Type, value, r.operation.Input[member]) }) {
			return values, true
		}
	}
	return nil, false
}

// ofType tells whether a member's value is of a key's type.
func ofType(kind, value string, member any) bool {
	switch kind {
	case "ARN":
		_, err := policy.ParseARN(value)
		return err == nil
	case "Bool":
		return value == "true" || value == "false"
	case "Numeric":
		_, text := member.(string)
		return !text
	case "String":
		return true
	}
	return false
}

// keyManagementKeys are those of AWS KMS (AWS KMS Developer Guide, "AWS KMS condition keys").
func (r *reader) keyManagementKeys(keys map[string][]string) {
	keys["kms:calleraccount"] = []string{r.place.Account}
	for _, member := range []string{"KeyId", "SourceKeyId", "DestinationKeyId"} {
		alias := r.text(member)
		if strings.HasPrefix(alias, "arn:") {
			arn, _ := policy.ParseARN(alias)
			alias = arn.Resource
		}
		if strings.HasPrefix(alias, "alias/") {
			keys["kms:requestalias"] = []string{alias}
		}
	}
	if r.operation.Name == "CreateKey" || r.operation.Name == "GenerateDataKeyPair" || r.operation.Name == "GenerateDataKeyPairWithoutPlaintext" {
		for key, member := range map[string]string{"kms:keyspec": "KeySpec", "kms:keyusage": "KeyUsage", "kms:keyorigin": "Origin"} {
			if text := r.text(member); text != "" {
				keys[key] = []string{text}
			}
		}
	}
	contexts := slices.Concat(r.at("EncryptionContext"), r.at("SourceEncryptionContext"), r.at("DestinationEncryptionContext"),
		r.at("Constraints", "EncryptionContextSubset"), r.at("Constraints", "EncryptionContextEquals"))
	r.contextKeys(keys, contexts)
	if constraints, is := r.operation.Input["Constraints"].(map[string]any); is {
		for _, kind := range []string{"EncryptionContextEquals", "EncryptionContextSubset"} {
			if constraints[kind] != nil {
				keys["kms:grantconstrainttype"] = append(keys["kms:grantconstrainttype"], kind)
			}
		}
	}
	if r.operation.Name == "CreateGrant" || r.operation.Name == "ListGrants" || r.operation.Name == "RevokeGrant" {
		// True is for AWS services that act for a caller, which do not come to this gateway.
		keys["kms:grantisforawsresource"] = []string{"false"}
	}
}

// contextKeys are the keys of encryption contexts. Where one key has several values, in a request with two contexts, all of them are told.
func (r *reader) contextKeys(keys map[string][]string, contexts []any) {
	told := map[string]bool{}
	defer func() { r.ambiguous = r.ambiguous || collide(told) }()
	for _, value := range contexts {
		context, _ := value.(map[string]any)
		for _, name := range slices.Sorted(keysOf(context)) {
			text, _ := context[name].(string)
			key := "kms:encryptioncontext:" + name
			if !slices.Contains(keys[key], text) {
				keys[key] = append(keys[key], text)
			}
			if !told[name] {
				told[name] = true
				keys["kms:encryptioncontextkeys"] = append(keys["kms:encryptioncontextkeys"], name)
			}
		}
	}
}

// secretKeys are those of AWS Secrets Manager that a request says by what it leaves out
// (AWS Secrets Manager API Reference, GetSecretValue: without a version it returns AWSCURRENT).
func (r *reader) secretKeys(keys map[string][]string) {
	if r.operation.Name == "GetSecretValue" && r.text("VersionId") == "" && r.text("VersionStage") == "" {
		keys["secretsmanager:versionstage"] = []string{"AWSCURRENT"}
	}
	if r.operation.Name == "RotateSecret" {
		keys["secretsmanager:modifyrotationrules"] = []string{"false"}
		if r.operation.Input["RotationRules"] != nil {
			keys["secretsmanager:modifyrotationrules"] = []string{"true"}
		}
	}
}

// containerKeys are those of Amazon ECS that name a cluster (Amazon ECS API Reference: without one it is the cluster "default").
func (r *reader) containerKeys(keys map[string][]string) {
	cluster := r.text("cluster")
	if cluster == "" {
		cluster = "default"
	}
	if !strings.HasPrefix(cluster, "arn:") {
		cluster = r.arn("ecs", "cluster/"+cluster)
	}
	keys["ecs:cluster"] = []string{cluster}
	for key, path := range map[string][]string{"ecs:privileged": {"containerDefinitions", "privileged"},
		"ecs:auto-assign-public-ip": {"networkConfiguration", "awsvpcConfiguration", "assignPublicIp"}} {
		if values := r.scalarsAt(path...); len(values) > 0 {
			set := slices.Contains(values, "true") || slices.Contains(values, "ENABLED") // one container that is privileged makes the task so
			keys[key] = []string{strconv.FormatBool(set)}
		}
	}
}

// learningKeys are those of Amazon SageMaker AI, which names machines and networks alike wherever a request has them (Amazon SageMaker AI Developer Guide,
// "Amazon SageMaker AI identity-based policy examples", which limits them by ForAllValues).
func (r *reader) learningKeys(keys map[string][]string) {
	for key, members := range map[string]string{"sagemaker:instancetypes": "instancetype", "sagemaker:vpcsubnets": "subnets subnetid subnetids",
		"sagemaker:vpcsecuritygroupids": "securitygroupids securitygroups"} {
		for _, leaf := range r.leaves {
			if listed(members, leaf.plain) && !slices.Contains(keys[key], leaf.text) {
				keys[key] = append(keys[key], leaf.text)
			}
		}
	}
}

// mailKeys adds to the recipients of an e-mail those that stand in a message that is sent as it is. Who they are is not read: they are none that a
// policy names.
func (r *reader) mailKeys(keys map[string][]string) {
	if len(r.at("RawMessage"))+len(r.at("Content", "Raw")) > 0 {
		keys["ses:recipients"] = append(keys["ses:recipients"], "(in the message)")
	}
}

// functionARN is the ARN of the function that an event source mapping is for (lambda:FunctionArn).
func (r *reader) functionARN() (string, bool) {
	name := r.text("FunctionName")
	switch {
	case !strings.Contains(r.operation.Name, "EventSourceMapping") || name == "":
		return "", false
	case strings.HasPrefix(name, "arn:"):
		return name, true
	case strings.Contains(name, ":function:"):
		account, rest, _ := strings.Cut(name, ":function:")
		arn := policy.ARN{Partition: r.place.Partition, Service: "lambda", Region: r.place.Region, Account: account, Resource: "function:" + rest}
		return arn.String(), true
	}
	return r.arn("lambda", "function:"+name), true
}

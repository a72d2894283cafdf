package awsmodel

import (
	"slices"
	"strings"
	"testing"
)

// What a request names within its structures, or beside what a rule has understood, opens the decision: it is never left out of it.
func TestNothingNamedIsLeftOut(t *testing.T) {
	const schema = "arn:aws:glue" + here + "schema/"
	checkMeanings(t, []meaningCase{
		// AWS Glue API Reference, SchemaId: an ARN, or a name with a registry's. Both at once name two schemas.
		{"Glue", "GetSchemaVersionsDiff", `{"SchemaId":{"SchemaArn":"` + schema + `r/mine","SchemaName":"theirs","RegistryName":"r"},"SchemaDiffType":"SYNTAX_DIFF"}`, []string{
			"glue:GetSchemaVersionsDiff arn:aws:glue" + here + "registry/* any", "glue:GetSchemaVersionsDiff " + schema + "r/mine", "glue:GetSchemaVersionsDiff " + schema + "* any"}},
		// AWS Batch API Reference, ComputeEnvironmentOrder: "The Amazon Resource Name (ARN) of the compute environment"; its name is taken as well.
		{"Batch", "UpdateJobQueue", `{"jobQueue":"q","computeEnvironmentOrder":[{"order":1,"computeEnvironment":"theirs"}]}`, []string{
			"batch:UpdateJobQueue arn:aws:batch" + here + "job-queue/q", "batch:UpdateJobQueue arn:aws:batch" + here + "compute-environment/* any"}},
		// An alias's zone is that of its target, which AWS does not decide on.
		{"Route 53", "ChangeResourceRecordSets", `{"HostedZoneId":"Z1","ChangeBatch":{"Changes":[{"Action":"CREATE","ResourceRecordSet":{"Name":"a","Type":"A",
			"AliasTarget":{"HostedZoneId":"Z2","DNSName":"b","EvaluateTargetHealth":false}}}]}}`, []string{"route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z1 route53:ChangeResourceRecordSetsActions=CREATE " +
			"route53:ChangeResourceRecordSetsNormalizedRecordNames=a route53:ChangeResourceRecordSetsRecordTypes=A"}},
		// An ARN of another service is not the cluster's, whatever its last part is.
		{"ECS", "StopTask", `{"cluster":"arn:aws:s3:::c","task":"t"}`, []string{"!2 "}},
		{"ECS", "StopTask", `{"cluster":"arn:aws-cn:ecs` + here + `cluster/c","task":"t"}`, []string{"!2 "}},
		{"Lambda", "Invoke", `{"FunctionName":"arn:aws:lambda` + here + `event-source-mapping:f"}`, []string{"!2 "}},
		// AWS Secrets Manager User Guide: the ARN without the end that AWS gives it names a secret too. Whose policy has "secret:db-??????" may read db alone.
		{"Secrets Manager", "GetSecretValue", `{"SecretId":"arn:aws:secretsmanager` + here + `secret:db-secret"}`, []string{
			"secretsmanager:GetSecretValue arn:aws:secretsmanager" + here + "secret:db-secret* any secretsmanager:SecretId=arn:aws:secretsmanager" + here +
				"secret:db-secret secretsmanager:VersionStage=AWSCURRENT"}},
		{"Auto Scaling", "CreateOrUpdateTags", `{"Tags":[{"ResourceId":"mine","Key":"a","Value":"b"},{"Key":"a","Value":"b"}]}`, []string{"!3 "}},
	})
}

// The key of a map is the caller's, and hides nothing under it, whatever it is called.
func TestKeysOfMapsHideNoRole(t *testing.T) {
	models, reference := openBoth(t)
	const role = "arn:aws:iam::111122223333:role/admin"
	for name, test := range map[string]struct{ service, operation, input string }{
		"a key called as a silent member": {"Cognito Identity", "SetIdentityPoolRoles", `{"IdentityPoolId":"p","Roles":{"policy":"` + role + `"}}`},
		"a key with the word":             {"SSM", "CreateAssociation", `{"Name":"doc","Parameters":{"AutomationAssumeRole":["` + role + `"]}}`},
	} {
		calls, err := NewClassifier(models, reference).calls(&Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: inputOf(t, test.input)}, samplePlace())
		if err != nil || !slices.ContainsFunc(calls, func(c Call) bool { return c.Action == "iam:PassRole" && c.Resource == role }) {
			t.Errorf("%s: %v, %v: the role is not passed", name, calls, err)
		}
	}
}

// A condition key must not be what one reader of the request takes and another does not.
func TestKeysAreNotAmbiguous(t *testing.T) {
	image := `"ImageId":"ami-0123456789abcdef0","SubnetId":"subnet-0123456789abcdef0","SecurityGroupIds":["sg-0123456789abcdef0"]`
	others := []string{"ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0", "ec2:RunInstances " + ec2Here + "instance/*",
		"ec2:RunInstances " + ec2Here + "network-interface/* ec2:Subnet=" + ec2Here + "subnet/subnet-0123456789abcdef0",
		"ec2:RunInstances " + ec2Here + "security-group/sg-0123456789abcdef0", "ec2:RunInstances " + ec2Here + "subnet/subnet-0123456789abcdef0"}
	checkMeanings(t, []meaningCase{
		{"EC2", "CreateTags", `{"Resources":["i-0123456789abcdef0"],"Tags":[{"Key":"team","Value":"a"},{"Key":"team","Value":"b"}]}`, []string{"!2 "}},
		{"EC2", "CreateTags", `{"Resources":["i-0123456789abcdef0"],"Tags":[{"Key":"team","Value":"a"},{"Key":"Team","Value":"b"}]}`, []string{"!2 "}},
		{"EC2", "CreateVolume", `{"TagSpecifications":[{"ResourceType":"volume","Tags":[{"Key":"team","Value":"a"}]},{"ResourceType":"volume","Tags":[{"Key":"team","Value":"b"}]}]}`, []string{"!2 "}},
		{"KMS", "Encrypt", `{"KeyId":"k","EncryptionContext":{"tenant":"a","Tenant":"b"}}`, []string{"!2 "}},
		// ecs:RunTask's propagateTags says where tags are from, and is no tag's key.
		{"ECS", "RunTask", `{"cluster":"c","taskDefinition":"app:3","propagateTags":"SERVICE"}`, []string{
			"ecs:RunTask arn:aws:ecs" + here + "task-definition/app:3 ecs:cluster=arn:aws:ecs" + here + "cluster/c"}},
		// Each volume is decided with its own keys: an encrypted one says nothing of the other.
		{"EC2", "RunInstances", `{` + image + `,"BlockDeviceMappings":[{"DeviceName":"/dev/sdb","Ebs":{"Encrypted":true,"VolumeSize":8}},{"DeviceName":"/dev/sdc","Ebs":{"VolumeSize":8}}]}`,
			append(slices.Clone(others), "ec2:RunInstances "+ec2Here+"volume/* ec2:Encrypted=true ec2:VolumeSize=8", "ec2:RunInstances "+ec2Here+"volume/* ec2:Encrypted=false ec2:VolumeSize=8")},
		// Of three subnets none is the one, as of two.
		{"EC2", "RunInstances", `{"ImageId":"ami-0123456789abcdef0","SecurityGroupIds":["sg-0123456789abcdef0"],"NetworkInterfaces":[{"SubnetId":"subnet-0123456789abcdef0"},
			{"SubnetId":"subnet-0123456789abcdef1"},{"SubnetId":"subnet-0123456789abcdef2"}]}`, []string{others[0], others[1], others[3], others[4],
			"ec2:RunInstances " + ec2Here + "subnet/subnet-0123456789abcdef1", "ec2:RunInstances " + ec2Here + "subnet/subnet-0123456789abcdef2",
			"ec2:RunInstances " + ec2Here + "network-interface/*", "ec2:RunInstances " + ec2Here + "volume/*"}},
	})
}

// Statements that say one thing to a careless reader and another to DynamoDB.
func TestPartiQLTricks(t *testing.T) {
	table := "arn:aws:dynamodb" + here + "table/"
	statement := func(text string) string { return `{"Statement":"` + text + `"}` }
	checkMeanings(t, []meaningCase{
		{"DynamoDB", "ExecuteStatement", statement("SELECT * FROM mine WHERE a = `'` AND owner = `'`"), []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", statement("UPDATE mine.byName SET a = 1 WHERE id = 'x'"), []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", statement("DELETE FROM mine.byName WHERE id = 'x'"), []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", statement("INSERT INTO mine.byName VALUE {'id': 'x'}"), []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", statement("DELETE FROM mine WHERE id = -5"), []string{"dynamodb:PartiQLDelete " + table + "mine dynamodb:Attributes=id dynamodb:LeadingKeys=-5,5"}},
		{"DynamoDB", "ExecuteStatement", statement("DELETE FROM mine WHERE id = 1.5e-3"), []string{"dynamodb:PartiQLDelete " + table + "mine dynamodb:Attributes=id dynamodb:LeadingKeys=1.5e-3"}},
		// A name in quotes is an attribute's although it is a word of the language, or the table's own name too; and so is every word that is selected.
		{"DynamoDB", "ExecuteStatement", statement(`SELECT \"value\", \"mine\", old FROM \"mine\" WHERE \"order\" = 'a'`), []string{
			"dynamodb:PartiQLSelect " + table + "mine dynamodb:Attributes=mine,old,order,value dynamodb:FullTableScan=true dynamodb:LeadingKeys=a,"}},
		{"DynamoDB", "ExecuteStatement", statement(`UPDATE mine SET \"set\" = 1 WHERE id = 'x'`), []string{
			"dynamodb:PartiQLUpdate " + table + "mine dynamodb:Attributes=id,set dynamodb:LeadingKeys=1,x"}},
		{"DynamoDB", "GetItem", `{"TableName":"mine","Key":{"id":{"S":"alice","N":"5"}},"ProjectionExpression":"size, contains"}`, []string{
			"dynamodb:GetItem " + table + "mine dynamodb:Attributes=contains,id,size dynamodb:LeadingKeys=5,alice dynamodb:Select=SPECIFIC_ATTRIBUTES"}},
		{"DynamoDB", "PutItem", `{"TableName":"mine","Item":{"id":{"S":"a"}},"ConditionExpression":"size (#n) < :n AND size = :n","ExpressionAttributeNames":{"#n":"b"}}`, []string{
			"dynamodb:PutItem " + table + "mine dynamodb:Attributes=b,id,size dynamodb:LeadingKeys=a"}},
		// An inequality reads every partition but alice's.
		{"DynamoDB", "ExecuteStatement", statement("SELECT * FROM mine WHERE owner <> 'alice'"), []string{
			"dynamodb:PartiQLSelect " + table + "mine dynamodb:Attributes=owner dynamodb:FullTableScan=true dynamodb:LeadingKeys=alice,"}},
	})
}

// Paths that whoever decodes them twice, or takes a backslash for a slash, reads otherwise.
func TestPathsAreReadOnce(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	for _, path := range []string{"/2015-03-31/functions/f%252Fg", "/2015-03-31/functions/f%25", "/2015-03-31/functions/f%5Cg", "/2015-03-31/functions/%252e%252e"} {
		if o, err := c.Classify("lambda", Request{Method: "GET", Path: path}, samplePlace()); err == nil {
			t.Errorf("%s: %v", path, o.Calls)
		}
	}
	for _, path := range []string{"/moto-api/data.json", "/%6Doto-api/data.json", "/minio/admin/v3/info"} {
		if o, err := c.Classify("mediastore", Request{Method: "GET", Path: path}, samplePlace()); err == nil {
			t.Errorf("%s: %v", path, o.Calls)
		}
	}
	if o, err := c.Classify("mediastore", Request{Method: "GET", Path: "/a/minio"}, samplePlace()); err != nil || o.Name != "GetObject" {
		t.Errorf("got %v, %v", o, err)
	}
	if o, err := c.Classify("lambda", Request{Method: "GET", Path: "/2015-03-31/functions/f"}, samplePlace()); err != nil || o.Name != "GetFunction" {
		t.Errorf("got %v, %v", o, err)
	}
}

// What a text in a request names, and the backend would do with the gateway's key.
func TestTextsNameResourcesToo(t *testing.T) {
	groups := "arn:aws:logs" + here + "log-group:"
	imported := `{"Body":"{\"x-amazon-apigateway-integration\":{\"%s\":\"arn:aws:iam::111122223333:role/admin\"}}"}`
	for _, query := range []string{`# all\rSOURCE logGroups()`, `\u00a0SOURCE logGroups()`, `\ufeffsource logGroups()`, `\u000bSource logGroups()`,
		`// all\nSOURCE logGroups()`, `# all\u2028| SOURCE logGroups()`} {
		checkMeanings(t, []meaningCase{{"CloudWatch Logs", "StartQuery", `{"logGroupName":"mine","startTime":0,"endTime":1,"queryString":"` + query + `"}`,
			[]string{"logs:StartQuery " + groups + "mine:log-stream:", "logs:StartQuery " + groups + "* any"}}})
	}
	checkMeanings(t, []meaningCase{
		{"CloudWatch Logs", "StartQuery", `{"logGroupName":"mine","startTime":0,"endTime":1,"queryString":"# source\nfields source | # source\n limit 1"}`, []string{
			"logs:StartQuery " + groups + "mine:log-stream:"}},
		{"CloudWatch Logs", "StartQuery", `{"logGroupName":"mine","startTime":0,"endTime":1,"queryString":"fields source"}`, []string{"logs:StartQuery " + groups + "mine:log-stream:"}},
		{"CloudWatch Logs", "StartQuery", `{"logGroupName":"mine","startTime":0,"endTime":1,"queryString":"# all\n SOURCE logGroups(namePrefix: ['theirs'])"}`, []string{
			"logs:StartQuery " + groups + "mine:log-stream:", "logs:StartQuery " + groups + "* any"}},
		{"CloudWatch Logs", "StartQuery", `{"logGroupName":"mine","startTime":0,"endTime":1,"queryLanguage":"SQL","queryString":"SELECT * FROM theirs"}`, []string{
			"logs:StartQuery " + groups + "mine:log-stream:", "logs:StartQuery " + groups + "* any"}},
		{"SSM", "GetParameter", `{"Name":"/aws/reference/secretsmanager/app/db","WithDecryption":true}`, []string{
			"ssm:GetParameter arn:aws:ssm" + here + "parameter/aws/reference/secretsmanager/app/db",
			"secretsmanager:GetSecretValue arn:aws:secretsmanager" + here + "secret:app/db-?????? any"}},
		{"ApiGatewayV2", "ImportApi", strings.Replace(imported, "%s", "credentials", 1), []string{"apigateway:PUT arn:aws:apigateway:us-east-1::/apis",
			"iam:PassRole " + anyRole + " any iam:PassedToService=apigateway.amazonaws.com"}},
		{"ApiGatewayV2", "ImportApi", strings.Replace(imported, "%s", `\\u0063redentials`, 1), []string{"apigateway:PUT arn:aws:apigateway:us-east-1::/apis",
			"iam:PassRole " + anyRole + " any iam:PassedToService=apigateway.amazonaws.com"}},
		{"ApiGatewayV2", "ImportApi", `{"Body":"openapi: 3.0.1"}`, []string{"apigateway:PUT arn:aws:apigateway:us-east-1::/apis"}},
	})
}

// Amazon S3's control API has the signing name of Amazon S3, whose door gets its requests: none of them is read as one of a bucket or object
// (Amazon S3 API Reference, "Amazon S3 Control": every request has x-amz-account-id).
func TestControlRequestsAreNoBuckets(t *testing.T) {
	for _, path := range []string{"/v20180820/bucket/mine/policy", "/v20180820/jobs", "/v20180820/configuration/publicAccessBlock"} {
		header := map[string][]string{"X-Amz-Account-Id": {"111122223333"}}
		if o, err := ClassifyS3(Request{Method: "GET", Host: "111122223333.s3-control.us-east-1.amazonaws.com", Path: path, Header: header}, S3Options{}); err == nil {
			t.Errorf("%s is %s", path, o.Name)
		}
	}
}

// notDecidedOn are the members within structures that are called as a type of the action's and name none that it is about, with the reason.
var notDecidedOn = map[string]string{
	"backup:CreateBackupPlan.BackupPlanName": "the name of what is made, in whose ARN is an id that AWS Backup makes up",
	"glue:CreateDatabase.CatalogId":          "the account of a resource link's target, which is shared with AWS Lake Formation and not with this action",
	"glue:CreateTable.CatalogId":             "as for CreateDatabase",
	"glue:UpdateDatabase.CatalogId":          "as for CreateDatabase",
	"glue:UpdateTable.CatalogId":             "as for CreateDatabase",
}

// Every member within the structures of every operation's input that is called as one of the types that its action is about is decided on, as it is or
// by a pattern of all, also where the request names another one of that type.
func TestMembersInStructuresAreCovered(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	checked := 0
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			entry, known := reference.Action(s.Prefix + ":" + o.Name)
			if _, special := meaningOf(s.Prefix + ":" + o.Name); !known || special || entry.WildcardOnly() {
				continue
			}
			input, _ := sampler{entry}.sample(o.Input, "", 0).(map[string]any)
			operation := &Operation{Service: s, Name: o.Name, Input: input}
			calls, err := c.calls(operation, samplePlace())
			if err != nil {
				continue // TestEveryOperationMeansAnAction says why
			}
			r, err := newReader(reference, operation, samplePlace())
			if err != nil {
				t.Fatal(err)
			}
			for _, leaf := range r.leaves {
				for _, use := range entry.ResourceTypes {
					word := bare(use.Type.Name)
					if leaf.top || leaf.text == "" || general[word] || !strings.HasSuffix(stem(leaf.plain), word) || unrelated[s.Prefix+":"+leaf.plain] {
						continue
					}
					checked++
					if notDecidedOn[s.Prefix+":"+o.Name+"."+leaf.member] != "" {
						continue
					}
					p, _ := readPattern(use.Type.ARNs[0])
					if !slices.ContainsFunc(calls, func(call Call) bool { return covers(call, p, leaf.text) }) {
						t.Errorf("%s:%s: %s %q is not decided on as a %s: %v", s.Prefix, o.Name, leaf.member, leaf.text, use.Type.Name, calls)
					}
				}
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d members were looked at", checked)
	}
}

// covers tells whether a call is about what a text names, or about everything of the type.
func covers(call Call, p pattern, text string) bool {
	if call.Resource == "*" || call.Resource == text || strings.HasSuffix(call.Resource, "/"+text) || strings.HasSuffix(call.Resource, ":"+text) {
		return true
	}
	return call.AnyResource && strings.Contains(call.Resource, ":"+p.resource[0].text)
}

// Systems Manager's machines have several ways to be named, each of which needs the permission for them (AWS Systems Manager API Reference, Target;
// AWS Systems Manager User Guide, "Restricting Run Command access based on tags", whose policies allow by ssm:resourceTag).
func TestTargetsAreMachines(t *testing.T) {
	const document = "ssm:SendCommand arn:aws:ssm:us-east-1::document/AWS-RunShellScript"
	const mine, theirs = "i-0123456789abcdef0", "i-0123456789abcdef1"
	instance := "ssm:SendCommand " + ec2Here + "instance/"
	managed := "ssm:SendCommand arn:aws:ssm" + here + "managed-instance/"
	send := func(rest string) string { return `{"DocumentName":"AWS-RunShellScript",` + rest + `}` }
	checkMeanings(t, []meaningCase{
		{"SSM", "SendCommand", send(`"InstanceIds":["` + mine + `"]`), []string{document, instance + mine}},
		{"SSM", "SendCommand", send(`"InstanceIds":["` + mine + `"],"Targets":[{"Key":"InstanceIds","Values":["` + theirs + `","mi-1"]}]`), []string{
			document, instance + mine, instance + theirs, managed + "mi-1"}},
		{"SSM", "SendCommand", send(`"Targets":[{"Key":"InstanceIds","Values":["*"]}]`), []string{document, instance + "* any", managed + "* any"}},
		{"SSM", "SendCommand", send(`"Targets":[{"Key":"InstanceIds","Values":["i-*"]}]`), []string{document, instance + "* any"}},
		{"SSM", "SendCommand", send(`"Targets":[{"Key":"InstanceIds","Values":["a/b"]}]`), []string{"!2 "}},
		{"SSM", "SendCommand", send(`"Targets":[{"Key":"resource-groups:Name","Values":["g"]}]`), []string{document, instance + "* any", managed + "* any"}},
		{"SSM", "SendCommand", send(`"Targets":[{"Key":"tag:env","Values":["dev"]}]`), []string{
			document, instance + "* any aws:ResourceTag/env=dev ssm:resourceTag/env=dev", managed + "* any aws:ResourceTag/env=dev ssm:resourceTag/env=dev"}},
		{"SSM", "SendCommand", send(`"Targets":[{"Key":"tag:env","Values":["dev","prod"]}]`), []string{document, instance + "* any", managed + "* any"}},
		{"SSM", "CreateAssociation", `{"Name":"mine","Targets":[{"Key":"tag-key","Values":["env"]}]}`, []string{
			"ssm:CreateAssociation arn:aws:ssm" + here + "association/*", "ssm:CreateAssociation arn:aws:ssm" + here + "document/mine",
			"ssm:CreateAssociation " + ec2Here + "instance/* any", "ssm:CreateAssociation arn:aws:ssm" + here + "managed-instance/* any"}},
	})
}

// What an operation takes or changes although the request names it by half, or not at all.
func TestWhatIsTakenAlong(t *testing.T) {
	layer := "arn:aws:lambda" + here + "layer:theirs:1"
	key, alias := "arn:aws:kms"+here+"key/", "arn:aws:kms"+here+"alias/"
	profile := "iam:PassRole " + anyRole + " any iam:PassedToService=ec2.amazonaws.com"
	checkMeanings(t, []meaningCase{
		// Amazon ECS API Reference, RegisterTaskDefinition: "The short name or full Amazon Resource Name (ARN) of the IAM role".
		{"ECS", "RegisterTaskDefinition", `{"family":"app","containerDefinitions":[],"taskRoleArn":"admin"}`, []string{
			"ecs:RegisterTaskDefinition arn:aws:ecs" + here + "task-definition/app:* any",
			"iam:PassRole " + anyRole + " any role=admin iam:PassedToService=ecs-tasks.amazonaws.com"}},
		{"SFN", "CreateStateMachine", `{"name":"m","definition":"{}","roleArn":" arn:aws:iam::111122223333:role/admin"}`, []string{
			"states:CreateStateMachine arn:aws:states" + here + "stateMachine:m",
			"iam:PassRole " + anyRole + " any role= arn:aws:iam::111122223333:role/admin iam:PassedToService=states.amazonaws.com"}},
		{"Lambda", "UpdateFunctionConfiguration", `{"FunctionName":"f","Layers":["` + layer + `","arn:aws:lambda:us-east-1:017000801446:layer:public:1"]}`, []string{
			"lambda:UpdateFunctionConfiguration arn:aws:lambda" + here + "function:f lambda:Layer=" + layer + ",arn:aws:lambda:us-east-1:017000801446:layer:public:1",
			"lambda:GetLayerVersion " + layer + " aws:ViaAWSService=true"}},
		{"Lambda", "UpdateFunctionConfiguration", `{"FunctionName":"f","Role":" arn:aws:iam::111122223333:role/admin"}`, []string{
			"lambda:UpdateFunctionConfiguration arn:aws:lambda" + here + "function:f",
			"iam:PassRole " + anyRole + " any role= arn:aws:iam::111122223333:role/admin iam:PassedToService=lambda.amazonaws.com"}},
		{"Lambda", "UpdateFunctionConfiguration", `{"FunctionName":"f","Layers":["theirs:1"]}`, []string{
			"lambda:UpdateFunctionConfiguration arn:aws:lambda" + here + "function:f lambda:Layer=theirs:1",
			"lambda:GetLayerVersion arn:aws:lambda" + here + "layer:* any aws:ViaAWSService=true"}},
		{"KMS", "UpdateAlias", `{"AliasName":"alias/prod","TargetKeyId":"mine"}`, []string{
			"kms:UpdateAlias " + alias + "prod", "kms:UpdateAlias " + key + "mine", "kms:UpdateAlias " + key + "* any"}},
		{"Auto Scaling", "CreateLaunchConfiguration", `{"LaunchConfigurationName":"c","InstanceId":"i-0123456789abcdef0"}`, []string{
			"autoscaling:CreateLaunchConfiguration arn:aws:autoscaling" + here + "launchConfiguration:*:launchConfigurationName/c any", profile}},
		{"Auto Scaling", "CreateLaunchConfiguration", `{"LaunchConfigurationName":"c","InstanceId":"i-0123456789abcdef0","IamInstanceProfile":"p"}`, []string{
			"autoscaling:CreateLaunchConfiguration arn:aws:autoscaling" + here + "launchConfiguration:*:launchConfigurationName/c any",
			"iam:PassRole " + anyRole + " any profile=p iam:PassedToService=ec2.amazonaws.com"}},
		// Amazon SQS API Reference, CreateQueue, says what a queue can be called; urllib.parse cuts a path off at ";" and a URL at "#".
		{"SQS", "SendMessage", `{"MessageBody":"m","QueueUrl":"http://h/111122223333/prod;x-dev"}`, []string{"!2 "}},
		{"SQS", "SendMessage", `{"MessageBody":"m","QueueUrl":"/111122223333/prod#://h/111122223333/dev"}`, []string{"!2 "}},
		{"SQS", "SendMessage", `{"MessageBody":"m","QueueUrl":"http://h?/111122223333/dev"}`, []string{"!2 "}},
		{"SQS", "SendMessage", `{"MessageBody":"m","QueueUrl":"http://[::1]:5000/111122223333/a_b-c.fifo"}`, []string{
			"sqs:SendMessage arn:aws:sqs" + here + "a_b-c.fifo"}},
	})
}

// Amazon RDS API Reference, CreateDBInstance, DBInstanceIdentifier: "This parameter is stored as a lowercase string."
func TestNamesAreStoredInLowerCase(t *testing.T) {
	database := "arn:aws:rds" + here + "db:prod"
	checkMeanings(t, []meaningCase{
		{"RDS", "DeleteDBInstance", `{"DBInstanceIdentifier":"PROD"}`, []string{"rds:DeleteDBInstance " + database}},
		{"RDS", "AddTagsToResource", `{"ResourceName":"arn:aws:rds` + here + `db:Prod","Tags":[]}`, []string{"rds:AddTagsToResource " + database}},
		{"ElastiCache", "DeleteCacheCluster", `{"CacheClusterId":"Prod"}`, []string{"elasticache:DeleteCacheCluster arn:aws:elasticache" + here + "cluster:prod"}},
		{"DynamoDB", "DeleteTable", `{"TableName":"Prod"}`, []string{"dynamodb:DeleteTable arn:aws:dynamodb" + here + "table/Prod"}},
	})
}

// Amazon EventBridge User Guide, "Using IAM policy conditions for fine-grained access control": policies limit targets by ForAllValues, which allows what
// has no such key.
func TestEventKeys(t *testing.T) {
	rule, bus := "arn:aws:events"+here+"rule/r", "events:PutEvents arn:aws:events"+here+"event-bus/default"
	checkMeanings(t, []meaningCase{
		{"EventBridge", "PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"arn:aws:sqs` + here + `a"},{"Id":"2","Arn":"arn:aws:sqs` + here + `b"}]}`, []string{
			"events:PutTargets " + rule + " events:TargetArn=arn:aws:sqs" + here + "a,arn:aws:sqs" + here + "b"}},
		{"EventBridge", "PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"aws.ec2\",{\"prefix\":\"aws.\"}],\"detail-type\":[\"a\"],\"detail\":{\"service\":[\"S3\"]}}"}`, []string{
			"events:PutRule " + rule + ` events:detail-type=a events:detail.service=S3 events:source=aws.ec2,{"prefix":"aws."}`}},
		{"EventBridge", "PutRule", `{"Name":"r","EventPattern":"{\"$or\":[{\"source\":[\"a\"]},{\"source\":\"b\"}]}"}`, []string{"events:PutRule " + rule + " events:source=a,b"}},
		{"EventBridge", "PutEvents", `{"Entries":[{"Source":"a","DetailType":"t"},{"Source":"b","DetailType":"t"},{"Source":"a","DetailType":"t"}]}`, []string{
			bus + " events:detail-type=t events:source=a", bus + " events:detail-type=t events:source=b"}},
	})
}

// What a service reaches for with the permissions of whoever asked it, and what it hands over by a member without the word.
func TestWhatIsBorrowed(t *testing.T) {
	cluster, secret := "arn:aws:rds"+here+"cluster:mine", "arn:aws:secretsmanager"+here+"secret:admin-AbCdEf"
	passed := "iam:PassRole " + anyRole + " any"
	checkMeanings(t, []meaningCase{
		{"RDS Data", "ExecuteStatement", `{"resourceArn":"` + cluster + `","secretArn":"` + secret + `","sql":"select 1"}`, []string{"rds-data:ExecuteStatement " + cluster,
			"secretsmanager:GetSecretValue " + secret + " aws:ViaAWSService=true secretsmanager:SecretId=" + secret + " secretsmanager:VersionStage=AWSCURRENT"}},
		{"Redshift Data", "ListTables", `{"ClusterIdentifier":"c","DbUser":"admin","Database":"d"}`, []string{
			"redshift-data:ListTables arn:aws:redshift" + here + "cluster:* any", "redshift-data:ListTables arn:aws:redshift-serverless" + here + "workgroup/* any",
			"redshift:GetClusterCredentials arn:aws:redshift" + here + "dbuser:c/admin aws:ViaAWSService=true redshift:DbUser=admin"}},
		{"Redshift Data", "ExecuteStatement", `{"WorkgroupName":"w","Database":"d","Sql":"select 1"}`, []string{"!4 "}},
		{"Redshift Serverless", "GetCredentials", `{"workgroupName":"w"}`, []string{"!4 "}},
		{"codeartifact", "GetAuthorizationToken", `{"domain":"d"}`, []string{"!4 "}},
		{"Secrets Manager", "RotateSecret", `{"SecretId":"` + secret + `","RotationLambdaARN":"arn:aws:lambda` + here + `function:f"}`, []string{
			"secretsmanager:RotateSecret " + secret + " secretsmanager:ModifyRotationRules=false secretsmanager:RotationLambdaARN=arn:aws:lambda" + here + "function:f secretsmanager:SecretId=" + secret,
			"lambda:InvokeFunction arn:aws:lambda" + here + "function:f aws:ViaAWSService=true"}},
		{"Cognito Identity Provider", "CreateUserPool", `{"PoolName":"p","SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::111122223333:role/admin"}}`, []string{
			"cognito-idp:CreateUserPool * wildcard", "iam:PassRole arn:aws:iam::111122223333:role/admin"}},
		{"OSIS", "CreatePipeline", `{"PipelineName":"p","MinUnits":1,"MaxUnits":1,"PipelineConfigurationBody":"sts_role_arn: x"}`, []string{"osis:CreatePipeline * wildcard", passed}},
		{"Service Catalog", "CreateConstraint", `{"PortfolioId":"p","ProductId":"q","Type":"LAUNCH","IdempotencyToken":"t","Parameters":"{\"LocalRoleName\":\"admin\"}"}`, []string{
			"servicecatalog:CreateConstraint arn:aws:catalog" + here + "product/q", passed}},
	})
}

// Policies tell by these keys with whom an image may be shared, and which records may be written: Amazon Route 53 Developer Guide, "Using IAM policy
// conditions for fine-grained access control", has the form of names.
func TestKeysOfSharesAndRecords(t *testing.T) {
	image, zone := "ec2:ModifyImageAttribute arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0 ", "route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z1 "
	snapshot := "ec2:ModifySnapshotAttribute arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0 "
	const key = "route53:ChangeResourceRecordSets"
	table := "ec2:ReplaceRouteTableAssociation " + ec2Here
	checkMeanings(t, []meaningCase{
		{"EC2", "ModifyImageAttribute", `{"ImageId":"ami-0123456789abcdef0","LaunchPermission":{"Add":[{"Group":"all"}],"Remove":[{"UserId":"444455556666"}]}}`, []string{
			image + "ec2:Add/group=all", image + "ec2:Remove/userId=444455556666"}},
		{"EC2", "ModifySnapshotAttribute", `{"SnapshotId":"snap-0123456789abcdef0","OperationType":"add","GroupNames":["all"],"UserIds":["1","2"]}`, []string{
			snapshot + "ec2:Add/userId=1", snapshot + "ec2:Add/userId=2", snapshot + "ec2:Add/group=all"}},
		{"EC2", "ReplaceRouteTableAssociation", `{"AssociationId":"rtbassoc-0123456789abcdef0","RouteTableId":"rtb-0123456789abcdef0"}`, []string{
			table + "route-table/rtb-0123456789abcdef0", table + "subnet/* any"}},
		{"EC2", "AssociateAddress", `{"PublicIp":"192.0.2.1","InstanceId":"i-0123456789abcdef0"}`, []string{
			"ec2:AssociateAddress " + ec2Here + "instance/i-0123456789abcdef0", "ec2:AssociateAddress " + ec2Here + "elastic-ip/* any"}},
		{"Route 53", "ChangeResourceRecordSets", `{"HostedZoneId":"Z1","ChangeBatch":{"Changes":[{"Action":"CREATE","ResourceRecordSet":{"Name":"*.A_b-1.Example.com.","Type":"A"}},
			{"Action":"DELETE","ResourceRecordSet":{"Name":"\\141\\056\\101é\\1","Type":"TXT"}}]}}`, []string{zone + key + "Actions=CREATE,DELETE " + key +
			`NormalizedRecordNames=\052.a_b-1.example.com,a\056a\303\251\1341 ` + key + "RecordTypes=A,TXT"}},
	})
}

// Keys that policies hold requests to by ForAllValues, or forbid: absent, the one allows and the other does not forbid (each service's guide, where it
// speaks of condition keys).
func TestKeysOfNestedMembers(t *testing.T) {
	models, reference := openBoth(t)
	for _, test := range []struct{ service, operation, input, key, want string }{
		{"ACM", "RequestCertificate", `{"DomainName":"a.example.com","SubjectAlternativeNames":["b.example.com"]}`, "acm:DomainNames", "a.example.com,b.example.com"},
		{"CloudFormation", "CreateStackInstances", `{"StackSetName":"s","Regions":["eu-west-1","us-east-1"]}`, "cloudformation:TargetRegion", "eu-west-1,us-east-1"},
		{"CodeBuild", "CreateProject", `{"name":"p","environment":{"image":"i","privilegedMode":true}}`, "codebuild:environment.privilegedMode", "true"},
		{"ECS", "RegisterTaskDefinition", `{"family":"f","containerDefinitions":[{"privileged":true},{"privileged":false}]}`, "ecs:privileged", "true"},
		{"ECS", "CreateService", `{"serviceName":"s","networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"],"assignPublicIp":"ENABLED"}}}`, "ecs:auto-assign-public-ip", "true"},
		{"RAM", "CreateResourceShare", `{"name":"s"}`, "ram:RequestedAllowsExternalPrincipals", "true"},
		{"RAM", "CreateResourceShare", `{"name":"s","allowExternalPrincipals":false}`, "ram:RequestedAllowsExternalPrincipals", "false"},
		{"SageMaker", "CreateTrainingJob", `{"TrainingJobName":"j","ResourceConfig":{"InstanceType":"ml.p5.48xlarge"},"VpcConfig":{"Subnets":["subnet-1"]}}`, "sagemaker:InstanceTypes", "ml.p5.48xlarge"},
		{"SageMaker", "CreateTrainingJob", `{"TrainingJobName":"j","VpcConfig":{"Subnets":["subnet-1"]}}`, "sagemaker:VpcSubnets", "subnet-1"},
		{"SES", "SendRawEmail", `{"Destinations":["a@example.com"],"RawMessage":{"Data":"eA=="}}`, "ses:Recipients", "a@example.com,(in the message)"},
		{"Route 53", "AssociateVPCWithHostedZone", `{"HostedZoneId":"Z","VPC":{"VPCRegion":"us-east-1","VPCId":"vpc-1"}}`, "route53:VPCs", "VPCId=vpc-1,VPCRegion=us-east-1"},
	} {
		calls, err := NewClassifier(models, reference).calls(&Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: inputOf(t, test.input)}, samplePlace())
		if err != nil || strings.Join(calls[0].Keys[test.key], ",") != test.want {
			t.Errorf("%s: %v, %v; want %s %s", test.operation, calls, err, test.key, test.want)
		}
	}
	checkMeanings(t, []meaningCase{
		{"SSM", "GetParameter", `{"Name":"//aws/reference/secretsmanager/x"}`, []string{"!2 "}},
		{"SSM", "GetParameter", `{"Name":"arn:aws:ssm` + here + `parameter//aws/reference/secretsmanager/x"}`, []string{"!2 "}},
	})
}

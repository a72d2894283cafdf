package e2e

import "strings"

// computeCallers are pods that run and publish things, each with the least that it needs.
func computeCallers() []cliCaller {
	return []cliCaller{functionCaller(), containerCaller(), instanceCaller(), siteCaller(), interfaceCaller(), productCaller()}
}

// functionCaller passes one role to functions (IAM User Guide, "Grant a user permissions to pass a role to an AWS service").
func functionCaller() cliCaller {
	const (
		functions = "arn:aws:lambda:{region}:{account}:function:"
		make      = "lambda create-function --runtime python3.13 --handler a.b --code S3Bucket=code,S3Key=a.zip --function-name"
	)
	return cliCaller{
		name: "lambda",
		document: grants(grant("lambda:InvokeFunction lambda:GetFunction", functions+"report "+functions+"report:live"), grant("lambda:CreateFunction", functions+"report-*"),
			grantIf("iam:PassRole", "arn:aws:iam::{account}:role/functions", `{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`),
			grant("s3:GetObject", "arn:aws:s3:::code/a.zip")), // Lambda reads the code with the permissions of whoever makes the function
		names: map[string]string{"functions": "arn:aws:lambda:us-west-2:111122223333:function:", "role": "arn:aws:iam::111122223333:role/"},
		calls: append(allowedAll("0", "lambda invoke --function-name report /dev/null", "lambda invoke --function-name {functions}report /dev/null",
			"lambda invoke --function-name report --qualifier live /dev/null", "lambda get-function --function-name report"),
			cliCall{denied: "lambda:InvokeFunction {functions}payroll", run: "lambda invoke --function-name payroll /dev/null"},
			cliCall{denied: "lambda:InvokeFunction {functions}report:next", run: "lambda invoke --function-name report --qualifier next /dev/null"},
			cliCall{denied: "lambda:InvokeFunction", run: "lambda invoke --function-name report --region eu-west-1 /dev/null"},
			cliCall{denied: "lambda:DeleteFunction {functions}report", run: "lambda delete-function --function-name report"},
			cliCall{denied: "lambda:ListFunctions", run: "lambda list-functions"},
			cliCall{allowed: "1 2 3", run: make + " report-daily --role {role}functions"},
			cliCall{denied: "s3:GetObject arn:aws:s3:::code/b.zip", run: strings.ReplaceAll(make, "a.zip", "b.zip") + " report-daily --role {role}functions"},
			cliCall{denied: "iam:PassRole {role}admin", run: make + " report-daily --role {role}admin"},
			cliCall{denied: "lambda:CreateFunction {functions}payroll-daily", run: make + " payroll-daily --role {role}functions"}),
	}
}

func containerCaller() cliCaller {
	const ecs = "arn:aws:ecs:{region}:{account}:"
	return cliCaller{
		name: "containers",
		document: grants(grantIf("ecs:RunTask", ecs+"task-definition/web:*", `{"ArnEquals":{"ecs:cluster":"`+ecs+`cluster/shop"}}`),
			grant("ecs:DescribeServices ecs:UpdateService", ecs+"service/shop/web"), grant("batch:SubmitJob", "arn:aws:batch:{region}:{account}:job-queue/nightly arn:aws:batch:{region}:{account}:job-definition/report:*"),
			grant("eks:DescribeCluster", "arn:aws:eks:{region}:{account}:cluster/demo")),
		names: map[string]string{"ecs": "arn:aws:ecs:us-west-2:111122223333:", "batch": "arn:aws:batch:us-west-2:111122223333:"},
		calls: []cliCall{
			{allowed: "0", run: "ecs run-task --cluster shop --task-definition web:1"},
			{denied: "ecs:RunTask {ecs}task-definition/web:1", run: "ecs run-task --cluster bank --task-definition web:1"},
			{denied: "ecs:RunTask {ecs}task-definition/payroll:1", run: "ecs run-task --cluster shop --task-definition payroll:1"},
			{allowed: "1", run: "ecs describe-services --cluster shop --services web"}, {allowed: "1", run: "ecs update-service --cluster shop --service web --desired-count 2"},
			{denied: "ecs:UpdateService {ecs}service/shop/api", run: "ecs update-service --cluster shop --service api --desired-count 2"},
			{denied: "ecs:DeleteService {ecs}service/shop/web", run: "ecs delete-service --cluster shop --service web"},
			{denied: "ecs:ListClusters", run: "ecs list-clusters"},
			{allowed: "2", run: "batch submit-job --job-name one --job-queue nightly --job-definition report:3"},
			{denied: "batch:SubmitJob {batch}job-queue/urgent", run: "batch submit-job --job-name one --job-queue urgent --job-definition report:3"},
			{denied: "batch:SubmitJob {batch}job-definition/payroll:3", run: "batch submit-job --job-name one --job-queue nightly --job-definition payroll:3"},
			{denied: "batch:DescribeJobQueues", run: "batch describe-job-queues"},
			{served: "(ResourceNotFoundException)", run: "eks describe-cluster --name demo"},
			{denied: "eks:DescribeCluster arn:aws:eks:us-west-2:111122223333:cluster/live", run: "eks describe-cluster --name live"},
		},
	}
}

// instanceCaller starts instances of one image and one type in one subnet (Amazon EC2 User Guide, "Example policies to control access the Amazon EC2
// API": launching instances needs ec2:RunInstances on each resource that takes part).
func instanceCaller() cliCaller {
	const (
		ec2 = "arn:aws:ec2:{region}:{account}:"
		run = "ec2 run-instances --subnet-id subnet-0a1b2c3d4e5f68001 --security-group-ids sg-0a1b2c3d4e5f68001"
	)
	return cliCaller{
		name: "instances",
		document: grants(grant("ec2:RunInstances", "arn:aws:ec2:{region}::image/ami-0a1b2c3d4e5f68001 "+ec2+"subnet/subnet-0a1b2c3d4e5f68001 "+ec2+"security-group/sg-0a1b2c3d4e5f68001 "+
			ec2+"network-interface/* "+ec2+"volume/* "+ec2+"key-pair/web"),
			grantIf("ec2:RunInstances", ec2+"instance/*", `{"StringEquals":{"ec2:InstanceType":"t3.micro"}}`),
			grantIf("ec2:CreateTags", ec2+"instance/*", `{"StringEquals":{"ec2:CreateAction":"RunInstances"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`),
			grantIf("ec2:StopInstances ec2:StartInstances ec2:TerminateInstances", ec2+"instance/*", `{"StringEquals":{"ec2:ResourceTag/team":"web"}}`)),
		names:      map[string]string{"i": "i-0a1b2c3d4e5f68001", "otheri": "i-0a1b2c3d4e5f68002", "ec2": "arn:aws:ec2:us-west-2:111122223333:", "image": "--image-id ami-0a1b2c3d4e5f68001"},
		attributes: map[string]string{"{ec2}instance/{i}": "team=web", "{ec2}instance/{otheri}": "team=data"},
		calls: []cliCall{
			{allowed: "0 1", run: run + " {image} --instance-type t3.micro --key-name web"},
			{allowed: "2", run: run + " {image} --instance-type t3.micro --tag-specifications ResourceType=instance,Tags=[{Key=team,Value=web}]"},
			{denied: "ec2:CreateTags {ec2}instance/*", run: run + " {image} --instance-type t3.micro --tag-specifications ResourceType=instance,Tags=[{Key=owner,Value=web}]"},
			{denied: "ec2:CreateTags {ec2}volume/*", run: run + " {image} --instance-type t3.micro --tag-specifications ResourceType=volume,Tags=[{Key=team,Value=web}]"},
			{denied: "ec2:RunInstances {ec2}instance/*", run: run + " {image} --instance-type m5.large"},
			{denied: "ec2:RunInstances arn:aws:ec2:us-west-2::image/ami-0a1b2c3d4e5f68002", run: run + " --image-id ami-0a1b2c3d4e5f68002 --instance-type t3.micro"},
			{denied: "ec2:RunInstances {ec2}key-pair/data", run: run + " {image} --instance-type t3.micro --key-name data"},
			{denied: "iam:PassRole", run: run + " {image} --instance-type t3.micro --iam-instance-profile Name=admin"},
			{served: "(DryRunOperation)", run: run + " {image} --instance-type t3.micro --dry-run"},
			{allowed: "3", run: "ec2 stop-instances --instance-ids {i}"}, {allowed: "3", run: "ec2 start-instances --instance-ids {i}"},
			{denied: "ec2:StopInstances {ec2}instance/{otheri}", run: "ec2 stop-instances --instance-ids {i} {otheri}"},
			{denied: "ec2:TerminateInstances {ec2}instance/{otheri}", run: "ec2 terminate-instances --instance-ids {otheri} --dry-run"},
			{denied: "ec2:RebootInstances {ec2}instance/{i}", run: "ec2 reboot-instances --instance-ids {i}"},
		},
	}
}

// siteCaller is external-dns and a deployment: one hosted zone, one distribution.
func siteCaller() cliCaller {
	const change = `'{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"web.example.com","Type":"A","TTL":60,"ResourceRecords":[{"Value":"192.0.2.1"}]}}]}'`
	return cliCaller{
		name: "site",
		document: grants(grant("route53:ChangeResourceRecordSets route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z1D633PJN98FT9"), grant("route53:ListHostedZones", "*"),
			grant("cloudfront:CreateInvalidation cloudfront:GetDistribution", "arn:aws:cloudfront::{account}:distribution/EDFDVBD632BHDS5")),
		names: map[string]string{"zones": "arn:aws:route53:::hostedzone/", "sites": "arn:aws:cloudfront::111122223333:distribution/", "change": change},
		calls: []cliCall{
			{allowed: "0", run: "route53 change-resource-record-sets --hosted-zone-id Z1D633PJN98FT9 --change-batch {change}"},
			{allowed: "0", run: "route53 list-resource-record-sets --hosted-zone-id /hostedzone/Z1D633PJN98FT9"},
			{allowed: "1", run: "route53 list-hosted-zones"},
			{denied: "route53:ChangeResourceRecordSets {zones}Z3M3LMPEXAMPLE", run: "route53 change-resource-record-sets --hosted-zone-id Z3M3LMPEXAMPLE --change-batch {change}"},
			{denied: "route53:DeleteHostedZone {zones}Z1D633PJN98FT9", run: "route53 delete-hosted-zone --id Z1D633PJN98FT9"},
			{denied: "route53:ListHostedZonesByName", run: "route53 list-hosted-zones-by-name"},
			{allowed: "2", run: "cloudfront create-invalidation --distribution-id EDFDVBD632BHDS5 --paths /index.html"},
			{allowed: "2", run: "cloudfront get-distribution --id EDFDVBD632BHDS5"},
			{denied: "cloudfront:CreateInvalidation {sites}E2QWRUHEXAMPLE", run: "cloudfront create-invalidation --distribution-id E2QWRUHEXAMPLE --paths /index.html"},
			{denied: "cloudfront:ListDistributions", run: "cloudfront list-distributions"},
		},
	}
}

// interfaceCaller reads one API (API Gateway Developer Guide, "Control access for managing an API": the actions are HTTP's methods, the resources paths).
func interfaceCaller() cliCaller {
	return cliCaller{
		name: "interfaces",
		document: grants(grant("apigateway:GET", "arn:aws:apigateway:{region}::/restapis/a1b2c3d4e5 arn:aws:apigateway:{region}::/restapis/a1b2c3d4e5/* arn:aws:apigateway:{region}::/apis/f6g7h8i9j0"),
			grant("cloudformation:DescribeStacks cloudformation:DescribeStackEvents", "arn:aws:cloudformation:{region}:{account}:stack/shop/*")),
		names: map[string]string{"api": "arn:aws:apigateway:us-west-2::"},
		calls: []cliCall{
			{allowed: "0", run: "apigateway get-rest-api --rest-api-id a1b2c3d4e5"}, {allowed: "0", run: "apigateway get-stages --rest-api-id a1b2c3d4e5"},
			{allowed: "0", run: "apigatewayv2 get-api --api-id f6g7h8i9j0"},
			{denied: "apigateway:GET {api}/restapis/z9y8x7w6v5", run: "apigateway get-rest-api --rest-api-id z9y8x7w6v5"},
			{denied: "apigateway:GET {api}/restapis", run: "apigateway get-rest-apis"},
			{denied: "apigateway:DELETE {api}/restapis/a1b2c3d4e5", run: "apigateway delete-rest-api --rest-api-id a1b2c3d4e5"},
			{denied: "apigateway:POST {api}/restapis", run: "apigateway create-rest-api --name fresh"},
			{denied: "apigateway:GET", run: "apigateway get-rest-api --rest-api-id a1b2c3d4e5 --region eu-west-1"},
			{denied: "apigateway:PATCH {api}/apis/f6g7h8i9j0", run: "apigatewayv2 update-api --api-id f6g7h8i9j0 --name fresh"},
			{allowed: "1", run: "cloudformation describe-stack-events --stack-name shop"},
			{denied: "cloudformation:DescribeStackEvents", run: "cloudformation describe-stack-events --stack-name bank"},
			{refused: "cloudformation:DeleteStack cannot be decided here", run: "cloudformation delete-stack --stack-name shop"},
		},
	}
}

func productCaller() cliCaller {
	return cliCaller{
		name: "products",
		document: grants(grant("servicecatalog:DescribePortfolio", "arn:aws:catalog:{region}:{account}:portfolio/port-2s6xuabcdefgh"),
			grant("application-autoscaling:RegisterScalableTarget application-autoscaling:DescribeScalableTargets", "*"), grant("tag:GetResources sts:GetCallerIdentity", "*")),
		names: map[string]string{"portfolios": "arn:aws:catalog:us-west-2:111122223333:portfolio/"},
		calls: []cliCall{
			{allowed: "0", run: "servicecatalog describe-portfolio --id port-2s6xuabcdefgh"},
			{denied: "servicecatalog:DescribePortfolio {portfolios}port-zzzzzzzzzzzzz", run: "servicecatalog describe-portfolio --id port-zzzzzzzzzzzzz"},
			{denied: "servicecatalog:DeletePortfolio {portfolios}port-2s6xuabcdefgh", run: "servicecatalog delete-portfolio --id port-2s6xuabcdefgh"},
			{allowed: "1", run: "application-autoscaling describe-scalable-targets --service-namespace ecs"},
			{denied: "application-autoscaling:DeleteScalingPolicy", run: "application-autoscaling delete-scaling-policy --policy-name a --service-namespace ecs --resource-id service/shop/web --scalable-dimension ecs:service:DesiredCount"},
			{allowed: "2", run: "resourcegroupstaggingapi get-resources"},
			{refused: "tag:TagResources cannot be decided here", run: "resourcegroupstaggingapi tag-resources --resource-arn-list arn:aws:s3:::shop --tags team=web"},
			{served: "assumed-role/products/e2e", run: "sts get-caller-identity"},
		},
	}
}

package e2e

// networkCallers are nodes' pods with the policies of the VPC CNI plugin: for IPv4, for IPv6, and scoped to a cluster.
func networkCallers() []cliCaller {
	const ec2 = "arn:aws:ec2:us-west-2:111122223333:"
	return []cliCaller{
		{
			name: "cni-ipv4", upstream: "aws-vpc-cni/ipv4.json",
			names: map[string]string{"eni": "eni-0a1b2c3d4e5f64001", "i": "i-0a1b2c3d4e5f64001", "attachment": "eni-attach-0a1b2c3d4e5f64001"},
			calls: append(allowedAll("0",
				"ec2 assign-private-ip-addresses --network-interface-id {eni} --secondary-private-ip-address-count 1",
				"ec2 attach-network-interface --network-interface-id {eni} --instance-id {i} --device-index 1",
				"ec2 create-network-interface --subnet-id subnet-0a1b2c3d4e5f64001 --groups sg-0a1b2c3d4e5f64001",
				"ec2 delete-network-interface --network-interface-id {eni}", "ec2 describe-instances", "ec2 describe-tags", "ec2 describe-network-interfaces",
				"ec2 describe-instance-types", "ec2 describe-security-groups", "ec2 describe-subnets", "ec2 detach-network-interface --attachment-id {attachment}",
				"ec2 modify-network-interface-attribute --network-interface-id {eni} --attachment AttachmentId={attachment},DeleteOnTermination=true",
				"ec2 unassign-private-ip-addresses --network-interface-id {eni} --private-ip-addresses 10.0.0.5"),
				cliCall{allowed: "1", run: "ec2 create-tags --resources {eni} --tags Key=team,Value=web"},
				cliCall{denied: "ec2:CreateTags " + ec2 + "instance/{i}", run: "ec2 create-tags --resources {eni} {i} --tags Key=team,Value=web"},
				cliCall{denied: "ec2:DeleteTags " + ec2 + "network-interface/{eni}", run: "ec2 delete-tags --resources {eni} --tags Key=team"},
				cliCall{denied: "ec2:AssignIpv6Addresses " + ec2 + "network-interface/{eni}", run: "ec2 assign-ipv6-addresses --network-interface-id {eni} --ipv6-address-count 1"},
				cliCall{denied: "ec2:DescribeVpcs", run: "ec2 describe-vpcs"}),
		},
		{
			name: "cni-ipv6", upstream: "aws-vpc-cni/ipv6.json",
			names: map[string]string{"eni": "eni-0a1b2c3d4e5f65001", "i": "i-0a1b2c3d4e5f65001"},
			calls: append(allowedAll("0", "ec2 assign-ipv6-addresses --network-interface-id {eni} --ipv6-address-count 1", "ec2 describe-instances", "ec2 describe-security-groups",
				"ec2 describe-subnets", "ec2 describe-tags", "ec2 describe-network-interfaces", "ec2 describe-instance-types"),
				cliCall{allowed: "1", run: "ec2 create-tags --resources {eni} --tags Key=team,Value=web"},
				cliCall{denied: "ec2:CreateTags " + ec2 + "instance/{i}", run: "ec2 create-tags --resources {i} --tags Key=team,Value=web"},
				cliCall{denied: "ec2:UnassignIpv6Addresses", run: "ec2 unassign-ipv6-addresses --network-interface-id {eni} --ipv6-addresses 2001:db8::1"},
				cliCall{denied: "ec2:CreateNetworkInterface", run: "ec2 create-network-interface --subnet-id subnet-0a1b2c3d4e5f65001"}),
		},
		{
			name: "cni-cluster", upstream: "aws-vpc-cni/ipv4-scoped-to-cluster.json", fill: []string{"${CLUSTER_NAME}", "demo", "${VPC_ID}", "vpc-0a1b2c3d4e5f66001"},
			names: map[string]string{"eni": "eni-0a1b2c3d4e5f66001", "othereni": "eni-0a1b2c3d4e5f66002", "i": "i-0a1b2c3d4e5f66001", "otheri": "i-0a1b2c3d4e5f66002",
				"sg": "sg-0a1b2c3d4e5f66001", "enis": ec2 + "network-interface/"},
			keys: map[string]string{ec2 + "subnet/subnet-0a1b2c3d4e5f66001": "ec2:Vpc=" + ec2 + "vpc/vpc-0a1b2c3d4e5f66001",
				ec2 + "subnet/subnet-0a1b2c3d4e5f66002": "ec2:Vpc=" + ec2 + "vpc/vpc-0a1b2c3d4e5f66002",
				ec2 + "security-group/{sg}":             "ec2:Vpc=" + ec2 + "vpc/vpc-0a1b2c3d4e5f66001"},
			attributes: map[string]string{"{enis}{eni}": "cluster.k8s.amazonaws.com/name=demo", "{enis}{othereni}": "cluster.k8s.amazonaws.com/name=live",
				ec2 + "instance/{i}": "kubernetes.io/cluster/demo=owned", ec2 + "instance/{otheri}": "kubernetes.io/cluster/live=owned"},
			calls: scopedInterfaces(),
		},
	}
}

// scopedInterfaces are calls under a policy that names the cluster's tags and its VPC. Where a request does not name the resource (an attachment), AWS looks
// it up and the gateway cannot know: docs/gateway.md, "Limits".
func scopedInterfaces() []cliCall {
	const (
		attach = "ec2 attach-network-interface --device-index 1"
		assign = "ec2 assign-private-ip-addresses --secondary-private-ip-address-count 1 --network-interface-id"
		remove = "ec2 unassign-private-ip-addresses --private-ip-addresses 10.0.0.5 --network-interface-id"
		modify = "ec2 modify-network-interface-attribute --network-interface-id"
		make   = "ec2 create-network-interface --subnet-id subnet-0a1b2c3d4e5f66001"
		other  = "ec2 create-network-interface --subnet-id subnet-0a1b2c3d4e5f66002"
		third  = "ec2 create-network-interface --subnet-id subnet-0a1b2c3d4e5f66003"
		tags   = " --tag-specifications ResourceType=network-interface,Tags=[{Key=cluster.k8s.amazonaws.com/name,Value="
	)
	return append(allowedAll("0", "ec2 describe-instances", "ec2 describe-tags", "ec2 describe-network-interfaces", "ec2 describe-subnets", "ec2 describe-instance-types"),
		cliCall{allowed: "1", run: "ec2 create-tags --resources {othereni} --tags Key=team,Value=web"},
		cliCall{denied: "ec2:CreateTags", run: "ec2 create-tags --resources {i} --tags Key=team,Value=web"},
		cliCall{denied: "ec2:CreateNetworkInterface {enis}*", run: make},
		cliCall{denied: "ec2:CreateNetworkInterface {enis}*", run: make + tags + "live}]"},
		cliCall{allowed: "2 3", run: make + tags + "demo}]"},
		cliCall{allowed: "2 3", run: make + tags + "demo}] --groups {sg}"},
		cliCall{denied: "ec2:CreateNetworkInterface arn:aws:ec2:us-west-2:111122223333:security-group/sg-0a1b2c3d4e5f66002", run: make + tags + "demo}] --groups sg-0a1b2c3d4e5f66002"},
		cliCall{denied: "ec2:CreateNetworkInterface arn:aws:ec2:us-west-2:111122223333:subnet/subnet-0a1b2c3d4e5f66002", run: other + tags + "demo}]"},
		cliCall{denied: "ec2:CreateNetworkInterface arn:aws:ec2:us-west-2:111122223333:subnet/subnet-0a1b2c3d4e5f66003", run: third + tags + "demo}]"}, // of which nothing is known
		cliCall{allowed: "4", run: "ec2 delete-network-interface --network-interface-id {eni}"},
		cliCall{denied: "ec2:DeleteNetworkInterface {enis}{othereni}", run: "ec2 delete-network-interface --network-interface-id {othereni}"},
		cliCall{denied: "ec2:DeleteNetworkInterface", run: "ec2 delete-network-interface --region eu-west-1 --network-interface-id {eni}"},
		cliCall{allowed: "4", run: assign + " {eni}"}, cliCall{denied: "ec2:AssignPrivateIpAddresses {enis}{othereni}", run: assign + " {othereni}"},
		cliCall{allowed: "4", run: remove + " {eni}"}, cliCall{denied: "ec2:UnassignPrivateIpAddresses {enis}{othereni}", run: remove + " {othereni}"},
		cliCall{allowed: "4 5", run: attach + " --network-interface-id {eni} --instance-id {i}"},
		cliCall{denied: "ec2:AttachNetworkInterface {enis}{othereni}", run: attach + " --network-interface-id {othereni} --instance-id {i}"},
		cliCall{denied: "ec2:AttachNetworkInterface arn:aws:ec2:us-west-2:111122223333:instance/{otheri}", run: attach + " --network-interface-id {eni} --instance-id {otheri}"},
		cliCall{allowed: "4", run: modify + " {eni} --description web"},
		cliCall{allowed: "4 6", run: modify + " {eni} --groups {sg}"},
		cliCall{denied: "ec2:ModifyNetworkInterfaceAttribute {enis}{othereni}", run: modify + " {othereni} --groups {sg}"},
		cliCall{denied: "ec2:DetachNetworkInterface", run: "ec2 detach-network-interface --attachment-id eni-attach-0a1b2c3d4e5f66001"},
		cliCall{denied: "ec2:DescribeSecurityGroups", run: "ec2 describe-security-groups"},
	)
}

// scalingCallers are pods with the policies of the Cluster Autoscaler.
func scalingCallers() []cliCaller {
	const (
		set       = "autoscaling set-desired-capacity --desired-capacity 3 --auto-scaling-group-name"
		terminate = "autoscaling terminate-instance-in-auto-scaling-group --should-decrement-desired-capacity --instance-id i-0a1b2c3d4e5f670"
		stop      = terminate + "01"
		groups    = "arn:aws:autoscaling:us-west-2:111122223333:autoScalingGroup:2b0c8e5d-0000-4000-8000-000000000001:autoScalingGroupName/"
		instances = "arn:aws:ec2:us-west-2:111122223333:instance/i-0a1b2c3d4e5f670"
	)
	reads := []string{"autoscaling describe-auto-scaling-groups", "autoscaling describe-auto-scaling-instances", "autoscaling describe-launch-configurations",
		"autoscaling describe-scaling-activities", "ec2 describe-instance-types", "ec2 describe-launch-template-versions --launch-template-id lt-0a1b2c3d4e5f67001"}
	const nodes = "eks describe-nodegroup --cluster-name demo --nodegroup-name workers"
	more := []string{"ec2 describe-images",
		"ec2 get-instance-types-from-instance-requirements --architecture-types x86_64 --virtualization-types hvm --instance-requirements VCpuCount={Min=2},MemoryMiB={Min=4096}"}
	named := "arn:aws:autoscaling:us-west-2:111122223333:autoScalingGroup:*:autoScalingGroupName/"
	return []cliCaller{
		{
			name: "autoscaler-full", upstream: "cluster-autoscaler/full-features.json",
			calls: append(append(allowedAll("0", append(more, reads...)...), allowedAll("1", set+" workers", stop)...),
				cliCall{allowed: "0", run: nodes}, cliCall{denied: "autoscaling:UpdateAutoScalingGroup", run: "autoscaling update-auto-scaling-group --auto-scaling-group-name workers --max-size 100"},
				cliCall{denied: "autoscaling:DescribeTags", run: "autoscaling describe-tags"}),
		},
		{
			name: "autoscaler-discovery", upstream: "cluster-autoscaler/autodiscovery-oidc-doc.json",
			calls: append(append(allowedAll("0", reads...), allowedAll("1", set+" workers", stop)...),
				cliCall{denied: "ec2:DescribeImages", run: "ec2 describe-images"},
				cliCall{denied: "autoscaling:DeleteAutoScalingGroup", run: "autoscaling delete-auto-scaling-group --auto-scaling-group-name workers"}),
		},
		{
			name: "autoscaler-one", upstream: "cluster-autoscaler/minimal-asg-arn.json",
			fill: []string{"${YOUR_CLUSTER_AWS_REGION}", "us-west-2", "${YOUR_AWS_ACCOUNT_ID}", "111122223333", "${YOUR_ASG_NAME}", "workers"},
			calls: []cliCall{
				{allowed: "0", run: set + " workers"},
				{denied: "autoscaling:SetDesiredCapacity " + named + "others", run: set + " others"},
				{denied: "autoscaling:SetDesiredCapacity", run: set + " workers --region us-east-1"},
				{denied: "autoscaling:TerminateInstanceInAutoScalingGroup", run: stop}, // of which group it is, the gateway does not know
				{allowed: "0", run: terminate + "13"},
				{denied: "autoscaling:TerminateInstanceInAutoScalingGroup " + groups + "foreign", run: terminate + "12"},
				// "Actions that describe have no resource-level permissions" (Amazon EC2 Auto Scaling User Guide, "How Amazon EC2 Auto Scaling works with IAM").
				{denied: "autoscaling:DescribeAutoScalingGroups", run: "autoscaling describe-auto-scaling-groups"},
				{denied: "autoscaling:DescribeAutoScalingInstances", run: "autoscaling describe-auto-scaling-instances"},
				{denied: "autoscaling:DescribeLaunchConfigurations", run: "autoscaling describe-launch-configurations"},
				{denied: "autoscaling:DescribeScalingActivities", run: "autoscaling describe-scaling-activities"},
				{denied: "eks:DescribeNodegroup", run: nodes},
			},
		},
		{
			name: "autoscaler-tags", upstream: "derived/cluster-autoscaler-tag-scoped.json", fill: []string{"${ClusterName}", "demo"},
			attributes: map[string]string{
				instances + "11": "aws:autoscaling:groupName=own", instances + "12": "aws:autoscaling:groupName=foreign", instances + "13": "aws:autoscaling:groupName=workers",
				groups + "own":     "k8s.io/cluster-autoscaler/enabled=true k8s.io/cluster-autoscaler/demo=owned",
				groups + "foreign": "k8s.io/cluster-autoscaler/enabled=true k8s.io/cluster-autoscaler/live=owned"},
			calls: append(append(allowedAll("0", append(more, reads...)...), allowedAll("0", "autoscaling describe-tags")...),
				cliCall{allowed: "0", run: nodes},
				cliCall{allowed: "1", run: set + " own"},
				cliCall{allowed: "1", run: terminate + "11"},
				cliCall{denied: "autoscaling:SetDesiredCapacity " + groups + "foreign", run: set + " foreign"},
				cliCall{denied: "autoscaling:TerminateInstanceInAutoScalingGroup " + groups + "foreign", run: terminate + "12"},
				cliCall{denied: "autoscaling:SetDesiredCapacity " + named + "unknown", run: set + " unknown"},
				cliCall{denied: "autoscaling:TerminateInstanceInAutoScalingGroup", run: stop}),
		},
	}
}

// secretCallers are pods with the policies of External Secrets.
func secretCallers() []cliCaller {
	const (
		secrets = "arn:aws:secretsmanager:us-west-2:111122223333:secret:"
		policy  = `'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'`
	)
	reads := func(secret string) []string {
		return []string{"secretsmanager get-secret-value --secret-id " + secret, "secretsmanager describe-secret --secret-id " + secret,
			"secretsmanager list-secret-version-ids --secret-id " + secret}
	}
	return []cliCaller{
		{
			name: "secrets-all", upstream: "external-secrets/secretsmanager-read-all.json",
			calls: append(allowedAll("0", append(reads("prod-db"), reads(secrets+"prod-db-AbCdEf")...)...),
				cliCall{denied: "secretsmanager:ListSecrets", run: "secretsmanager list-secrets"},
				cliCall{denied: "secretsmanager:PutSecretValue", run: "secretsmanager put-secret-value --secret-id prod-db --secret-string hush"}),
		},
		{
			name: "secrets-batch", upstream: "external-secrets/secretsmanager-read-with-batch.json",
			calls: append(append(allowedAll("1", append(reads("dev-db"), reads(secrets+"dev-db-AbCdEf")...)...),
				allowedAll("0", "secretsmanager list-secrets", "secretsmanager batch-get-secret-value --secret-id-list dev-db dev-api")...),
				cliCall{denied: "secretsmanager:GetSecretValue", run: "secretsmanager batch-get-secret-value --secret-id-list dev-db prod-db"},
				cliCall{denied: "secretsmanager:GetSecretValue", run: "secretsmanager get-secret-value --secret-id prod-db"},
				cliCall{denied: "secretsmanager:GetSecretValue " + secrets + "prod-db-AbCdEf", run: "secretsmanager get-secret-value --secret-id " + secrets + "prod-db-AbCdEf"},
				cliCall{denied: "secretsmanager:GetSecretValue", run: "secretsmanager get-secret-value --secret-id dev-db --region us-east-1"},
				cliCall{denied: "secretsmanager:GetSecretValue", run: "secretsmanager get-secret-value --secret-id arn:aws:secretsmanager:us-west-2:444455556666:secret:dev-db-AbCdEf"},
				cliCall{denied: "secretsmanager:DescribeSecret", run: "secretsmanager describe-secret --secret-id api"},
				cliCall{denied: "secretsmanager:DeleteSecret", run: "secretsmanager delete-secret --secret-id dev-db"}),
		},
		{
			name: "secrets-push", upstream: "external-secrets/secretsmanager-push-restrictive.json",
			attributes: map[string]string{secrets + "dev-own-AbCdEf": "managed-by=external-secrets", secrets + "dev-hand-AbCdEf": "managed-by=hand"},
			calls: append(allowedAll("0", "secretsmanager create-secret --name dev-api --secret-string hush",
				"secretsmanager create-secret --name dev-api --secret-string hush --tags Key=managed-by,Value=external-secrets",
				"secretsmanager put-secret-value --secret-id dev-api --secret-string hush", "secretsmanager tag-resource --secret-id dev-api --tags Key=team,Value=web",
				"secretsmanager replicate-secret-to-regions --secret-id dev-api --add-replica-regions Region=us-east-1",
				"secretsmanager remove-regions-from-replication --secret-id dev-api --remove-replica-regions us-east-1"),
				cliCall{served: secrets + "dev-own-AbCdEf", run: "secretsmanager put-resource-policy --secret-id " + secrets + "dev-own-AbCdEf --resource-policy " + policy},
				cliCall{served: "ResourcePolicy", run: "secretsmanager get-resource-policy --secret-id " + secrets + "dev-own-AbCdEf"},
				cliCall{served: secrets + "dev-own-AbCdEf", run: "secretsmanager delete-resource-policy --secret-id " + secrets + "dev-own-AbCdEf"},
				cliCall{denied: "secretsmanager:PutResourcePolicy", run: "secretsmanager put-resource-policy --secret-id prod-api --resource-policy " + policy},
				cliCall{denied: "secretsmanager:GetResourcePolicy", run: "secretsmanager get-resource-policy --secret-id prod-api"},
				cliCall{denied: "secretsmanager:DeleteResourcePolicy", run: "secretsmanager delete-resource-policy --secret-id prod-api"},
				cliCall{denied: "secretsmanager:CreateSecret", run: "secretsmanager create-secret --name prod-api --secret-string hush"},
				cliCall{denied: "secretsmanager:PutSecretValue", run: "secretsmanager put-secret-value --secret-id dev-api --secret-string hush --region us-east-1"},
				cliCall{denied: "secretsmanager:TagResource", run: "secretsmanager tag-resource --secret-id prod-api --tags Key=team,Value=web"},
				cliCall{denied: "secretsmanager:GetSecretValue", run: "secretsmanager get-secret-value --secret-id dev-api"},
				cliCall{allowed: "1", run: "secretsmanager delete-secret --secret-id " + secrets + "dev-own-AbCdEf"},
				cliCall{denied: "secretsmanager:DeleteSecret " + secrets + "dev-hand-AbCdEf", run: "secretsmanager delete-secret --secret-id " + secrets + "dev-hand-AbCdEf"}),
		},
	}
}

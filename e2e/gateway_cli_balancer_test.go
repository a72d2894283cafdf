package e2e

// loadBalancerCallers are pods with the policy of the AWS Load Balancer Controller.
func loadBalancerCallers() []cliCaller {
	const (
		groups   = "arn:aws:ec2:us-west-2:111122223333:security-group/"
		balancer = "arn:aws:elasticloadbalancing:us-west-2:111122223333:"
		mine     = "elbv2.k8s.aws/cluster=demo"
	)
	return []cliCaller{{
		name: "load-balancer-controller", upstream: "aws-load-balancer-controller/iam_policy.json",
		names: map[string]string{
			"sg": "sg-0a1b2c3d4e5f60001", "othersg": "sg-0a1b2c3d4e5f60002", "vpc": "vpc-0a1b2c3d4e5f60001",
			"lb": balancer + "loadbalancer/app/web/50dc6c495c0c9188", "otherlb": balancer + "loadbalancer/app/other/50dc6c495c0c9189",
			"nlb": balancer + "loadbalancer/net/tcp/50dc6c495c0c9190",
			"tg":  balancer + "targetgroup/web/73e2d6bc24d8a067", "othertg": balancer + "targetgroup/other/73e2d6bc24d8a068",
			"listener": balancer + "listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2", "otherlistener": balancer + "listener/app/other/50dc6c495c0c9189/f2f7dc8efc522ab3",
			"rule":  balancer + "listener-rule/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee",
			"store": balancer + "truststore/roots/73e2d6bc24d8a067",
			"cert":  "arn:aws:acm:us-west-2:111122223333:certificate/12345678-1234-1234-1234-123456789012",
			"acl":   "arn:aws:wafv2:us-west-2:111122223333:regional/webacl/web/a1b2c3d4-5678-90ab-cdef-111111111111",
		},
		attributes: map[string]string{groups + "{sg}": mine, "{lb}": mine, "{nlb}": mine, "{tg}": mine, "{listener}": mine, groups + "{othersg}": "team=other"},
		calls:      concat(balancerReads(), balancerGroups(), balancerMakes(), balancerChanges()),
	}}
}

// concat joins parts of one caller's calls.
func concat(parts ...[]cliCall) (calls []cliCall) {
	for _, part := range parts {
		calls = append(calls, part...)
	}
	return calls
}

// allowedAll are commands that one statement allows.
func allowedAll(statement string, commands ...string) (calls []cliCall) {
	for _, command := range commands {
		calls = append(calls, cliCall{allowed: statement, run: command})
	}
	return calls
}

func balancerReads() []cliCall {
	calls := allowedAll("1",
		"ec2 describe-account-attributes", "ec2 describe-addresses", "ec2 describe-availability-zones", "ec2 describe-internet-gateways", "ec2 describe-vpcs",
		"ec2 describe-vpc-peering-connections", "ec2 describe-subnets", "ec2 describe-security-groups --group-ids {sg}", "ec2 describe-instances",
		"ec2 describe-network-interfaces", "ec2 describe-tags", "ec2 get-coip-pool-usage --pool-id ipv4pool-coip-0a1b2c3d4e5f60001", "ec2 describe-coip-pools",
		"ec2 get-security-groups-for-vpc --vpc-id {vpc}", "ec2 describe-ipam-pools", "ec2 describe-route-tables",
		"elbv2 describe-load-balancers", "elbv2 describe-load-balancer-attributes --load-balancer-arn {lb}", "elbv2 describe-listeners --load-balancer-arn {lb}",
		"elbv2 describe-listener-certificates --listener-arn {listener}", "elbv2 describe-ssl-policies", "elbv2 describe-rules --listener-arn {listener}",
		"elbv2 describe-target-groups", "elbv2 describe-target-group-attributes --target-group-arn {tg}", "elbv2 describe-target-health --target-group-arn {tg}",
		"elbv2 describe-tags --resource-arns {lb} {tg}", "elbv2 describe-trust-stores", "elb describe-load-balancers")
	calls = append(calls, allowedAll("1", "elbv2 describe-listener-attributes --listener-arn {listener}", "elbv2 describe-capacity-reservation --load-balancer-arn {lb}")...)
	calls = append(calls, allowedAll("2",
		"cognito-idp describe-user-pool-client --user-pool-id us-west-2_aBcDeFgHi --client-id 1h57kf5cpq17m0eml12EXAMPLE",
		"acm list-certificates", "acm describe-certificate --certificate-arn {cert}",
		"waf-regional get-web-acl --web-acl-id a1b2c3d4-5678-90ab-cdef-222222222222", "waf-regional get-web-acl-for-resource --resource-arn {lb}",
		"waf-regional associate-web-acl --web-acl-id a1b2c3d4-5678-90ab-cdef-222222222222 --resource-arn {lb}", "waf-regional disassociate-web-acl --resource-arn {lb}",
		"wafv2 get-web-acl --name web --scope REGIONAL --id a1b2c3d4-5678-90ab-cdef-111111111111", "wafv2 get-web-acl-for-resource --resource-arn {lb}",
		"wafv2 associate-web-acl --web-acl-arn {acl} --resource-arn {lb}", "wafv2 disassociate-web-acl --resource-arn {lb}",
		"shield get-subscription-state", "shield describe-protection --protection-id a1b2c3d4-5678-90ab-cdef-333333333333",
		"shield create-protection --name web --resource-arn {lb}", "shield delete-protection --protection-id a1b2c3d4-5678-90ab-cdef-333333333333")...)
	return append(calls,
		cliCall{served: "AWSServiceRoleForElasticLoadBalancing", run: "iam create-service-linked-role --aws-service-name elasticloadbalancing.amazonaws.com"},
		cliCall{denied: "iam:CreateServiceLinkedRole", run: "iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com"},
		cliCall{served: "ServerCertificateMetadataList", run: "iam list-server-certificates"},
		cliCall{served: "(NoSuchEntity)", run: "iam get-server-certificate --server-certificate-name web"},
		cliCall{denied: "iam:ListRoles", run: "iam list-roles"},
		cliCall{denied: "ec2:DescribeVolumes", run: "ec2 describe-volumes"},
		cliCall{denied: "elasticloadbalancing:DescribeAccountLimits", run: "elbv2 describe-account-limits"},
		cliCall{denied: "acm:GetCertificate {cert}", run: "acm get-certificate --certificate-arn {cert}"},
		cliCall{denied: "cognito-idp:DescribeUserPool", run: "cognito-idp describe-user-pool --user-pool-id us-west-2_aBcDeFgHi"},
		cliCall{denied: "wafv2:DeleteWebACL", run: "wafv2 delete-web-acl --name web --scope REGIONAL --id a1b2c3d4-5678-90ab-cdef-111111111111 --lock-token a1b2c3d4-5678-90ab-cdef-111111111111"},
		cliCall{denied: "shield:ListProtections", run: "shield list-protections"},
		cliCall{denied: "waf-regional:ListWebACLs", run: "waf-regional list-web-acls"},
	)
}

func balancerGroups() []cliCall {
	const (
		rule = " --protocol tcp --port 443 --cidr 10.0.0.0/8"
		make = "ec2 create-security-group --group-name web --description web --vpc-id {vpc}"
		spec = " --tag-specifications ResourceType=security-group,Tags="
		sg   = "arn:aws:ec2:us-west-2:111122223333:security-group/"
	)
	return []cliCall{
		{allowed: "3", run: "ec2 authorize-security-group-ingress --group-id {othersg}" + rule},
		{allowed: "3", run: "ec2 revoke-security-group-ingress --group-id {othersg}" + rule},
		{denied: "ec2:AuthorizeSecurityGroupEgress " + sg + "{sg}", run: "ec2 authorize-security-group-egress --group-id {sg} --protocol tcp --port 443 --cidr 10.0.0.0/8"},
		{allowed: "4", run: make},
		{allowed: "5", run: make + spec + "[{Key=elbv2.k8s.aws/cluster,Value=demo}]"},
		{denied: "ec2:CreateTags " + sg + "*", run: make + spec + "[{Key=team,Value=web}]"},
		{allowed: "6", run: "ec2 create-tags --resources {sg} --tags Key=team,Value=web"},
		{denied: "ec2:CreateTags " + sg + "{sg}", run: "ec2 create-tags --resources {sg} --tags Key=elbv2.k8s.aws/cluster,Value=demo"},
		{denied: "ec2:CreateTags " + sg + "{othersg}", run: "ec2 create-tags --resources {othersg} --tags Key=team,Value=web"},
		{denied: "ec2:CreateTags " + sg + "{othersg}", run: "ec2 create-tags --resources {sg} {othersg} --tags Key=team,Value=web"},
		{denied: "ec2:CreateTags", run: "ec2 create-tags --resources i-0a1b2c3d4e5f60001 --tags Key=team,Value=web"},
		{denied: "ec2:CreateTags", run: "ec2 create-tags --region us-east-1 --resources {sg} --tags Key=team,Value=web"},
		{allowed: "6", run: "ec2 delete-tags --resources {sg} --tags Key=team"},
		{denied: "ec2:DeleteTags " + sg + "{othersg}", run: "ec2 delete-tags --resources {othersg} --tags Key=team"},
		{allowed: "7", run: "ec2 delete-security-group --group-id {sg}"},
		{denied: "ec2:DeleteSecurityGroup " + sg + "{othersg}", run: "ec2 delete-security-group --group-id {othersg}"},
		{served: "(DryRunOperation)", run: "ec2 delete-security-group --group-id {sg} --dry-run"},
		{denied: "ec2:DeleteSecurityGroup " + sg + "{othersg}", run: "ec2 delete-security-group --group-id {othersg} --dry-run"},
	}
}

func balancerMakes() []cliCall {
	const (
		balancer = "elbv2 create-load-balancer --name fresh --subnets subnet-0a1b2c3d4e5f60001 subnet-0a1b2c3d4e5f60002"
		group    = "elbv2 create-target-group --name fresh --protocol HTTP --port 80 --vpc-id {vpc}"
		ours     = " --tags Key=elbv2.k8s.aws/cluster,Value=demo"
		forward  = "Type=forward,TargetGroupArn={tg}"
		listener = "elbv2 create-listener --load-balancer-arn {lb} --protocol HTTP --port 80 --default-actions " + forward
	)
	return []cliCall{
		{allowed: "8", run: balancer + ours},
		{allowed: "13", run: balancer + ours},
		{allowed: "13", run: balancer + " --type network" + ours},
		{denied: "elasticloadbalancing:CreateLoadBalancer", run: balancer},
		{denied: "elasticloadbalancing:CreateLoadBalancer", run: balancer + " --tags Key=team,Value=web"},
		{allowed: "8", run: group + ours},
		{denied: "elasticloadbalancing:CreateTargetGroup", run: group},
		{allowed: "9", run: listener},
		{allowed: "11", run: listener + " --tags Key=team,Value=web"},
		{allowed: "9", run: "elbv2 delete-listener --listener-arn {otherlistener}"},
		{allowed: "9", run: "elbv2 create-rule --listener-arn {listener} --priority 1 --conditions Field=path-pattern,Values=/a --actions " + forward},
		{allowed: "9", run: "elbv2 delete-rule --rule-arn {rule}"},
		{allowed: "10", run: "elbv2 add-tags --resource-arns {tg} {lb} --tags Key=team,Value=web"},
		{denied: "elasticloadbalancing:AddTags {otherlb}", run: "elbv2 add-tags --resource-arns {otherlb} --tags Key=team,Value=web"},
		{denied: "elasticloadbalancing:AddTags {tg}", run: "elbv2 add-tags --resource-arns {tg} --tags Key=elbv2.k8s.aws/cluster,Value=demo"},
		{allowed: "11", run: "elbv2 add-tags --resource-arns {rule} {otherlistener} --tags Key=team,Value=web"},
		{denied: "elasticloadbalancing:AddTags {store}", run: "elbv2 add-tags --resource-arns {store} --tags Key=team,Value=web"},
		{denied: "elasticloadbalancing:AddTags arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/classic",
			run: "elb add-tags --load-balancer-names classic --tags Key=team,Value=web"},
		{allowed: "10", run: "elbv2 remove-tags --resource-arns {tg} --tag-keys team"},
		{denied: "elasticloadbalancing:RemoveTags {othertg}", run: "elbv2 remove-tags --resource-arns {othertg} --tag-keys team"},
	}
}

func balancerChanges() (calls []cliCall) {
	const forward = "Type=forward,TargetGroupArn={tg}"
	for _, change := range []struct{ action, command, mine, other string }{
		{"ModifyLoadBalancerAttributes", "modify-load-balancer-attributes --attributes Key=idle_timeout.timeout_seconds,Value=30 --load-balancer-arn", "lb", "otherlb"},
		{"SetIpAddressType", "set-ip-address-type --ip-address-type ipv4 --load-balancer-arn", "lb", "otherlb"},
		{"SetSecurityGroups", "set-security-groups --security-groups sg-0a1b2c3d4e5f60001 --load-balancer-arn", "lb", "otherlb"},
		{"SetSubnets", "set-subnets --subnets subnet-0a1b2c3d4e5f60001 --load-balancer-arn", "nlb", "otherlb"},
		{"DeleteLoadBalancer", "delete-load-balancer --load-balancer-arn", "lb", "otherlb"},
		{"ModifyTargetGroup", "modify-target-group --health-check-path /healthz --target-group-arn", "tg", "othertg"},
		{"ModifyTargetGroupAttributes", "modify-target-group-attributes --attributes Key=stickiness.enabled,Value=true --target-group-arn", "tg", "othertg"},
		{"DeleteTargetGroup", "delete-target-group --target-group-arn", "tg", "othertg"},
		{"ModifyListenerAttributes", "modify-listener-attributes --attributes Key=tcp.idle_timeout.seconds,Value=60 --listener-arn", "listener", "otherlistener"},
		{"ModifyCapacityReservation", "modify-capacity-reservation --minimum-load-balancer-capacity CapacityUnits=100 --load-balancer-arn", "lb", "otherlb"},
		{"ModifyIpPools", "modify-ip-pools --ipam-pools Ipv4IpamPoolId=ipam-pool-0a1b2c3d4e5f60001 --load-balancer-arn", "lb", "otherlb"},
	} {
		calls = append(calls,
			cliCall{allowed: "12", run: "elbv2 " + change.command + " {" + change.mine + "}"},
			cliCall{denied: "elasticloadbalancing:" + change.action + " {" + change.other + "}", run: "elbv2 " + change.command + " {" + change.other + "}"})
	}
	calls = append(calls, allowedAll("14",
		"elbv2 register-targets --target-group-arn {othertg} --targets Id=i-0a1b2c3d4e5f60001", "elbv2 deregister-targets --target-group-arn {tg} --targets Id=i-0a1b2c3d4e5f60001")...)
	calls = append(calls, allowedAll("15",
		"elbv2 modify-listener --listener-arn {listener} --port 81", "elbv2 add-listener-certificates --listener-arn {listener} --certificates CertificateArn={cert}",
		"elbv2 remove-listener-certificates --listener-arn {listener} --certificates CertificateArn={cert}", "elbv2 modify-rule --rule-arn {rule} --actions "+forward,
		"elbv2 set-rule-priorities --rule-priorities RuleArn={rule},Priority=5")...)
	return append(calls,
		cliCall{denied: "elasticloadbalancing:CreateTrustStore", run: "elbv2 create-trust-store --name roots --ca-certificates-bundle-s3-bucket certificates --ca-certificates-bundle-s3-key roots.pem"},
		cliCall{denied: "elasticloadbalancing:RegisterInstancesWithLoadBalancer", run: "elb register-instances-with-load-balancer --load-balancer-name classic --instances i-0a1b2c3d4e5f60001"})
}

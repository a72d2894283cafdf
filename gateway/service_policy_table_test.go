package gateway

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
)

// notOfResources are operations that have a policy or permission in them, and put none on a resource that AWS Identity and Access Management would decide
// by: patterns of SERVICE:NAME, with the reason.
var notOfResources = map[string]string{
	`(sts|iam|eks|cloudtrail|s3):.*`:                                                                 "the plane's own API, or S3's door",
	`access-analyzer:.*|secretsmanager:ValidateResourcePolicy`:                                       "it checks a policy and keeps none",
	`(application-)?autoscaling:.*|gamelift:.*|elasticmapreduce:.*`:                                  "how a service scales",
	`elasticloadbalancing:.*`:                                                                        "how a load balancer listens",
	`(batch|dlm|swf|fms|resiliencehub|securityhub):.*`:                                               "how a service schedules, keeps or checks",
	`cloudfront:.*|apigateway:CreateDomainName`:                                                      "how a service caches and speaks TLS",
	`cloudformation:.*`:                                                                              "what a stack's update may replace",
	`(clouddirectory|iot|iotsitewise|verifiedpermissions|aoss):.*`:                                   "policies of a language or of principals of the service's own",
	`(sso|rolesanywhere|transfer|organizations):.*`:                                                  "policies of sessions, users, or what it takes an attachment to count",
	`(storagegateway|workspaces|workspaces-web|kendra|ivs|waf.*):.*`:                                 "settings of the service",
	`(quicksight|workdocs|workmail|grafana|finspace-api|ram|ssm-sap|opsworks|lakeformation|qldb):.*`: "grants of the service's own, to principals of its own",
	`(rds|bedrock):.*`: "states and settings",
	`ec2:.*(Fleet|SpotFleetRequest|LaunchPermission|NetworkInterfacePermission|EndpointServicePermissions)`: "settings, and grants of the service's own",
	`ec2:.*(IpamPolicy|TransitGatewayMeteringPolicy|NetworkingFlexCostAllocationPolicy)`:                    "how addresses are given and costs told apart",
	`(appstream|mediaconvert|ses):.*`: "settings of the service",
	`logs:(PutRetentionPolicy|PutAccountPolicy|PutDataProtectionPolicy|PutIndexPolicy|PutStorageTierPolicy|.*Account.*)|sns:.*(DataProtection|CreateTopic).*`: "how data are kept and masked",
	`(ecr|imagebuilder|mediastore|elasticfilesystem):.*(Lifecycle|Cors|Metric|Backup).*`:                                                                      "how data are kept and read",
	`network(-firewall|manager):.*(FirewallPolicy|CoreNetwork).*`:                                                                                             "how a network filters and routes",
	`route53:.*TrafficPolicy`:  "how names resolve",
	`acm-pca:CreatePermission`: "a grant to ACM, the service",
	`glacier:SetDataRetrievalPolicy|ssm:PutParameter|cleanrooms-ml:Create.*`: "limits, expiry and tags",
	`ssm:ModifyDocumentPermission`:                                           "whom a document is shared with",
	`(kms|sqs|dynamodb):Create.*`:                                            "the new resource's policy is kept (policyOfNew)",
}

// TestEveryPolicyIsKnown: every operation of every service that may put a policy on a resource is enforced, refused, or listed with the reason why it puts
// none. What takes a policy away needs no row: a policy that is kept here without its removal denies or allows what its owner asked for last.
func TestEveryPolicyIsKnown(t *testing.T) {
	table, err := awsmodel.NewModels()
	if err != nil {
		t.Fatal(err)
	}
	var reasons []*regexp.Regexp
	for pattern := range notOfResources {
		reasons = append(reasons, regexp.MustCompile(`^(`+pattern+`)$`))
	}
	used := make([]int, len(reasons))
	for _, service := range table.Services() {
		for _, o := range service.Operations() {
			if !putsSomePolicy(o) {
				continue
			}
			name := service.SigningName + ":" + o.Name
			_, refused := unenforced[name]
			verb := policyOperationOf(service.SigningName, o.Name).verb
			if verb != notPolicy || refused || isUnenforced(service.SigningName, o.Name, nil) {
				continue
			}
			listed := slices.IndexFunc(reasons, func(r *regexp.Regexp) bool { return r.MatchString(name) })
			if listed < 0 {
				t.Errorf("%s puts a policy of which nothing is known", name)
				continue
			}
			used[listed]++
		}
	}
	for i, n := range used {
		if n == 0 {
			t.Errorf("%s is the reason of no operation", reasons[i])
		}
	}
}

// putsSomePolicy tells by the names in the model: of the operation, and of the members that may hold a document.
func putsSomePolicy(o *awsmodel.OperationModel) bool {
	for _, prefix := range []string{"Get", "List", "Describe", "Delete", "Remove", "Detach", "Disassociate", "Cancel", "Batch", "Lookup", "Search", "Simulate", "Check"} {
		if strings.HasPrefix(o.Name, prefix) {
			return false
		}
	}
	if strings.HasSuffix(o.Name, "Policy") || strings.HasSuffix(o.Name, "Policies") || strings.Contains(o.Name, "Permission") {
		return true
	}
	return slices.ContainsFunc(o.Input.Members, func(m awsmodel.Member) bool {
		name := strings.ToLower(m.Name)
		text := m.Shape.Kind == awsmodel.String || m.Shape.Kind == awsmodel.Document
		return text && (strings.HasSuffix(name, "policy") || strings.HasSuffix(name, "policies") || strings.Contains(name, "policydocument") || strings.Contains(name, "policytext"))
	})
}

// TestPolicyTables: every row is an operation of a model, with its document.
func TestPolicyTables(t *testing.T) {
	table, err := awsmodel.NewModels()
	if err != nil {
		t.Fatal(err)
	}
	find := func(signingName, operation string) *awsmodel.OperationModel {
		for _, service := range table.ByName(signingName) {
			if o, ok := service.Operation(operation); ok {
				return o
			}
		}
		t.Errorf("%s has no %s", signingName, operation)
		return nil
	}
	for _, s := range policyServices {
		if o := find(s.service, s.put); o != nil {
			if m, ok := o.Input.Member(s.document); !ok || m.Shape.Kind != awsmodel.String {
				t.Errorf("%s of %s has no %s", s.put, s.service, s.document)
			}
		}
		for _, name := range []string{s.get, s.remove} {
			if name != "" {
				find(s.service, name)
			}
		}
	}
	for name, member := range unenforced {
		service, operation, _ := strings.Cut(name, ":")
		if o := find(service, operation); o != nil && member != "" {
			if _, ok := o.Input.Member(member); !ok {
				t.Errorf("%s has no %s", name, member)
			}
		}
	}
	for name := range edits {
		service, operation, _ := strings.Cut(name, ":")
		find(service, operation)
	}
}

package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/openirsa/openirsa/policy"
)

// instanceTimeout bounds the question of where this machine runs: outside EC2 nobody answers.
const instanceTimeout = 5 * time.Second

// InstanceAccount asks EC2's instance metadata service for the account and the partition that this machine is in, from its instance identity document
// (Amazon EC2 User Guide, "Instance identity documents"). endpoint is the service's URL; empty: the standard one.
func InstanceAccount(ctx context.Context, endpoint string) (partition, account string, err error) {
	ctx, cancel := context.WithTimeout(ctx, instanceTimeout)
	defer cancel()
	document, err := imds.New(imds.Options{Endpoint: endpoint}).GetInstanceIdentityDocument(ctx, &imds.GetInstanceIdentityDocumentInput{})
	if err != nil {
		return "", "", fmt.Errorf("asking EC2's instance metadata service: %w", err)
	}
	p, ok := policy.PartitionOfRegion(document.Region)
	if !ok || document.AccountID == "" {
		return "", "", fmt.Errorf("the instance identity document has the account %q and the region %q", document.AccountID, document.Region)
	}
	return p.ID, document.AccountID, nil
}

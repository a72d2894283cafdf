package cloud

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// AuthorizationDetails returns all users, groups, roles and policies of the account, page by page, each as the JSON of one answer to
// GetAccountAuthorizationDetails: the names are the API's, and policy documents are URL-encoded.
func (c *Client) AuthorizationDetails(ctx context.Context) ([][]byte, error) {
	var pages [][]byte
	paginator := iam.NewGetAccountAuthorizationDetailsPaginator(c.iam, &iam.GetAccountAuthorizationDetailsInput{})
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(ctx)
		if err != nil {
			return nil, asError("IAM GetAccountAuthorizationDetails", err)
		}
		encoded, err := json.Marshal(map[string]any{"UserDetailList": page.UserDetailList, "GroupDetailList": page.GroupDetailList,
			"RoleDetailList": page.RoleDetailList, "Policies": page.Policies})
		if err != nil {
			return nil, fmt.Errorf("reading the account's details: %w", err)
		}
		pages = append(pages, encoded)
	}
	return pages, nil
}

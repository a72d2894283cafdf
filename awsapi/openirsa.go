package awsapi

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/trail"
)

// openirsaOperations are our own calls, which AWS has no counterpart for: signed AWS JSON 1.1 requests with credential scope
// openirsa and the header "X-Amz-Target: OpenIRSA.<name>". Policies grant them as openirsa:<name>.
func openirsaOperations(c Config) map[string]operation {
	table := named(map[string]operation{
		"CreateAccount":                openirsa(createAccount(c.Directory)),
		"ListAccounts":                 openirsa(listAccounts(c.Directory)),
		"CloseAccount":                 openirsa(closeAccount(c.Directory)),
		"DisableRoot":                  openirsa(disableRoot(c.Directory)),
		"PutOpenIDConnectProviderKeys": openirsa(putKeys(c.Directory)),
		"RegisterCluster":              openirsa(registerCluster(c.Directory)),
		"DeregisterCluster":            openirsa(deregisterCluster(c.Directory)),
		"SyncCluster":                  openirsa(syncCluster(c.Directory)),
		"ListClusters":                 openirsa(listClusters(c.Directory)),
		"ReceiveTokenReviews":          openirsa(receiveTokenReviews(c.Reviews)),
		"CompleteTokenReviews":         openirsa(completeTokenReviews(c.Reviews)),
		"Preflight":                    openirsa(preflight(c.Trail, c.Advisor)),
		"GetEvents":                    openirsa(getEvents(c.Trail, c.DefaultAccount)),
	})
	return prefixed("OpenIRSA.", table)
}

// OpenIRSAOperations returns the names of our own calls, ascending. As actions of policies they are openirsa:<name>.
func OpenIRSAOperations() []string {
	names := make([]string, 0, 16)
	for _, op := range openirsaOperations(Config{}) { // bound to nothing, and none is made
		names = append(names, op.name)
	}
	slices.Sort(names)
	return names
}

func openirsa[In any](do func(context.Context, iam.Caller, In) (any, error)) operation {
	return jsonCall("openirsa", do)
}

// CreateAccountInput names the account to make, 12 digits.
type CreateAccountInput struct {
	AccountId string
}

// CreateAccountOutput has the new account's root access key, told this once.
type CreateAccountOutput struct {
	AccountId, AccessKeyId, SecretAccessKey string
}

func createAccount(d *iam.Directory) func(context.Context, iam.Caller, CreateAccountInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in CreateAccountInput) (any, error) {
		key, err := d.CreateAccount(ctx, caller, iam.CreateAccountInput{AccountID: in.AccountId})
		if err != nil {
			return nil, err
		}
		return CreateAccountOutput{AccountId: key.Account, AccessKeyId: key.ID, SecretAccessKey: key.Secret}, nil
	}
}

// ListAccountsInput continues at Marker; MaxItems nil is 100.
type ListAccountsInput struct {
	Marker   string `json:",omitempty"`
	MaxItems *int   `json:",omitempty"`
}

// ListAccountsOutput is one page of accounts; CreateDate is RFC 3339.
type ListAccountsOutput struct {
	Accounts    []AccountOutput
	IsTruncated bool
	Marker      string `json:",omitempty"`
}

// AccountOutput is one account. Status is ACTIVE or CLOSED, as AWS Organizations' State.
type AccountOutput struct{ AccountId, CreateDate, Status string }

// CloseAccountInput names the account to close, for good.
type CloseAccountInput struct {
	AccountId string
}

func closeAccount(d *iam.Directory) func(context.Context, iam.Caller, CloseAccountInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in CloseAccountInput) (any, error) {
		return nil, d.CloseAccount(ctx, caller, iam.CloseAccountInput{AccountID: in.AccountId})
	}
}

// DisableRootInput has no member: the root is that of the caller's account.
type DisableRootInput struct{}

func disableRoot(d *iam.Directory) func(context.Context, iam.Caller, DisableRootInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, _ DisableRootInput) (any, error) {
		return nil, d.DisableRoot(ctx, caller)
	}
}

func listAccounts(d *iam.Directory) func(context.Context, iam.Caller, ListAccountsInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in ListAccountsInput) (any, error) {
		page, err := d.ListAccounts(ctx, caller, iam.ListAccountsInput{Paging: iam.Paging{Marker: in.Marker, MaxItems: in.MaxItems}})
		if err != nil {
			return nil, err
		}
		out := ListAccountsOutput{Accounts: []AccountOutput{}, IsTruncated: page.IsTruncated, Marker: page.Marker}
		for _, account := range page.Items {
			status := "ACTIVE"
			if !account.Closed.IsZero() {
				status = "CLOSED"
			}
			out.Accounts = append(out.Accounts, AccountOutput{account.ID, timestamp(account.Created), status})
		}
		return out, nil
	}
}

// PutOpenIDConnectProviderKeysInput sets a provider's inline keys. KeySet is a JWK set (RFC 7517), which replaces the earlier
// one, or null, which has the keys fetched from the issuer again. It must be given: a forgotten one must not mean null.
type PutOpenIDConnectProviderKeysInput struct {
	OpenIDConnectProviderArn string
	KeySet                   json.RawMessage
}

func putKeys(d *iam.Directory) func(context.Context, iam.Caller, PutOpenIDConnectProviderKeysInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in PutOpenIDConnectProviderKeysInput) (any, error) {
		set := iam.PutOpenIDConnectProviderKeysInput{OpenIDConnectProviderARN: in.OpenIDConnectProviderArn, JWKS: in.KeySet}
		switch string(in.KeySet) {
		case "":
			return nil, missing("keySet")
		case "null":
			set.JWKS = nil
		}
		return nil, d.PutOpenIDConnectProviderKeys(ctx, caller, set)
	}
}

// GetEventsInput asks for the events of one request, by the id that its answer had in x-amzn-RequestId.
type GetEventsInput struct {
	RequestId string
}

// GetEventsOutput has them newest first, each with its decision or explanation.
type GetEventsOutput struct {
	Events []trail.Event
}

// getEvents answers openirsa:GetEvents, which this package authorizes and records itself, as every call on the trail. An account sees its own events; events of no account (requests whose sender nobody could name) are shown to the
// plane's default account only. What a caller may not see is left out, so that a request id tells nothing across accounts.
func getEvents(events Trail, defaultAccount string) func(context.Context, iam.Caller, GetEventsInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in GetEventsInput) (any, error) {
		event, err := mayRead(ctx, events, caller, "openirsa", "GetEvents", "*")
		if err != nil {
			return nil, err
		}
		if !isParameterName(in.RequestId) {
			return nil, missing("requestId")
		}
		event.RequestParameters = map[string]any{"requestId": in.RequestId}
		events.Enqueue(event)
		found, err := events.Find(ctx, in.RequestId)
		if err != nil {
			return nil, err
		}
		out := GetEventsOutput{Events: []trail.Event{}}
		for _, e := range found {
			if e.Account == caller.Principal.Account || e.Account == "" && caller.Principal.Account == defaultAccount {
				out.Events = append(out.Events, e)
			}
		}
		return out, nil
	}
}

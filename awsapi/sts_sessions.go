package awsapi

import "github.com/openirsa/openirsa/sts"

// decodeText is for calls with one parameter, a text that sts checks.
func decodeText(name string) func(*form) *string {
	return func(f *form) *string { return f.anyText(name) }
}

func decodeSessionToken(f *form) sts.SessionTokenInput {
	return sts.SessionTokenInput{
		DurationSeconds:         f.integer("DurationSeconds"),
		MinimumSessionTokenSize: f.integer("MinimumSessionTokenSize"),
		SerialNumber:            f.anyText("SerialNumber"),
		TokenCode:               f.anyText("TokenCode"),
	}
}

func decodeFederationToken(f *form) sts.FederationTokenInput {
	return sts.FederationTokenInput{
		Name:                    f.anyText("Name"),
		PolicyArns:              f.policyARNs("PolicyArns"),
		Policy:                  f.anyText("Policy"),
		DurationSeconds:         f.integer("DurationSeconds"),
		MinimumSessionTokenSize: f.integer("MinimumSessionTokenSize"),
		Tags:                    f.tags("Tags"),
	}
}

type sessionTokenResult struct {
	Credentials credentialsElement
	tokenUse
}

type federatedUserElement struct{ FederatedUserId, Arn string }

type federationTokenResult struct {
	Credentials      credentialsElement
	FederatedUser    federatedUserElement
	PackedPolicySize *int
	tokenUse
}

type accessKeyInfoResult struct{ Account string }

type decodedMessageResult struct{ DecodedMessage string }

func encodeSessionToken(out sts.Credentials) any {
	return sessionTokenResult{newCredentials(out), newTokenUse(out)}
}

func encodeFederationToken(out sts.FederationTokenOutput) any {
	return federationTokenResult{
		Credentials:      newCredentials(out.Credentials),
		FederatedUser:    federatedUserElement{out.FederatedUser.FederatedUserId, out.FederatedUser.Arn},
		PackedPolicySize: out.PackedPolicySize,
		tokenUse:         newTokenUse(out.Credentials),
	}
}

func encodeAccessKeyInfo(account string) any { return accessKeyInfoResult{account} }

func encodeDecodedMessage(decoded string) any { return decodedMessageResult{decoded} }

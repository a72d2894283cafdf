package awsapi

import (
	"context"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
)

// stsOperations are the calls of the STS API, version 2011-06-15.
func stsOperations(service STS, inquiries Inquiries) map[string]operation {
	exchange := query(decodeWebIdentity, func(ctx context.Context, caller iam.Caller, in sts.WebIdentityInput) (sts.WebIdentityOutput, error) {
		return service.AssumeRoleWithWebIdentity(ctx, caller.Origin, in)
	}, encodeWebIdentity).of("sts")
	exchange.unsigned = true
	return map[string]operation{
		"AssumeRoleWithWebIdentity": exchange,
		"AssumeRole":                query(decodeAssumeRole, service.AssumeRole, encodeAssumeRole).of("sts"),
		"GetCallerIdentity": query(decodeNothing, func(ctx context.Context, caller iam.Caller, _ struct{}) (sts.CallerIdentity, error) {
			return inquiries.GetCallerIdentity(ctx, caller)
		}, encodeCallerIdentity).of("sts"),
		"GetSessionToken":            query(decodeSessionToken, service.GetSessionToken, encodeSessionToken).of("sts"),
		"GetFederationToken":         query(decodeFederationToken, service.GetFederationToken, encodeFederationToken).of("sts"),
		"GetAccessKeyInfo":           query(decodeText("AccessKeyId"), inquiries.GetAccessKeyInfo, encodeAccessKeyInfo).of("sts"),
		"DecodeAuthorizationMessage": query(decodeText("EncodedMessage"), inquiries.DecodeAuthorizationMessage, encodeDecodedMessage).of("sts"),
	}
}

// decodeNothing is for calls without parameters.
func decodeNothing(*form) struct{} { return struct{}{} }

// decodeWebIdentity and decodeAssumeRole keep apart what was not given and what was given empty: sts checks every constraint of
// a call together and counts the violations in one ValidationError, as AWS does.
func decodeWebIdentity(f *form) sts.WebIdentityInput {
	return sts.WebIdentityInput{
		RoleArn:                 f.anyText("RoleArn"),
		RoleSessionName:         f.anyText("RoleSessionName"),
		WebIdentityToken:        f.anyText("WebIdentityToken"),
		ProviderId:              f.anyText("ProviderId"),
		PolicyArns:              f.policyARNs("PolicyArns"),
		Policy:                  f.anyText("Policy"),
		DurationSeconds:         f.integer("DurationSeconds"),
		MinimumSessionTokenSize: f.integer("MinimumSessionTokenSize"),
	}
}

func decodeAssumeRole(f *form) sts.AssumeRoleInput {
	return sts.AssumeRoleInput{
		RoleArn:                 f.anyText("RoleArn"),
		RoleSessionName:         f.anyText("RoleSessionName"),
		PolicyArns:              f.policyARNs("PolicyArns"),
		Policy:                  f.anyText("Policy"),
		DurationSeconds:         f.integer("DurationSeconds"),
		MinimumSessionTokenSize: f.integer("MinimumSessionTokenSize"),
		Tags:                    f.tags("Tags"),
		TransitiveTagKeys:       f.list("TransitiveTagKeys"),
		ExternalId:              f.anyText("ExternalId"),
		SerialNumber:            f.anyText("SerialNumber"),
		TokenCode:               f.anyText("TokenCode"),
		SourceIdentity:          f.anyText("SourceIdentity"),
	}
}

type credentialsElement struct {
	AccessKeyId, SecretAccessKey, SessionToken, Expiration string
}

// tokenUse is how long the session token is, in bytes, and what share that is of what it may be, in percent (STS's service model
// since September 2026, where it replaces PackedPolicySize).
type tokenUse struct{ SessionTokenSize, SessionTokenUtilization int }

func newTokenUse(c sts.Credentials) tokenUse {
	size := len(c.SessionToken)
	return tokenUse{size, (100*size + sts.MaxSessionToken - 1) / sts.MaxSessionToken}
}

type assumedRoleUserElement struct{ AssumedRoleId, Arn string }

// webIdentityResult's elements stand in the order of AWS's example answer
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html).
type webIdentityResult struct {
	SubjectFromWebIdentityToken string
	Audience                    string
	AssumedRoleUser             assumedRoleUserElement
	Credentials                 credentialsElement
	Provider                    string
	PackedPolicySize            *int
	SourceIdentity              string `xml:",omitempty"`
	tokenUse
}

type assumeRoleResult struct {
	AssumedRoleUser  assumedRoleUserElement
	Credentials      credentialsElement
	PackedPolicySize *int
	SourceIdentity   string `xml:",omitempty"`
	tokenUse
}

type callerIdentityResult struct{ Arn, UserId, Account string }

func newCredentials(c sts.Credentials) credentialsElement {
	return credentialsElement{c.AccessKeyId, c.SecretAccessKey, c.SessionToken, timestamp(c.Expiration)}
}

func newAssumedRoleUser(u sts.AssumedRoleUser) assumedRoleUserElement {
	return assumedRoleUserElement{AssumedRoleId: u.AssumedRoleId, Arn: u.Arn}
}

func encodeWebIdentity(out sts.WebIdentityOutput) any {
	return webIdentityResult{
		SubjectFromWebIdentityToken: out.SubjectFromWebIdentityToken,
		Audience:                    out.Audience,
		AssumedRoleUser:             newAssumedRoleUser(out.AssumedRoleUser),
		Credentials:                 newCredentials(out.Credentials),
		Provider:                    out.Provider,
		PackedPolicySize:            out.PackedPolicySize,
		SourceIdentity:              out.SourceIdentity,
		tokenUse:                    newTokenUse(out.Credentials),
	}
}

func encodeAssumeRole(out sts.AssumeRoleOutput) any {
	return assumeRoleResult{
		AssumedRoleUser:  newAssumedRoleUser(out.AssumedRoleUser),
		Credentials:      newCredentials(out.Credentials),
		PackedPolicySize: out.PackedPolicySize,
		SourceIdentity:   out.SourceIdentity,
		tokenUse:         newTokenUse(out.Credentials),
	}
}

func encodeCallerIdentity(out sts.CallerIdentity) any {
	return callerIdentityResult{Arn: out.Arn, UserId: out.UserId, Account: out.Account}
}

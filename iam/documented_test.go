package iam_test

import (
	"slices"
	"strings"
)

// commonErrors may be answered by every call (IAM API reference, "Common Errors").
var commonErrors = []string{"AccessDenied", "ValidationError"}

// otherErrors are those that the service model leaves out.
var otherErrors = map[string]string{
	// Public reports have "NoSuchEntity … Scope ARN: … does not exist or is not attachable". A boundary must be attachable here as it must be
	// in PutRolePermissionsBoundary, or that call's rule could be gone round.
	"CreateRole": "NoSuchEntity PolicyNotAttachable",
	"CreateUser": "PolicyNotAttachable",
}

// documentedErrors are those that IAM's service model, version 2010-05-08, lists for each operation.
var documentedErrors = map[string]string{
	"AddClientIDToOpenIDConnectProvider":      "ConcurrentModification InvalidInput LimitExceeded NoSuchEntity",
	"AddRoleToInstanceProfile":                "EntityAlreadyExists LimitExceeded NoSuchEntity UnmodifiableEntity",
	"AddUserToGroup":                          "LimitExceeded NoSuchEntity",
	"AttachGroupPolicy":                       "InvalidInput LimitExceeded NoSuchEntity PolicyNotAttachable",
	"AttachRolePolicy":                        "InvalidInput LimitExceeded NoSuchEntity PolicyNotAttachable UnmodifiableEntity",
	"AttachUserPolicy":                        "InvalidInput LimitExceeded NoSuchEntity PolicyNotAttachable",
	"CreateAccessKey":                         "LimitExceeded NoSuchEntity",
	"CreateAccountAlias":                      "ConcurrentModification EntityAlreadyExists LimitExceeded",
	"CreateGroup":                             "EntityAlreadyExists LimitExceeded NoSuchEntity",
	"CreateInstanceProfile":                   "ConcurrentModification EntityAlreadyExists InvalidInput LimitExceeded",
	"CreateOpenIDConnectProvider":             "ConcurrentModification EntityAlreadyExists InvalidInput LimitExceeded OpenIdIdpCommunicationError",
	"CreatePolicy":                            "ConcurrentModification EntityAlreadyExists InvalidInput LimitExceeded MalformedPolicyDocument",
	"CreatePolicyVersion":                     "InvalidInput LimitExceeded MalformedPolicyDocument NoSuchEntity",
	"CreateRole":                              "ConcurrentModification EntityAlreadyExists InvalidInput LimitExceeded MalformedPolicyDocument",
	"CreateServiceLinkedRole":                 "InvalidInput LimitExceeded NoSuchEntity",
	"CreateUser":                              "ConcurrentModification EntityAlreadyExists InvalidInput LimitExceeded NoSuchEntity",
	"DeleteAccessKey":                         "LimitExceeded NoSuchEntity",
	"DeleteAccountAlias":                      "ConcurrentModification LimitExceeded NoSuchEntity",
	"DeleteGroup":                             "DeleteConflict LimitExceeded NoSuchEntity",
	"DeleteGroupPolicy":                       "LimitExceeded NoSuchEntity",
	"DeleteInstanceProfile":                   "DeleteConflict LimitExceeded NoSuchEntity",
	"DeleteOpenIDConnectProvider":             "InvalidInput NoSuchEntity",
	"DeletePolicy":                            "DeleteConflict InvalidInput LimitExceeded NoSuchEntity",
	"DeletePolicyVersion":                     "DeleteConflict InvalidInput LimitExceeded NoSuchEntity",
	"DeleteRole":                              "ConcurrentModification DeleteConflict LimitExceeded NoSuchEntity UnmodifiableEntity",
	"DeleteRolePermissionsBoundary":           "NoSuchEntity UnmodifiableEntity",
	"DeleteRolePolicy":                        "LimitExceeded NoSuchEntity UnmodifiableEntity",
	"DeleteServiceLinkedRole":                 "LimitExceeded NoSuchEntity",
	"DeleteUser":                              "ConcurrentModification DeleteConflict LimitExceeded NoSuchEntity",
	"DeleteUserPermissionsBoundary":           "NoSuchEntity",
	"DeleteUserPolicy":                        "LimitExceeded NoSuchEntity",
	"DetachGroupPolicy":                       "InvalidInput LimitExceeded NoSuchEntity",
	"DetachRolePolicy":                        "InvalidInput LimitExceeded NoSuchEntity UnmodifiableEntity",
	"DetachUserPolicy":                        "InvalidInput LimitExceeded NoSuchEntity",
	"GetAccessKeyLastUsed":                    "",
	"GetAccountAuthorizationDetails":          "",
	"GetAccountSummary":                       "",
	"GetGroup":                                "NoSuchEntity",
	"GetGroupPolicy":                          "NoSuchEntity",
	"GetInstanceProfile":                      "NoSuchEntity",
	"GetOpenIDConnectProvider":                "InvalidInput NoSuchEntity",
	"GetPolicy":                               "InvalidInput NoSuchEntity",
	"GetPolicyVersion":                        "InvalidInput NoSuchEntity",
	"GetRole":                                 "NoSuchEntity",
	"GetRolePolicy":                           "NoSuchEntity",
	"GetUser":                                 "NoSuchEntity",
	"GetUserPolicy":                           "NoSuchEntity",
	"ListAccessKeys":                          "NoSuchEntity",
	"ListAccountAliases":                      "",
	"ListAttachedGroupPolicies":               "InvalidInput NoSuchEntity",
	"ListAttachedRolePolicies":                "InvalidInput NoSuchEntity",
	"ListAttachedUserPolicies":                "InvalidInput NoSuchEntity",
	"ListEntitiesForPolicy":                   "InvalidInput NoSuchEntity",
	"ListGroupPolicies":                       "NoSuchEntity",
	"ListGroups":                              "",
	"ListGroupsForUser":                       "NoSuchEntity",
	"ListInstanceProfileTags":                 "NoSuchEntity",
	"ListInstanceProfiles":                    "",
	"ListInstanceProfilesForRole":             "NoSuchEntity",
	"ListOpenIDConnectProviderTags":           "InvalidInput NoSuchEntity",
	"ListOpenIDConnectProviders":              "",
	"ListPolicies":                            "",
	"ListPolicyTags":                          "InvalidInput NoSuchEntity",
	"ListPolicyVersions":                      "InvalidInput NoSuchEntity",
	"ListRolePolicies":                        "NoSuchEntity",
	"ListRoleTags":                            "NoSuchEntity",
	"ListRoles":                               "",
	"ListUserPolicies":                        "NoSuchEntity",
	"ListUserTags":                            "NoSuchEntity",
	"ListUsers":                               "",
	"PutGroupPolicy":                          "LimitExceeded MalformedPolicyDocument NoSuchEntity",
	"PutRolePermissionsBoundary":              "InvalidInput NoSuchEntity PolicyNotAttachable UnmodifiableEntity",
	"PutRolePolicy":                           "LimitExceeded MalformedPolicyDocument NoSuchEntity UnmodifiableEntity",
	"PutUserPermissionsBoundary":              "InvalidInput NoSuchEntity PolicyNotAttachable",
	"PutUserPolicy":                           "LimitExceeded MalformedPolicyDocument NoSuchEntity",
	"RemoveClientIDFromOpenIDConnectProvider": "ConcurrentModification InvalidInput NoSuchEntity",
	"RemoveRoleFromInstanceProfile":           "LimitExceeded NoSuchEntity UnmodifiableEntity",
	"RemoveUserFromGroup":                     "LimitExceeded NoSuchEntity",
	"SetDefaultPolicyVersion":                 "InvalidInput LimitExceeded NoSuchEntity",
	"TagInstanceProfile":                      "ConcurrentModification InvalidInput LimitExceeded NoSuchEntity",
	"TagOpenIDConnectProvider":                "ConcurrentModification InvalidInput LimitExceeded NoSuchEntity",
	"TagPolicy":                               "ConcurrentModification InvalidInput LimitExceeded NoSuchEntity",
	"TagRole":                                 "ConcurrentModification InvalidInput LimitExceeded NoSuchEntity",
	"TagUser":                                 "ConcurrentModification InvalidInput LimitExceeded NoSuchEntity",
	"UntagInstanceProfile":                    "ConcurrentModification InvalidInput NoSuchEntity",
	"UntagOpenIDConnectProvider":              "ConcurrentModification InvalidInput NoSuchEntity",
	"UntagPolicy":                             "ConcurrentModification InvalidInput NoSuchEntity",
	"UntagRole":                               "ConcurrentModification NoSuchEntity",
	"UntagUser":                               "ConcurrentModification NoSuchEntity",
	"UpdateAccessKey":                         "InvalidInput LimitExceeded NoSuchEntity",
	"UpdateAssumeRolePolicy":                  "LimitExceeded MalformedPolicyDocument NoSuchEntity UnmodifiableEntity",
	"UpdateGroup":                             "EntityAlreadyExists LimitExceeded NoSuchEntity",
	"UpdateOpenIDConnectProviderThumbprint":   "ConcurrentModification InvalidInput NoSuchEntity",
	"UpdateRole":                              "NoSuchEntity UnmodifiableEntity",
	"UpdateRoleDescription":                   "NoSuchEntity UnmodifiableEntity",
	"UpdateUser":                              "ConcurrentModification EntityAlreadyExists EntityTemporarilyUnmodifiable LimitExceeded NoSuchEntity",
}

// unreachable are the documented errors that a sequence cannot bring about: those of concurrent calls, of quotas that a small account is far from,
// and those that the directory answers as ValidationError, or not at all because the call is idempotent.
func unreachable(operation, code string) bool {
	switch code {
	case "ConcurrentModification", "EntityTemporarilyUnmodifiable", "OpenIdIdpCommunicationError":
		return true
	case "LimitExceeded":
		return !slices.Contains(strings.Fields(`AddRoleToInstanceProfile AddUserToGroup AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreateAccessKey
			CreatePolicy CreatePolicyVersion CreateRole PutGroupPolicy PutRolePolicy PutUserPolicy TagInstanceProfile TagOpenIDConnectProvider TagPolicy
			TagRole TagUser UpdateAssumeRolePolicy`), operation)
	case "InvalidInput":
		return slices.Contains(strings.Fields(`AddClientIDToOpenIDConnectProvider DeleteOpenIDConnectProvider GetOpenIDConnectProvider
			ListAttachedGroupPolicies ListAttachedRolePolicies ListAttachedUserPolicies ListOpenIDConnectProviderTags RemoveClientIDFromOpenIDConnectProvider
			UntagInstanceProfile UntagOpenIDConnectProvider UpdateAccessKey`), operation)
	case "NoSuchEntity":
		return slices.Contains(strings.Fields("CreateGroup CreateServiceLinkedRole"), operation)
	}
	// Descriptions of service-linked roles are the account's to change (IAM User Guide, "Edit a service-linked role description").
	return operation == "UpdateRoleDescription" || operation == "AddRoleToInstanceProfile" && code == "EntityAlreadyExists" ||
		operation == "RemoveRoleFromInstanceProfile" && code == "UnmodifiableEntity"
}

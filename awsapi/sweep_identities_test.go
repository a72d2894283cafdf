package awsapi_test

// identityCalls are the calls on users, groups, instance profiles, service-linked roles and the account, with parameters that decode.
func identityCalls() map[string]string {
	const (
		user     = "UserName=absent"
		group    = "GroupName=absent"
		profile  = "InstanceProfileName=absent"
		policy   = "PolicyArn=arn:aws:iam::" + account + ":policy/absent"
		boundary = "&PermissionsBoundary=arn:aws:iam::" + account + ":policy/absent"
		tags     = "&Tags.member.1.Key=k&Tags.member.1.Value=v"
		tagKeys  = "&TagKeys.member.1=k"
		key      = "&AccessKeyId=AKIAIOSFODNN7EXAMPLE"
		device   = "arn:aws:iam::" + account + ":mfa/absent"
		saml     = "arn:aws:iam::" + account + ":saml-provider/absent"
		anything = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"
		source   = "PolicySourceArn=arn:aws:iam::" + account + ":user/absent"
		given    = "&PolicyInputList.member.1=" + anything
		document = "&PolicyDocument=" + anything
	)
	return map[string]string{
		"CreateUser": "UserName=new", "GetUser": user, "ListUsers": "PathPrefix=/", "UpdateUser": user + "&NewPath=/x/", "DeleteUser": user,
		"TagUser": user + tags, "UntagUser": user + tagKeys, "ListUserTags": user, "ListGroupsForUser": user,
		"PutUserPermissionsBoundary": user + boundary, "DeleteUserPermissionsBoundary": user,
		"PutUserPolicy": user + "&PolicyName=p" + document, "GetUserPolicy": user + "&PolicyName=p", "ListUserPolicies": user, "DeleteUserPolicy": user + "&PolicyName=p",
		"AttachUserPolicy": user + "&" + policy, "DetachUserPolicy": user + "&" + policy, "ListAttachedUserPolicies": user,
		"CreateAccessKey": user, "ListAccessKeys": user, "UpdateAccessKey": user + key + "&Status=Active", "DeleteAccessKey": user + key,
		"GetAccessKeyLastUsed": key[1:],

		"CreateGroup": "GroupName=new", "GetGroup": group, "ListGroups": "PathPrefix=/", "UpdateGroup": group + "&NewPath=/x/", "DeleteGroup": group,
		"AddUserToGroup": group + "&" + user, "RemoveUserFromGroup": group + "&" + user,
		"PutGroupPolicy": group + "&PolicyName=p" + document, "GetGroupPolicy": group + "&PolicyName=p", "ListGroupPolicies": group, "DeleteGroupPolicy": group + "&PolicyName=p",
		"AttachGroupPolicy": group + "&" + policy, "DetachGroupPolicy": group + "&" + policy, "ListAttachedGroupPolicies": group,

		"CreateInstanceProfile": "InstanceProfileName=new", "GetInstanceProfile": profile, "ListInstanceProfiles": "PathPrefix=/",
		"ListInstanceProfilesForRole": "RoleName=absent", "DeleteInstanceProfile": profile,
		"AddRoleToInstanceProfile": profile + "&RoleName=absent", "RemoveRoleFromInstanceProfile": profile + "&RoleName=absent",
		"TagInstanceProfile": profile + tags, "UntagInstanceProfile": profile + tagKeys, "ListInstanceProfileTags": profile,

		"CreateServiceLinkedRole": "AWSServiceName=eks.amazonaws.com", "DeleteServiceLinkedRole": "RoleName=absent",
		"GetServiceLinkedRoleDeletionStatus": "DeletionTaskId=task",
		"CreateAccountAlias":                 "AccountAlias=new", "DeleteAccountAlias": "AccountAlias=absent", "ListAccountAliases": "",
		"SimulateCustomPolicy":    "ActionNames.member.1=s3:GetObject" + given,
		"SimulatePrincipalPolicy": source + "&ActionNames.member.1=s3:GetObject", "GetContextKeysForPrincipalPolicy": source,
		"GetContextKeysForCustomPolicy": given[1:],

		"GetAccountSummary": "", "GetAccountAuthorizationDetails": "Filter.member.1=Role",

		"ListMFADevices": user, "ListVirtualMFADevices": "AssignmentStatus=Any", "ListSigningCertificates": user, "ListSSHPublicKeys": user,
		"ListServiceSpecificCredentials": user, "ListServerCertificates": "PathPrefix=/", "ListSAMLProviders": "",
		"GetSSHPublicKey": user + "&Encoding=SSH&SSHPublicKeyId=APKAXXXXXXXXXXXXXXXXX", "DeleteSSHPublicKey": user + "&SSHPublicKeyId=APKAXXXXXXXXXXXXXXXXX",
		"DeleteSigningCertificate": user + "&CertificateId=NONEXISTENTCERTID12345678901",
		"GetServerCertificate":     "ServerCertificateName=absent", "DeleteServerCertificate": "ServerCertificateName=absent",
		"DeactivateMFADevice": user + "&SerialNumber=" + device, "DeleteVirtualMFADevice": "SerialNumber=" + device,
		"GetSAMLProvider": "SAMLProviderArn=" + saml, "DeleteSAMLProvider": "SAMLProviderArn=" + saml, "GetCredentialReport": "",
		"GetLoginProfile": user, "DeleteLoginProfile": user, "GetAccountPasswordPolicy": "", "DeleteAccountPasswordPolicy": "",
	}
}

package doctor

func clients() []Diagnosis {
	return []Diagnosis{
		{"N01", "SDK too old", "The SDK does not know web identities."},
		{"N02", "static keys win", "AWS_ACCESS_KEY_ID in the environment goes before the web identity."},
		{"N03", "profile wins", "A profile or a mounted credentials file goes before the web identity."},
		{"N04", "Java without its STS module", "The class that exchanges tokens is not on the class path."},
		{"N05", ".NET without its STS assembly", "AWSSDK.SecurityToken is not there."},
		{"N06", "chain of the program's own", "The program's chain of credentials leaves web identities out."},
		{"N07", "silent fallback to the node", "STS failed, and the SDK took the node's role."},
		{"N08", "throttled", "New sessions are asked for too often."},
		{"N09", "global endpoint not reachable", "A private network reaches the regional endpoint only."},
		{"N10", "regional endpoint not reachable", "An endpoint, a security group, its DNS or a network policy is in the way."},
		{"N11", "certificate for another name", "The global name was pointed at a regional endpoint."},
		{"N12", "unknown authority", "The image has no certificates, or a proxy signs with its own."},
		{"N13", "proxy in the way", "HTTPS_PROXY is set and NO_PROXY lacks the endpoints."},
		{"N14", "mesh not ready", "An init container calls before its sidecar runs."},
		{"N15", "no region, or of another partition", "The SDK calls an endpoint that does not know the issuer."},
		{"N16", "region not active", "STS is not active in the region for the role's account."},
		{"N17", "session's name refused", "It is too long or has characters that STS does not take."},
		{"N18", "duration refused", "It is longer than the role's MaxSessionDuration, or than an hour for a chain."},
		{"N19", "presigned URL ends early", "It lives no longer than the session that signed it."},
		{"N20", "instance metadata out of reach", "The program wants region or instance id from it."},
		{"N21", "audience in China", "The audience is sts.amazonaws.com in every partition."},
	}
}

func denials() []Diagnosis {
	return []Diagnosis{
		{"D01", "no identity policy allows", "The role's policies lack the action or the resource."},
		{"D02", "denied by a service control policy", "The organization denies it to the account."},
		{"D03", "no boundary allows", "The role's permissions boundary lacks it."},
		{"D04", "denied by a resource control policy", "The organization denies it to the resource."},
		{"D05", "key not usable", "The KMS key's policy does not let the role use it."},
		{"D06", "bucket denies", "The bucket's policy or its public access block decides otherwise."},
		{"D07", "second role refused", "The role of a chain does not trust the first, or is the same."},
		{"D08", "session tags refused", "The trust policy lacks sts:TagSession."},
		{"D09", "policy names a role that is gone", "The role was made anew; the policy keeps the old one's unique id."},
		{"D10", "session policy in the way", "The session was narrowed by a policy of its own."},
		{"D11", "resource misspelt", "The ARN in the policy is not that of the resource."},
		{"D12", "encoded message", "The denial's reasons are sealed and have to be decoded."},
	}
}

func reach() []Diagnosis {
	return []Diagnosis{
		{"S01", "no condition", "Every token of the provider gets the role."},
		{"S02", "no condition on the subject", "Every service account of the cluster gets the role."},
		{"S03", "no condition on the audience", "Tokens for every client id of the provider get the role."},
		{"S04", "every subject", "The subject's pattern matches every service account."},
		{"S05", "wildcard in the namespace", "Namespaces that begin or end alike get the role too."},
		{"S06", "a whole namespace", "Every service account of the namespace gets the role."},
		{"S07", "ForAllValues on a claim", "It holds of tokens without the claim."},
		{"S08", "IfExists on a claim", "It holds of tokens without the claim."},
		{"S09", "subject only has to be there", "Every token has one."},
		{"S10", "subject only has to be another", "Everyone else gets the role."},
		{"S11", "every audience", "The audience's pattern matches everything."},
		{"S12", "a provider without a condition", "One of several providers in a statement is not limited."},
		{"S13", "account default trusted", "Every pod that names no account has this one."},
		{"S14", "role shared widely", "Many accounts, namespaces or clusters get the role."},
		{"S15", "subject that does not exist", "Whoever may make the account or its namespace gets the role."},
		{"S16", "a side door", "The role may also be assumed by accounts or machines."},
		{"S17", "administrator's role", "A role that may raise its own rights is reached from a pod."},
		{"S18", "who may act as the account", "Rights in Kubernetes give whoever has them the account's role."},
		{"S19", "tenants not kept apart", "A cluster of several tenants trusts without regard to namespaces."},
		{"S20", "no boundary", "The role lacks the permissions boundary that is asked for."},
		{"S21", "long sessions", "MaxSessionDuration is twelve hours."},
		{"S22", "several clusters", "Clusters of different standing get the same role."},
	}
}

func hygiene() []Diagnosis {
	return []Diagnosis{
		{"U01", "role never used", "Nobody assumed it for long."},
		{"U02", "trust in a provider that is gone", "The trust policy names a provider that does not exist."},
		{"U03", "annotated account without pods", "No workload uses it."},
		{"U04", "annotation names no role", "The role is gone and the annotation is not."},
		{"U05", "services never used", "The role allows services that it never called."},
		{"U06", "node's role does pods' work", "Rights of workloads are on the node's role."},
		{"U07", "instance metadata within reach", "Pods can take the node's role."},
		{"U08", "static keys kept", "A Secret, ConfigMap or environment holds access keys."},
		{"U09", "user for a workload", "A workload signs as an IAM user."},
		{"U10", "role shared", "Two service accounts get one role."},
		{"U11", "Pod Identity and IRSA both set", "One of the two is left over."},
		{"U12", "legacy token kept", "A Secret holds a token that never expires."},
		{"U13", "statement of an earlier issuer", "The trust policy keeps a statement of a cluster that was replaced."},
	}
}

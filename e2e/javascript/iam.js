// Makes IAM calls with the AWS SDK for JavaScript v3 and prints, as JSON, what each returned or was refused with. Endpoint, region and the
// admin's keys come from the environment. Input (stdin, JSON): the documents.
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-iam";

const { trust, otherTrust, permissions, otherPermissions } = JSON.parse(readFileSync(0, "utf8"));
const iam = new sdk.IAMClient({ maxAttempts: 1 });
const saw = [];

// call makes one call and notes it; pick says what of the answer is of interest.
async function call(operation, input, pick = () => "") {
  const note = { operation };
  let out;
  try {
    out = await iam.send(new sdk[`${operation}Command`](input));
    note.value = JSON.stringify(pick(out));
  } catch (error) {
    Object.assign(note, { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode });
  }
  saw.push(note);
  return out;
}

// pages reads a list with the SDK's paginator, one item a page.
async function pages(operation, input, items) {
  const found = [];
  for await (const page of sdk[`paginate${operation}`]({ client: iam, pageSize: 1 }, input)) {
    const here = items(page);
    if (here.length > 1) throw new Error(`${operation}: a page of ${here.length}`);
    found.push(...here);
  }
  saw.push({ operation, value: JSON.stringify(found) });
}

const Tags = [{ Key: "Application", Value: "core-api" }, { Key: "Environment", Value: "test" }];
const tagsOf = (list) => list.map((t) => `${t.Key}=${t.Value}`);
const text = (document) => JSON.stringify(JSON.parse(decodeURIComponent(document)));

const RoleName = "js-app";
await call("CreateRole", { RoleName, AssumeRolePolicyDocument: trust, Tags }, (o) => [o.Role.Path, tagsOf(o.Role.Tags), o.Role.MaxSessionDuration, o.Role.CreateDate instanceof Date]);
await call("CreateRole", { RoleName: "JS-APP", AssumeRolePolicyDocument: trust });
await call("CreateRole", { RoleName: "js-x", AssumeRolePolicyDocument: "{}" });
await call("UpdateRole", { RoleName, Description: "ü", MaxSessionDuration: 43200 });
await call("UpdateAssumeRolePolicy", { RoleName, PolicyDocument: otherTrust });
await call("GetRole", { RoleName }, (o) => [text(o.Role.AssumeRolePolicyDocument), o.Role.Description, o.Role.MaxSessionDuration]);
await call("GetRole", { RoleName: "js-nobody" });
await call("TagRole", { RoleName, Tags: [{ Key: "application", Value: "web + more = ß" }] });
await call("UntagRole", { RoleName, TagKeys: ["environment"] });
await call("ListRoleTags", { RoleName }, (o) => [tagsOf(o.Tags), o.IsTruncated]);
await call("PutRolePolicy", { RoleName, PolicyName: "inline", PolicyDocument: permissions });
await call("GetRolePolicy", { RoleName, PolicyName: "inline" }, (o) => text(o.PolicyDocument));
await pages("ListRolePolicies", { RoleName }, (p) => p.PolicyNames);

const created = await call("CreatePolicy", { PolicyName: "js-policy", Path: "/js/", PolicyDocument: permissions, Tags }, (o) => [o.Policy.DefaultVersionId, o.Policy.IsAttachable]);
const PolicyArn = created.Policy.Arn;
await call("CreatePolicyVersion", { PolicyArn, PolicyDocument: otherPermissions, SetAsDefault: true }, (o) => [o.PolicyVersion.VersionId, o.PolicyVersion.IsDefaultVersion]);
await call("GetPolicy", { PolicyArn }, (o) => o.Policy.DefaultVersionId);
await call("GetPolicyVersion", { PolicyArn, VersionId: "v2" }, (o) => text(o.PolicyVersion.Document));
await call("GetPolicyVersion", { PolicyArn, VersionId: "v9" });
await pages("ListPolicyVersions", { PolicyArn }, (p) => p.Versions.map((v) => v.VersionId));
await call("SetDefaultPolicyVersion", { PolicyArn, VersionId: "v1" });
await call("DeletePolicyVersion", { PolicyArn, VersionId: "v1" });
await call("DeletePolicyVersion", { PolicyArn, VersionId: "v2" });
await call("AttachRolePolicy", { RoleName, PolicyArn });
await pages("ListAttachedRolePolicies", { RoleName }, (p) => p.AttachedPolicies.map((a) => a.PolicyName));
await call("ListEntitiesForPolicy", { PolicyArn }, (o) => [o.PolicyRoles.map((r) => r.RoleName), o.PolicyUsers, o.PolicyGroups]);
await pages("ListPolicies", { Scope: "Local", PathPrefix: "/js/" }, (p) => p.Policies.map((a) => a.PolicyName));
await call("DeletePolicy", { PolicyArn });
await call("DeleteRole", { RoleName });

const provider = await call("CreateOpenIDConnectProvider", { Url: "https://js.example.com/id/1", ClientIDList: ["sts.amazonaws.com"], ThumbprintList: ["a".repeat(40)] });
const { OpenIDConnectProviderArn } = provider;
await call("AddClientIDToOpenIDConnectProvider", { OpenIDConnectProviderArn, ClientID: "other" });
await call("GetOpenIDConnectProvider", { OpenIDConnectProviderArn }, (o) => [o.Url, o.ClientIDList, o.ThumbprintList]);
await call("ListOpenIDConnectProviders", {}, (o) => o.OpenIDConnectProviderList.some((p) => p.Arn === OpenIDConnectProviderArn));
await call("DeleteOpenIDConnectProvider", { OpenIDConnectProviderArn });
await call("GetOpenIDConnectProvider", { OpenIDConnectProviderArn });

for (const UserName of ["js-b", "js-a"]) await call("CreateUser", { UserName, Path: "/js/" });
await pages("ListUsers", { PathPrefix: "/js/" }, (p) => p.Users.map((u) => u.UserName));
const key = await call("CreateAccessKey", { UserName: "js-a" }, (o) => [o.AccessKey.Status, o.AccessKey.SecretAccessKey.length]);
await call("ListAccessKeys", { UserName: "js-a" }, (o) => o.AccessKeyMetadata.map((k) => k.Status));
await call("DeleteUser", { UserName: "js-a" });
const own = new sdk.IAMClient({ maxAttempts: 1, credentials: { accessKeyId: key.AccessKey.AccessKeyId, secretAccessKey: key.AccessKey.SecretAccessKey } });
try {
  await own.send(new sdk.ListUsersCommand({}));
} catch (error) {
  saw.push({ operation: "ListUsers", name: error.name, message: error.message, status: error.$metadata?.httpStatusCode });
}
await call("DeleteAccessKey", { UserName: "js-a", AccessKeyId: key.AccessKey.AccessKeyId });
await call("DeleteUser", { UserName: "js-a" });
await call("CreateGroup", { GroupName: "js-group" });
await call("AddUserToGroup", { GroupName: "js-group", UserName: "js-b" });
await call("GetGroup", { GroupName: "js-group" }, (o) => o.Users.map((u) => u.UserName));
await call("ListGroupsForUser", { UserName: "js-b" }, (o) => o.Groups.map((g) => g.GroupName));
await call("CreateInstanceProfile", { InstanceProfileName: "js-profile" }, (o) => o.InstanceProfile.Roles);
await call("AddRoleToInstanceProfile", { InstanceProfileName: "js-profile", RoleName });
await call("ListInstanceProfilesForRole", { RoleName }, (o) => o.InstanceProfiles.map((p) => [p.InstanceProfileName, p.Roles[0].RoleName]));
await call("GetAccountSummary", {}, (o) => o.SummaryMap.VersionsPerPolicyQuota);
await call("GetAccountAuthorizationDetails", { Filter: ["Group"] }, (o) => o.GroupDetailList.map((g) => g.GroupName));
await call("ListMFADevices", { UserName: "js-b" }, (o) => o.MFADevices);
await call("DeleteLoginProfile", { UserName: "js-b" });
const shop = "arn:aws:s3:::shop/";
await call("SimulateCustomPolicy", { PolicyInputList: [permissions], ActionNames: ["s3:GetObject"], ResourceArns: [shop + "a", shop + "b"] },
  ({ EvaluationResults: [r] }) => [r.EvalDecision, r.MatchedStatements[0].StartPosition, r.EvalDecisionDetails, r.ResourceSpecificResults.map((s) => [s.EvalResourceName, s.EvalResourceDecision])]);
await call("SimulatePrincipalPolicy", { PolicySourceArn: OpenIDConnectProviderArn.replace(/oidc-provider.*/, "user/js-nobody"), ActionNames: ["s3:GetObject"] });
await call("GetContextKeysForCustomPolicy", { PolicyInputList: [permissions] }, (o) => o.ContextKeyNames);

console.log(JSON.stringify(saw));

"""Makes a fixed series of IAM calls with boto3 and prints one JSON line for each: its label, and the answer or the refusal.

What differs from run to run is blanked: ids, dates, request ids, secrets, the account. Lists are sorted, because the API reference promises no
order. Endpoint, region and keys come from the environment.
"""
import datetime
import json
import re

import boto3
import botocore.config
import botocore.exceptions
import botocore.parsers

iam = boto3.client("iam", config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False))
account = boto3.client("sts").get_caller_identity()["Account"]
KEY = re.compile(r"\bAKIA[A-Z0-9]{16}\b")
IDS = ("RoleId", "UserId", "GroupId", "PolicyId", "InstanceProfileId", "Marker")


def plain(value):
    """value without what no two planes share."""
    if isinstance(value, dict):
        return {k: k if k in IDS else plain(v) for k, v in value.items() if k not in ("ResponseMetadata", "SecretAccessKey")}
    if isinstance(value, list):
        return sorted((plain(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(value, datetime.datetime):
        return "DATE"
    if isinstance(value, str):
        return KEY.sub("KEY", value).replace(account, "ACCOUNT")
    return value


def do(operation, label, **parameters):
    """Makes a call, prints it under its name and label, and returns the answer, if it is one."""
    line = {"call": operation + " " + label}
    answer = None
    try:
        answer = getattr(iam, operation)(**parameters)
        line["status"], line["answer"] = answer["ResponseMetadata"]["HTTPStatusCode"], plain(answer)
    except botocore.exceptions.ClientError as error:
        line["status"] = error.response["ResponseMetadata"]["HTTPStatusCode"]
        line["code"], line["message"] = error.response["Error"]["Code"], plain(error.response["Error"].get("Message", ""))
    except botocore.parsers.ResponseParserError:
        line["code"] = "unreadable"
    print(json.dumps(line, sort_keys=True, ensure_ascii=False))
    return answer


def document(action, resource="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


def arn(resource):
    return f"arn:aws:iam::{account}:{resource}"


GET, PUT, EC2 = document("s3:GetObject"), document("s3:PutObject"), trust("ec2.amazonaws.com")
TAGS = [{"Key": "Environment", "Value": "test"}, {"Key": "Application", "Value": "shop"}]


def roles():
    do("get_role", "of nobody", RoleName="nobody")
    do("delete_role", "of nobody", RoleName="nobody")
    do("create_role", "plain", RoleName="plain", AssumeRolePolicyDocument=EC2)
    do("create_role", "full", RoleName="full", Path="/team/", AssumeRolePolicyDocument=EC2, Description="all of it", MaxSessionDuration=7200, Tags=TAGS)
    do("create_role", "again", RoleName="plain", AssumeRolePolicyDocument=EC2)
    do("create_role", "broken document", RoleName="broken-1", AssumeRolePolicyDocument="{")
    do("create_role", "boundary of nobody", RoleName="broken-2", AssumeRolePolicyDocument=EC2, PermissionsBoundary=arn("policy/nobody"))
    do("get_role", "full", RoleName="full")
    do("list_roles", "under a path", PathPrefix="/team/")
    do("update_role", "full", RoleName="full", Description="less of it", MaxSessionDuration=3600)
    do("update_role_description", "full", RoleName="full", Description="described")
    do("update_assume_role_policy", "full", RoleName="full", PolicyDocument=trust("eks.amazonaws.com"))
    do("update_assume_role_policy", "of nobody", RoleName="nobody", PolicyDocument=EC2)
    do("get_role", "full after updates", RoleName="full")
    do("tag_role", "full", RoleName="full", Tags=[{"Key": "Environment", "Value": "production"}, {"Key": "Owner", "Value": ""}])
    do("tag_role", "of nobody", RoleName="nobody", Tags=TAGS)
    do("untag_role", "full", RoleName="full", TagKeys=["Application", "unknown"])
    do("list_role_tags", "full", RoleName="full")
    do("list_role_tags", "first page", RoleName="full", MaxItems=1)
    do("list_role_tags", "of nobody", RoleName="nobody")
    do("put_role_policy", "full", RoleName="full", PolicyName="inline", PolicyDocument=GET)
    do("put_role_policy", "again", RoleName="full", PolicyName="inline", PolicyDocument=PUT)
    do("put_role_policy", "of nobody", RoleName="nobody", PolicyName="inline", PolicyDocument=PUT)
    do("put_role_policy", "broken document", RoleName="full", PolicyName="broken", PolicyDocument='{"Version": "2012-10-17"}')
    do("get_role_policy", "full", RoleName="full", PolicyName="inline")
    do("get_role_policy", "unknown", RoleName="full", PolicyName="unknown")
    do("list_role_policies", "full", RoleName="full")
    do("list_role_policies", "of nobody", RoleName="nobody")
    do("delete_role", "with an inline policy", RoleName="full")
    do("delete_role_policy", "full", RoleName="full", PolicyName="inline")
    do("delete_role_policy", "again", RoleName="full", PolicyName="inline")


def policies():
    do("get_policy", "of nobody", PolicyArn=arn("policy/nobody"))
    for name in ("one", "two"):
        do("create_policy", name, PolicyName=name, Path="/team/", PolicyDocument=GET, Description="reads", Tags=TAGS)
    do("create_policy", "again", PolicyName="one", Path="/team/", PolicyDocument=GET)
    do("create_policy", "broken document", PolicyName="broken", PolicyDocument="{")
    do("create_policy", "old version", PolicyName="broken", PolicyDocument='{"Version": "2011-01-01", "Statement": []}')
    one = arn("policy/team/one")
    do("get_policy", "one", PolicyArn=one)
    do("list_policies", "under a path", Scope="Local", PathPrefix="/team/")
    for n, text in enumerate((PUT, GET, PUT, GET), start=2):
        do("create_policy_version", f"v{n}", PolicyArn=one, PolicyDocument=text)
    do("create_policy_version", "beyond five", PolicyArn=one, PolicyDocument=GET)
    do("create_policy_version", "of nobody", PolicyArn=arn("policy/nobody"), PolicyDocument=GET)
    do("list_policy_versions", "of one", PolicyArn=one)
    do("list_policy_versions", "of nobody", PolicyArn=arn("policy/nobody"))
    do("set_default_policy_version", "of one", PolicyArn=one, VersionId="v2")
    do("set_default_policy_version", "unknown", PolicyArn=one, VersionId="v9")
    do("get_policy_version", "v2", PolicyArn=one, VersionId="v2")
    do("get_policy_version", "unknown", PolicyArn=one, VersionId="v9")
    do("delete_policy_version", "the default", PolicyArn=one, VersionId="v2")
    do("delete_policy_version", "v1", PolicyArn=one, VersionId="v1")
    do("create_policy_version", "after a deletion", PolicyArn=one, PolicyDocument=GET, SetAsDefault=True)
    do("get_policy", "one after versions", PolicyArn=one)
    do("tag_policy", "one", PolicyArn=one, Tags=[{"Key": "Environment", "Value": "production"}])
    do("untag_policy", "one", PolicyArn=one, TagKeys=["Application"])
    do("list_policy_tags", "one", PolicyArn=one)
    do("list_policy_tags", "of nobody", PolicyArn=arn("policy/nobody"))


def attachments():
    one = arn("policy/team/one")
    do("attach_role_policy", "one", RoleName="full", PolicyArn=one)
    do("attach_role_policy", "again", RoleName="full", PolicyArn=one)
    do("attach_role_policy", "unknown", RoleName="full", PolicyArn=arn("policy/nobody"))
    do("attach_role_policy", "to nobody", RoleName="nobody", PolicyArn=one)
    do("list_attached_role_policies", "full", RoleName="full")
    do("list_attached_role_policies", "of nobody", RoleName="nobody")
    do("get_policy", "one when attached", PolicyArn=one)
    do("list_entities_for_policy", "one", PolicyArn=one)
    do("delete_role", "with an attached policy", RoleName="full")
    do("put_role_permissions_boundary", "full", RoleName="full", PermissionsBoundary=arn("policy/team/two"))
    do("get_role", "with a boundary", RoleName="full")
    do("delete_role_permissions_boundary", "full", RoleName="full")
    do("detach_role_policy", "one", RoleName="full", PolicyArn=one)
    do("detach_role_policy", "again", RoleName="full", PolicyArn=one)
    do("delete_policy", "two", PolicyArn=arn("policy/team/two"))
    do("delete_policy", "again", PolicyArn=arn("policy/team/two"))


def users():
    do("get_user", "of nobody", UserName="nobody")
    do("create_user", "ann", UserName="ann", Path="/people/", Tags=TAGS)
    do("create_user", "again", UserName="ann")
    do("get_user", "ann", UserName="ann")
    do("list_users", "under a path", PathPrefix="/people/")
    do("update_user", "ann", UserName="ann", NewUserName="eve")
    do("get_user", "by the old name", UserName="ann")
    do("delete_user", "of nobody", UserName="nobody")
    do("tag_user", "eve", UserName="eve", Tags=[{"Key": "Environment", "Value": "production"}])
    do("untag_user", "eve", UserName="eve", TagKeys=["Application"])
    do("list_user_tags", "eve", UserName="eve")
    do("put_user_policy", "eve", UserName="eve", PolicyName="inline", PolicyDocument=GET)
    do("get_user_policy", "eve", UserName="eve", PolicyName="inline")
    do("get_user_policy", "unknown", UserName="eve", PolicyName="unknown")
    do("list_user_policies", "eve", UserName="eve")
    do("delete_user_policy", "eve", UserName="eve", PolicyName="inline")
    one = arn("policy/team/one")
    do("attach_user_policy", "eve", UserName="eve", PolicyArn=one)
    do("list_attached_user_policies", "eve", UserName="eve")
    do("detach_user_policy", "eve", UserName="eve", PolicyArn=one)
    do("detach_user_policy", "again", UserName="eve", PolicyArn=one)
    key = do("create_access_key", "eve", UserName="eve")["AccessKey"]["AccessKeyId"]
    do("create_access_key", "second", UserName="eve")
    do("create_access_key", "third", UserName="eve")
    do("create_access_key", "of nobody", UserName="nobody")
    do("list_access_keys", "eve", UserName="eve")
    do("update_access_key", "eve", UserName="eve", AccessKeyId=key, Status="Inactive")
    do("list_access_keys", "eve with an inactive key", UserName="eve")
    do("get_access_key_last_used", "unused", AccessKeyId=key)
    do("delete_access_key", "eve", UserName="eve", AccessKeyId=key)
    do("delete_access_key", "again", UserName="eve", AccessKeyId=key)
    do("get_login_profile", "eve", UserName="eve")
    do("list_mfa_devices", "eve", UserName="eve")
    do("list_ssh_public_keys", "eve", UserName="eve")
    do("list_signing_certificates", "eve", UserName="eve")


def groups():
    do("create_group", "dev", GroupName="dev", Path="/teams/")
    do("create_group", "again", GroupName="dev")
    do("get_group", "dev", GroupName="dev")
    do("get_group", "unknown", GroupName="nobody")
    do("add_user_to_group", "eve", GroupName="dev", UserName="eve")
    do("add_user_to_group", "nobody", GroupName="dev", UserName="nobody")
    do("get_group", "dev with eve", GroupName="dev")
    do("list_groups_for_user", "eve", UserName="eve")
    do("list_groups", "all")
    do("put_group_policy", "dev", GroupName="dev", PolicyName="inline", PolicyDocument=GET)
    do("get_group_policy", "dev", GroupName="dev", PolicyName="inline")
    do("list_group_policies", "dev", GroupName="dev")
    do("delete_group_policy", "dev", GroupName="dev", PolicyName="inline")
    do("attach_group_policy", "dev", GroupName="dev", PolicyArn=arn("policy/team/one"))
    do("list_attached_group_policies", "dev", GroupName="dev")
    do("detach_group_policy", "dev", GroupName="dev", PolicyArn=arn("policy/team/one"))
    do("update_group", "dev", GroupName="dev", NewGroupName="ops")
    do("remove_user_from_group", "eve", GroupName="ops", UserName="eve")
    do("delete_group", "ops", GroupName="ops")
    do("delete_group", "again", GroupName="ops")


def profiles_and_providers():
    do("create_instance_profile", "nodes", InstanceProfileName="nodes", Path="/team/", Tags=TAGS)
    do("create_instance_profile", "again", InstanceProfileName="nodes")
    do("get_instance_profile", "unknown", InstanceProfileName="nobody")
    do("add_role_to_instance_profile", "nodes", InstanceProfileName="nodes", RoleName="full")
    do("add_role_to_instance_profile", "a second role", InstanceProfileName="nodes", RoleName="plain")
    do("get_instance_profile", "nodes", InstanceProfileName="nodes")
    do("list_instance_profiles", "all")
    do("list_instance_profiles_for_role", "full", RoleName="full")
    do("list_instance_profiles_for_role", "plain", RoleName="plain")
    do("delete_instance_profile", "with a role", InstanceProfileName="nodes")
    do("remove_role_from_instance_profile", "nodes", InstanceProfileName="nodes", RoleName="full")
    do("remove_role_from_instance_profile", "again", InstanceProfileName="nodes", RoleName="full")
    do("delete_instance_profile", "nodes", InstanceProfileName="nodes")
    do("delete_instance_profile", "again", InstanceProfileName="nodes")
    do("delete_role", "full", RoleName="full")
    url, thumbprint = "https://moto.example.com/id/1", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
    provider = arn("oidc-provider/moto.example.com/id/1")
    do("create_open_id_connect_provider", "first", Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[thumbprint], Tags=TAGS)
    do("create_open_id_connect_provider", "again", Url=url, ThumbprintList=[thumbprint])
    do("create_open_id_connect_provider", "no scheme", Url="moto.example.com", ThumbprintList=[thumbprint])
    do("create_open_id_connect_provider", "short thumbprint", Url="https://other.example.com", ThumbprintList=["ab"])
    do("get_open_id_connect_provider", "first", OpenIDConnectProviderArn=provider)
    do("add_client_id_to_open_id_connect_provider", "first", OpenIDConnectProviderArn=provider, ClientID="other")
    do("remove_client_id_from_open_id_connect_provider", "first", OpenIDConnectProviderArn=provider, ClientID="sts.amazonaws.com")
    do("update_open_id_connect_provider_thumbprint", "first", OpenIDConnectProviderArn=provider, ThumbprintList=["b" * 40])
    do("tag_open_id_connect_provider", "first", OpenIDConnectProviderArn=provider, Tags=[{"Key": "Owner", "Value": "me"}])
    do("untag_open_id_connect_provider", "first", OpenIDConnectProviderArn=provider, TagKeys=["Application"])
    do("list_open_id_connect_provider_tags", "first", OpenIDConnectProviderArn=provider)
    do("get_open_id_connect_provider", "changed", OpenIDConnectProviderArn=provider)
    do("delete_open_id_connect_provider", "first", OpenIDConnectProviderArn=provider)
    do("get_open_id_connect_provider", "deleted", OpenIDConnectProviderArn=provider)


def the_account():
    do("list_account_aliases", "none")
    do("create_account_alias", "shop", AccountAlias="shop-moto")
    do("list_account_aliases", "shop")
    do("delete_account_alias", "shop", AccountAlias="shop-moto")
    do("get_account_password_policy", "none")
    do("get_account_authorization_details", "roles", Filter=["Role"])
    do("delete_role", "plain", RoleName="plain")
    do("list_roles", "in the end", PathPrefix="/team/")


def conflicts():
    """What must not be deleted, last: where it is deleted all the same, what follows would differ too."""
    do("create_user", "with a key", UserName="keys")
    do("create_access_key", "of the user", UserName="keys")
    do("delete_user", "with keys", UserName="keys")
    do("create_group", "with a user", GroupName="full")
    do("create_user", "in a group", UserName="in-group")
    do("add_user_to_group", "before deletion", GroupName="full", UserName="in-group")
    do("delete_group", "with a user", GroupName="full")
    do("delete_user", "in a group", UserName="in-group")
    do("create_role", "in a profile", RoleName="in-profile", AssumeRolePolicyDocument=EC2)
    do("create_instance_profile", "with a role", InstanceProfileName="full")
    do("add_role_to_instance_profile", "before deletion", InstanceProfileName="full", RoleName="in-profile")
    do("delete_instance_profile", "with its role", InstanceProfileName="full")
    do("delete_role", "in a profile", RoleName="in-profile")
    do("create_policy", "to attach", PolicyName="attached", PolicyDocument=GET)
    do("create_role", "to attach to", RoleName="attached", AssumeRolePolicyDocument=EC2)
    do("attach_role_policy", "before deletion", RoleName="attached", PolicyArn=arn("policy/attached"))
    do("delete_policy", "attached", PolicyArn=arn("policy/attached"))
    do("delete_policy", "with versions", PolicyArn=arn("policy/team/one"))


for part in (roles, policies, attachments, users, groups, profiles_and_providers, the_account, conflicts):
    part()

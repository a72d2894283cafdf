"""Uses S3 and other services with boto3 as a pod with a web identity, and prints a line of JSON for each step: what came back, or the refusal.

The endpoint, the region and the role come from the environment, as the webhook sets them in a pod.
"""
import io
import json
import os
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

# One attempt: what a refusal is must not be tried again.
settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def client(service):
    # Without being told, boto3 presigns with Signature Version 2.
    more = Config(signature_version="s3v4") if service == "s3" else Config()
    return boto3.client(service, config=settings.merge(more))


def step(name, act):
    try:
        line = {"value": act()}
    except ClientError as error:
        answer = error.response
        line = {"code": answer["Error"]["Code"], "message": answer["Error"]["Message"], "status": answer["ResponseMetadata"]["HTTPStatusCode"]}
    print(json.dumps({"step": name, **line}, default=str), flush=True)


def objects():
    s3 = client("s3")
    where = {"Bucket": "shop", "Key": "app/boto3"}
    large = os.urandom(11 << 20)

    def read(**more):
        return s3.get_object(**where, **more)["Body"].read()

    def multipart():
        s3.upload_fileobj(io.BytesIO(large), "shop", "app/large", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
        return s3.get_object(Bucket="shop", Key="app/large")["Body"].read() == large

    def parallel():
        target = io.BytesIO()
        s3.download_fileobj("shop", "app/large", target, Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
        return target.getvalue() == large

    def presigned(operation, method, body=None):
        url = s3.generate_presigned_url(operation, Params=where, ExpiresIn=60)
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    step("put", lambda: bool(s3.put_object(**where, Body=b"figures", Metadata={"team": "web"})["ETag"]))
    step("get", lambda: read().decode())
    step("range", lambda: read(Range="bytes=1-3").decode())
    step("head", lambda: s3.head_object(**where)["Metadata"])
    for algorithm in ("CRC32", "SHA1", "SHA256"):  # the others need botocore's optional library in C
        step("checksum " + algorithm, lambda: bool(s3.put_object(**where, Body=b"figures", ChecksumAlgorithm=algorithm)["Checksum" + algorithm]))
    step("multipart", multipart)
    step("parallel", parallel)
    step("presigned get", lambda: presigned("get_object", "GET"))
    step("presigned put", lambda: presigned("put_object", "PUT", b"by url")[0])
    step("presigned get used to delete", lambda: presigned("get_object", "DELETE")[0])
    step("list", lambda: [found["Key"] for found in s3.list_objects_v2(Bucket="shop", Prefix="app/")["Contents"]])
    step("tag", lambda: s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "team", "Value": "web"}]})["ResponseMetadata"]["HTTPStatusCode"])
    step("delete several", lambda: len(s3.delete_objects(Bucket="shop", Delete={"Objects": [{"Key": "app/boto3"}, {"Key": "app/large"}]})["Deleted"]))
    step("denied put", lambda: s3.put_object(Bucket="shop", Key="payroll/q1", Body=b"x"))
    step("denied list", lambda: s3.list_objects_v2(Bucket="shop", Prefix="payroll/"))


def services():
    dynamodb, sqs, ec2, secrets = client("dynamodb"), client("sqs"), client("ec2"), client("secretsmanager")
    kms, ssm, sns, elb, autoscaling = client("kms"), client("ssm"), client("sns"), client("elbv2"), client("autoscaling")
    tags, key = [{"Key": "team", "Value": "web"}], {"id": {"S": "1"}}

    def table(name, **more):
        made = dynamodb.create_table(TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                     AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST", **more)
        return made["TableDescription"]["TableName"]

    def instance(**more):
        made = ec2.run_instances(ImageId="ami-12c6146b", InstanceType="t3.micro", MinCount=1, MaxCount=1, **more)
        return made["Instances"][0]["InstanceId"]

    step("create table", lambda: table("orders", Tags=tags))
    step("put item", lambda: dynamodb.put_item(TableName="orders", Item=key)["ResponseMetadata"]["HTTPStatusCode"])
    step("get item", lambda: dynamodb.get_item(TableName="orders", Key=key)["Item"])
    step("no such table", lambda: dynamodb.get_item(TableName="orders-2", Key=key))
    step("denied item", lambda: dynamodb.get_item(TableName="payroll", Key=key))
    step("denied table", lambda: table("orders-untagged"))
    step("delete table", lambda: dynamodb.delete_table(TableName="orders")["TableDescription"]["TableName"])
    step("create queue", lambda: sqs.create_queue(QueueName="jobs")["QueueUrl"].rsplit("/", 1)[1])
    queue = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    step("send", lambda: bool(sqs.send_message(QueueUrl=queue, MessageBody="hello")["MessageId"]))
    step("receive", lambda: sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    step("denied queue", lambda: sqs.send_message(QueueUrl=queue.replace("jobs", "mail"), MessageBody="hello"))
    tagged = {"TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]}
    step("dry run", lambda: instance(DryRun=True, **tagged))
    made = instance(**tagged)
    step("stop what it made", lambda: ec2.stop_instances(InstanceIds=[made])["StoppingInstances"][0]["InstanceId"] == made)
    step("untag", lambda: ec2.delete_tags(Resources=[made], Tags=[{"Key": "team"}])["ResponseMetadata"]["HTTPStatusCode"])
    step("denied stop once untagged", lambda: ec2.stop_instances(InstanceIds=[made]))
    step("denied instance", lambda: instance())
    step("create secret", lambda: secrets.create_secret(Name="dev-db", SecretString="hush")["Name"])
    step("get secret", lambda: secrets.get_secret_value(SecretId="dev-db")["SecretString"])
    step("denied secret", lambda: secrets.get_secret_value(SecretId="prod-db"))
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    step("encrypt", lambda: kms.decrypt(KeyId=made, CiphertextBlob=kms.encrypt(KeyId=made, Plaintext=b"hush")["CiphertextBlob"])["Plaintext"].decode())
    step("denied key", lambda: kms.schedule_key_deletion(KeyId=made))
    step("put parameter", lambda: ssm.put_parameter(Name="/shop/db", Value="hush", Type="String")["Version"])
    step("get parameter", lambda: ssm.get_parameter(Name="/shop/db")["Parameter"]["Value"])
    step("denied parameter", lambda: ssm.get_parameter(Name="/bank/db"))
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    step("publish", lambda: bool(sns.publish(TopicArn=topic, Message="fire")["MessageId"]))
    step("denied topic", lambda: sns.publish(TopicArn=topic.replace("alerts", "orders"), Message="fire"))
    step("balancers", lambda: elb.describe_load_balancers()["LoadBalancers"])
    step("denied balancer", lambda: elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId="vpc-0a1b2c3d4e5f60001"))
    step("groups", lambda: autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"])
    step("denied group", lambda: autoscaling.set_desired_capacity(AutoScalingGroupName="workers", DesiredCapacity=1))


objects()
services()

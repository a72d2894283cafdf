// Walks the IRSA path with the AWS SDK for JavaScript v3 and prints, as JSON, what each step returned or was refused with.
// Input (stdin, JSON): the role's two documents and three tokens. Endpoint, region and the admin's keys come from the environment.
import { readFileSync } from "node:fs";
import { IAMClient, AttachRolePolicyCommand, CreatePolicyCommand, CreateRoleCommand, GetRoleCommand } from "@aws-sdk/client-iam";
import {
  S3Client, CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand,
  ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromWebToken } from "@aws-sdk/credential-providers";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const input = JSON.parse(readFileSync(0, "utf8"));
const saw = {};

async function step(name, act) {
  try {
    saw[name] = { value: (await act()) ?? "" };
  } catch (error) {
    saw[name] = { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
  }
}

const iam = new IAMClient({ maxAttempts: 1 });
const role = await iam.send(new CreateRoleCommand({ RoleName: "app", AssumeRolePolicyDocument: input.trust }));
const policy = await iam.send(new CreatePolicyCommand({ PolicyName: "app", PolicyDocument: input.permissions }));
await iam.send(new AttachRolePolicyCommand({ RoleName: "app", PolicyArn: policy.Policy.Arn }));
await new S3Client({ forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: "shop" }));

const roleArn = role.Role.Arn;
const credentials = fromWebToken({ roleArn, webIdentityToken: input.token, roleSessionName: "javascript", clientConfig: { maxAttempts: 1 } });
const sts = new STSClient({ credentials, maxAttempts: 1 });
const s3 = new S3Client({ credentials, forcePathStyle: true, maxAttempts: 1 });
const Bucket = "shop";

await step("caller", async () => (await sts.send(new GetCallerIdentityCommand({}))).Arn);
await step("put", async () => { await s3.send(new PutObjectCommand({ Bucket, Key: "reports/q1", Body: "figures" })); });
await step("get", async () => (await s3.send(new GetObjectCommand({ Bucket, Key: "reports/q1" }))).Body.transformToString());
await step("multipart", async () => {
  const Key = "reports/multi";
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (const [index, size] of [5 << 20, 1000].entries()) {
    const PartNumber = index + 1;
    const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: Buffer.alloc(size, PartNumber) }));
    Parts.push({ PartNumber, ETag: part.ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
});
await step("list", async () => (await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "reports/" }))).Contents.map((o) => o.Key).join(","));
await step("presigned", async () => {
  const response = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "reports/q1" }), { expiresIn: 60 }));
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.text();
});
await step("delete", async () => { await s3.send(new DeleteObjectCommand({ Bucket, Key: "reports/q1" })); });
await step("denied", async () => { await s3.send(new PutObjectCommand({ Bucket, Key: "payroll/q1", Body: "figures" })); });
await step("deniedRole", async () => { await new IAMClient({ credentials, maxAttempts: 1 }).send(new GetRoleCommand({ RoleName: "app" })); });

const anonymous = new STSClient({ maxAttempts: 1, credentials: { accessKeyId: "", secretAccessKey: "" } });
const exchange = (token) => anonymous.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: roleArn, RoleSessionName: "javascript", WebIdentityToken: token }));
await step("otherNamespace", async () => { await exchange(input.otherToken); });
await step("expired", async () => { await exchange(input.expiredToken); });
await step("noSuchRole", async () => { await iam.send(new GetRoleCommand({ RoleName: "nobody" })); });

console.log(JSON.stringify(saw));

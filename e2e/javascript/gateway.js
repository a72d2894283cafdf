// Uses S3, DynamoDB and SQS with the AWS SDK for JavaScript v3 as a pod with a web identity, and prints, as JSON, what each step returned or was
// refused with. Endpoint, region, role and token come from the environment, as the webhook sets them in a pod.
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  S3Client, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { DynamoDBClient, CreateTableCommand, DeleteTableCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { SQSClient, CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { fromTokenFile } from "@aws-sdk/credential-providers";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const saw = {};

async function step(name, act) {
  try {
    saw[name] = { value: String((await act()) ?? "") };
  } catch (error) {
    saw[name] = { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
  }
}

const credentials = fromTokenFile({ clientConfig: { maxAttempts: 1 } });
const s3 = new S3Client({ credentials, forcePathStyle: true, maxAttempts: 1 });
const where = { Bucket: "shop", Key: "app/javascript" };
const read = async (more) => (await s3.send(new GetObjectCommand({ ...where, ...more }))).Body.transformToString();
const large = randomBytes(11 << 20);
const sum = (content) => createHash("sha256").update(content).digest("hex");

await step("put", async () => { await s3.send(new PutObjectCommand({ ...where, Body: "figures" })); });
await step("get", () => read({}));
await step("range", () => read({ Range: "bytes=1-3" }));
await step("head", async () => (await s3.send(new HeadObjectCommand(where))).ContentLength);
for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  await step(`checksum ${ChecksumAlgorithm}`, async () => {
    const answer = await s3.send(new PutObjectCommand({ ...where, Body: "figures", ChecksumAlgorithm }));
    return answer[`Checksum${ChecksumAlgorithm}`] !== undefined;
  });
}
// A stream is sent in chunks with its checksum in a trailer.
await step("stream", async () => {
  await s3.send(new PutObjectCommand({ ...where, Key: "app/stream", Body: Readable.from([large.subarray(0, 6 << 20), large.subarray(6 << 20)]), ContentLength: large.length }));
  const answer = await s3.send(new GetObjectCommand({ ...where, Key: "app/stream" }));
  return sum(await answer.Body.transformToByteArray()) === sum(large);
});
await step("multipart", async () => {
  const target = { Bucket: "shop", Key: "app/large" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: "CRC32" }));
  const Parts = [];
  for (const [index, part] of [large.subarray(0, 5 << 20), large.subarray(5 << 20)].entries()) {
    const PartNumber = index + 1;
    const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body: part }));
    Parts.push({ PartNumber, ETag, ChecksumCRC32 });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  const answer = await s3.send(new GetObjectCommand(target));
  return sum(await answer.Body.transformToByteArray()) === sum(large);
});
await step("presigned get", async () => (await fetch(await getSignedUrl(s3, new GetObjectCommand({ ...where, Key: "app/stream" }), { expiresIn: 60 }))).status);
// Of a body that it does not know yet, the SDK would sign the checksum of an empty one.
const unchecked = new S3Client({ credentials, forcePathStyle: true, maxAttempts: 1, requestChecksumCalculation: "WHEN_REQUIRED" });
await step("presigned put", async () => (await fetch(await getSignedUrl(unchecked, new PutObjectCommand(where), { expiresIn: 60 }), { method: "PUT", body: "by url" })).status);
await step("presigned get used to delete", async () => (await fetch(await getSignedUrl(s3, new GetObjectCommand(where), { expiresIn: 60 }), { method: "DELETE" })).status);
await step("list", async () => (await s3.send(new ListObjectsV2Command({ Bucket: "shop", Prefix: "app/" }))).Contents.map((o) => o.Key).join(","));
for (const Key of ["app/javascript", "app/stream", "app/large"]) {
  await step(`delete ${Key}`, async () => { await s3.send(new DeleteObjectCommand({ Bucket: "shop", Key })); });
}
await step("denied put", async () => { await s3.send(new PutObjectCommand({ Bucket: "shop", Key: "payroll/q1", Body: "x" })); });

const dynamodb = new DynamoDBClient({ credentials, maxAttempts: 1 });
const id = { id: { S: "1" } };
await step("create table", async () => {
  await dynamodb.send(new CreateTableCommand({
    TableName: "orders", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }], AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST", Tags: [{ Key: "team", Value: "web" }],
  }));
});
await step("put item", async () => { await dynamodb.send(new PutItemCommand({ TableName: "orders", Item: id })); });
await step("get item", async () => (await dynamodb.send(new GetItemCommand({ TableName: "orders", Key: id }))).Item.id.S);
await step("denied item", async () => { await dynamodb.send(new GetItemCommand({ TableName: "payroll", Key: id })); });
await step("delete table", async () => { await dynamodb.send(new DeleteTableCommand({ TableName: "orders" })); });

// A queue's URL is the backend's own: clients must go on through the gateway.
const sqs = new SQSClient({ credentials, maxAttempts: 1, useQueueUrlAsEndpoint: false });
let QueueUrl;
await step("create queue", async () => { ({ QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }))); });
await step("send", async () => { await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" })); });
await step("receive", async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages[0].Body);
await step("denied queue", async () => { await sqs.send(new SendMessageCommand({ QueueUrl: QueueUrl.replace("jobs", "mail"), MessageBody: "hello" })); });

console.log(JSON.stringify(saw));

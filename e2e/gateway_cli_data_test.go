package e2e

import (
	"fmt"
	"strings"
)

// grants is a policy of statements, each an Allow of actions on resources, both separated by spaces.
func grants(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func grant(actions, resources string) string { return grantIf(actions, resources, "{}") }

// grantIf is grant under a condition, as JSON.
func grantIf(actions, resources, condition string) string {
	list := func(words string) string { return `["` + strings.ReplaceAll(words, " ", `","`) + `"]` }
	return fmt.Sprintf(`{"Effect":"Allow","Action":%s,"Resource":%s,"Condition":%s}`, list(actions), list(resources), condition)
}

// dataCallers are pods that keep data, each with the least that it needs. Actions and resources are those of the Service Authorization Reference's
// page of each service.
func dataCallers() []cliCaller {
	return []cliCaller{dynamoCaller(), objectCaller(), keyCaller(), parameterCaller(), databaseCaller(), warehouseCaller(), searchCaller()}
}

// dynamoCaller reads and writes a table; of another, only the items of one partition key (DynamoDB Developer Guide, "Using IAM policy conditions for
// fine-grained access control"). The calls on many items need the permissions of each ("Using IAM with DynamoDB transactions").
func dynamoCaller() cliCaller {
	const table = "arn:aws:dynamodb:{region}:{account}:table/"
	return cliCaller{
		name: "dynamodb",
		document: grants(grant("dynamodb:GetItem dynamodb:BatchGetItem dynamodb:Query dynamodb:PutItem dynamodb:BatchWriteItem dynamodb:ConditionCheckItem dynamodb:UpdateItem "+
			"dynamodb:DescribeTable dynamodb:PartiQLSelect", table+"orders "+table+"orders/index/*"),
			grantIf("dynamodb:GetItem", table+"users", `{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["42"]}}`),
			grantIf("dynamodb:CreateTable dynamodb:TagResource", table+"*", `{"StringEquals":{"aws:RequestTag/team":"web"}}`)),
		names: map[string]string{"orders": "arn:aws:dynamodb:us-west-2:111122223333:table/orders", "users": "arn:aws:dynamodb:us-west-2:111122223333:table/users",
			"key": `'{"id":{"S":"42"}}'`, "other": `'{"id":{"S":"43"}}'`,
			"shape": "--attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH --billing-mode PAY_PER_REQUEST"},
		calls: append(allowedAll("0", "dynamodb get-item --table-name orders --key {key}", "dynamodb get-item --table-name {orders} --key {key}",
			"dynamodb query --table-name orders --index-name by-day --key-condition-expression id=:i --expression-attribute-values '{\":i\":{\"S\":\"42\"}}'",
			"dynamodb put-item --table-name orders --item {key}", "dynamodb update-item --table-name orders --key {key}", "dynamodb describe-table --table-name orders",
			`dynamodb batch-get-item --request-items '{"orders":{"Keys":[{"id":{"S":"42"}}]}}'`,
			`dynamodb batch-write-item --request-items '{"orders":[{"PutRequest":{"Item":{"id":{"S":"42"}}}}]}'`,
			`dynamodb transact-write-items --transact-items '[{"Put":{"TableName":"orders","Item":{"id":{"S":"42"}}}}]'`,
			`dynamodb execute-statement --statement 'SELECT * FROM "orders" WHERE "id" = ?'`),
			cliCall{allowed: "1", run: "dynamodb get-item --table-name users --key {key}"},
			cliCall{denied: "dynamodb:GetItem {users}", run: "dynamodb get-item --table-name users --key {other}"},
			cliCall{denied: "dynamodb:GetItem", run: "dynamodb get-item --table-name orders --key {key} --region eu-west-1"},
			cliCall{denied: "dynamodb:PutItem {users}", run: "dynamodb put-item --table-name users --item {key}"},
			cliCall{denied: "dynamodb:DeleteItem {orders}", run: "dynamodb delete-item --table-name orders --key {key}"},
			cliCall{denied: "dynamodb:Scan {orders}", run: "dynamodb scan --table-name orders"},
			cliCall{denied: "dynamodb:BatchGetItem {users}", run: `dynamodb batch-get-item --request-items '{"orders":{"Keys":[{"id":{"S":"42"}}]},"users":{"Keys":[{"id":{"S":"42"}}]}}'`},
			cliCall{denied: "dynamodb:DeleteItem {orders}", run: `dynamodb transact-write-items --transact-items '[{"Delete":{"TableName":"orders","Key":{"id":{"S":"42"}}}}]'`},
			cliCall{denied: "dynamodb:PartiQLSelect {users}", run: `dynamodb execute-statement --statement 'SELECT * FROM "users" WHERE "id" = ?'`},
			cliCall{denied: "dynamodb:PartiQLDelete {orders}", run: `dynamodb execute-statement --statement 'DELETE FROM "orders" WHERE "id" = ?'`},
			cliCall{allowed: "2", run: "dynamodb create-table --table-name fresh {shape} --tags Key=team,Value=web"},
			cliCall{denied: "dynamodb:CreateTable arn:aws:dynamodb:us-west-2:111122223333:table/fresh", run: "dynamodb create-table --table-name fresh {shape}"},
			cliCall{denied: "dynamodb:CreateTable", run: "dynamodb create-table --table-name fresh {shape} --tags Key=team,Value=data"},
			cliCall{denied: "dynamodb:ListTables", run: "dynamodb list-tables"}),
	}
}

// objectCaller is of the plane's own S3.
func objectCaller() cliCaller {
	return cliCaller{
		name: "s3", document: grants(grant("s3:ListBucket s3:GetBucketLocation", "arn:aws:s3:::shop"), grant("s3:GetObject s3:PutObject", "arn:aws:s3:::shop/reports/*")),
		calls: []cliCall{
			{served: "(NoSuchBucket)", run: "s3api list-objects-v2 --bucket shop"},
			{served: "(NoSuchBucket)", run: "s3api put-object --bucket shop --key reports/q1"},
			{denied: "s3:PutObject arn:aws:s3:::shop/payroll", run: "s3api put-object --bucket shop --key payroll"},
			{denied: "s3:ListBucket arn:aws:s3:::other", run: "s3api list-objects-v2 --bucket other"},
			{denied: "s3:ListAllMyBuckets", run: "s3api list-buckets"},
			{denied: "s3:GetBucketAcl arn:aws:s3:::shop", run: "s3api get-bucket-acl --bucket shop"},
			{denied: "s3:PutLifecycleConfiguration arn:aws:s3:::shop", run: "s3api put-bucket-lifecycle-configuration --bucket shop --lifecycle-configuration Rules=[{ID=a,Prefix=,Status=Enabled,Expiration={Days=1}}]"},
		},
	}
}

// keyCaller uses one key, and a second one with an encryption context (AWS KMS Developer Guide, "Condition keys for AWS KMS").
func keyCaller() cliCaller {
	const keys = "arn:aws:kms:{region}:{account}:key/"
	return cliCaller{
		name: "kms",
		document: grants(grant("kms:Encrypt kms:Decrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:DescribeKey", keys+"{one}"),
			grantIf("kms:Encrypt kms:Decrypt", keys+"{two}", `{"StringEquals":{"kms:EncryptionContext:app":"shop"}}`),
			grantIf("kms:CreateGrant", keys+"{one}", `{"ForAllValues:StringEquals":{"kms:GrantOperations":["Decrypt"]}}`)),
		names: map[string]string{"one": "1234abcd-12ab-34cd-56ef-1234567890ab", "two": "0987dcba-09fe-87dc-65ba-ab0987654321", "three": "aaaabbbb-cccc-dddd-eeee-ffff00001111",
			"keys": "arn:aws:kms:us-west-2:111122223333:key/"},
		calls: append(allowedAll("0", "kms encrypt --key-id {one} --plaintext hush", "kms decrypt --key-id {keys}{one} --ciphertext-blob hush",
			"kms generate-data-key --key-id {one} --key-spec AES_256", "kms generate-data-key-without-plaintext --key-id {one} --key-spec AES_256", "kms describe-key --key-id {one}"),
			cliCall{allowed: "1", run: "kms encrypt --key-id {two} --plaintext hush --encryption-context app=shop"},
			cliCall{denied: "kms:Encrypt {keys}{two}", run: "kms encrypt --key-id {two} --plaintext hush --encryption-context app=other"},
			cliCall{denied: "kms:Encrypt {keys}{two}", run: "kms encrypt --key-id {two} --plaintext hush"},
			cliCall{denied: "kms:Encrypt {keys}{three}", run: "kms encrypt --key-id {three} --plaintext hush"},
			cliCall{denied: "kms:Encrypt", run: "kms encrypt --key-id {one} --plaintext hush --region eu-west-1"},
			cliCall{denied: "kms:Encrypt", run: "kms encrypt --key-id arn:aws:kms:us-west-2:444455556666:key/{one} --plaintext hush"},
			cliCall{denied: "kms:Decrypt", run: "kms decrypt --ciphertext-blob hush"}, // of which key, only the key's holder knows
			cliCall{denied: "kms:ScheduleKeyDeletion {keys}{one}", run: "kms schedule-key-deletion --key-id {one} --pending-window-in-days 7"},
			cliCall{allowed: "2", run: "kms create-grant --key-id {one} --grantee-principal arn:aws:iam::{account}:role/app --operations Decrypt"},
			cliCall{denied: "kms:CreateGrant {keys}{one}", run: "kms create-grant --key-id {one} --grantee-principal arn:aws:iam::{account}:role/app --operations Decrypt Encrypt"},
			cliCall{denied: "kms:ListKeys", run: "kms list-keys"}, cliCall{denied: "kms:CreateKey", run: "kms create-key"}),
	}
}

func parameterCaller() cliCaller {
	return cliCaller{
		name: "ssm", document: grants(grant("ssm:GetParameter ssm:GetParameters ssm:GetParametersByPath", "arn:aws:ssm:{region}:{account}:parameter/shop arn:aws:ssm:{region}:{account}:parameter/shop/*")),
		names: map[string]string{"parameters": "arn:aws:ssm:us-west-2:111122223333:parameter"},
		calls: append(allowedAll("0", "ssm get-parameter --name /shop/db", "ssm get-parameters --names /shop/db /shop/api", "ssm get-parameters-by-path --path /shop",
			"ssm get-parameter --name {parameters}/shop/db"),
			cliCall{denied: "ssm:GetParameter {parameters}/bank/db", run: "ssm get-parameter --name /bank/db"},
			cliCall{denied: "ssm:GetParameters {parameters}/bank/db", run: "ssm get-parameters --names /shop/db /bank/db"},
			cliCall{denied: "ssm:GetParametersByPath", run: "ssm get-parameters-by-path --path /"},
			cliCall{denied: "ssm:PutParameter {parameters}/shop/db", run: "ssm put-parameter --name /shop/db --value hush --type SecureString"},
			cliCall{denied: "ssm:DescribeParameters", run: "ssm describe-parameters"},
			cliCall{denied: "ssm:GetParameter", run: "ssm get-parameter --name /shop/db --region eu-west-1"}),
	}
}

// databaseCaller looks after one RDS database and one ElastiCache cluster.
func databaseCaller() cliCaller {
	const rds, cache = "arn:aws:rds:{region}:{account}:", "arn:aws:elasticache:{region}:{account}:"
	return cliCaller{
		name: "databases",
		document: grants(grant("rds:DescribeDBInstances rds:StartDBInstance rds:StopDBInstance", rds+"db:shop"), grant("rds:CreateDBSnapshot", rds+"db:shop "+rds+"snapshot:shop-*"),
			grantIf("rds:DeleteDBInstance", rds+"db:*", `{"StringEquals":{"aws:ResourceTag/team":"web"}}`), grant("elasticache:DescribeCacheClusters elasticache:RebootCacheCluster", cache+"cluster:shop")),
		attributes: map[string]string{"arn:aws:rds:us-west-2:111122223333:db:preview": "team=web"},
		names:      map[string]string{"rds": "arn:aws:rds:us-west-2:111122223333:", "cache": "arn:aws:elasticache:us-west-2:111122223333:"},
		calls: append(allowedAll("0", "rds describe-db-instances --db-instance-identifier shop", "rds start-db-instance --db-instance-identifier shop", "rds stop-db-instance --db-instance-identifier shop"),
			cliCall{allowed: "1", run: "rds create-db-snapshot --db-instance-identifier shop --db-snapshot-identifier shop-1"},
			cliCall{denied: "rds:CreateDBSnapshot {rds}snapshot:bank-1", run: "rds create-db-snapshot --db-instance-identifier shop --db-snapshot-identifier bank-1"},
			cliCall{denied: "rds:StartDBInstance {rds}db:bank", run: "rds start-db-instance --db-instance-identifier bank"},
			cliCall{denied: "rds:RebootDBInstance {rds}db:shop", run: "rds reboot-db-instance --db-instance-identifier shop"},
			cliCall{denied: "rds:DescribeDBClusters", run: "rds describe-db-clusters"},
			cliCall{allowed: "2", run: "rds delete-db-instance --db-instance-identifier preview --skip-final-snapshot"},
			cliCall{denied: "rds:DeleteDBInstance {rds}db:shop", run: "rds delete-db-instance --db-instance-identifier shop --skip-final-snapshot"},
			cliCall{allowed: "3", run: "elasticache describe-cache-clusters --cache-cluster-id shop"},
			cliCall{allowed: "3", run: "elasticache reboot-cache-cluster --cache-cluster-id shop --cache-node-ids-to-reboot 0001"},
			cliCall{denied: "elasticache:RebootCacheCluster {cache}cluster:bank", run: "elasticache reboot-cache-cluster --cache-cluster-id bank --cache-node-ids-to-reboot 0001"},
			cliCall{denied: "elasticache:DeleteCacheCluster {cache}cluster:shop", run: "elasticache delete-cache-cluster --cache-cluster-id shop"}),
	}
}

// warehouseCaller queries with Athena what Glue's catalog describes, and backs up.
func warehouseCaller() cliCaller {
	const glue = "arn:aws:glue:{region}:{account}:"
	return cliCaller{
		name: "warehouse",
		document: grants(grant("glue:GetTable glue:GetDatabase glue:GetPartitions", glue+"catalog "+glue+"database/shop "+glue+"table/shop/orders"),
			grant("athena:StartQueryExecution athena:GetWorkGroup", "arn:aws:athena:{region}:{account}:workgroup/shop"),
			grant("backup:DescribeBackupVault backup:ListRecoveryPointsByBackupVault", "arn:aws:backup:{region}:{account}:backup-vault:shop")),
		names: map[string]string{"glue": "arn:aws:glue:us-west-2:111122223333:", "groups": "arn:aws:athena:us-west-2:111122223333:workgroup/", "vaults": "arn:aws:backup:us-west-2:111122223333:backup-vault:"},
		calls: append(allowedAll("0", "glue get-table --database-name shop --name orders", "glue get-database --name shop", "glue get-partitions --database-name shop --table-name orders"),
			cliCall{denied: "glue:GetTable {glue}table/shop/users", run: "glue get-table --database-name shop --name users"},
			cliCall{denied: "glue:GetDatabase {glue}database/bank", run: "glue get-database --name bank"},
			cliCall{denied: "glue:DeleteTable", run: "glue delete-table --database-name shop --name orders"},
			// Which tables a query reads is in its text, and where they are in the catalog: whoever asks needs all of them.
			cliCall{denied: "glue:GetDatabase {glue}database/*", run: "athena start-query-execution --query-string 'SELECT 1' --work-group shop"},
			cliCall{allowed: "1", run: "athena get-work-group --work-group shop"},
			cliCall{denied: "athena:StartQueryExecution {groups}bank", run: "athena start-query-execution --query-string 'SELECT 1' --work-group bank"},
			cliCall{denied: "athena:GetQueryResults", run: "athena get-query-results --query-execution-id a1b2c3d4-5678-90ab-cdef-111111111111"},
			cliCall{allowed: "2", run: "backup describe-backup-vault --backup-vault-name shop"},
			cliCall{allowed: "2", run: "backup list-recovery-points-by-backup-vault --backup-vault-name shop"},
			cliCall{denied: "backup:DescribeBackupVault {vaults}bank", run: "backup describe-backup-vault --backup-vault-name bank"},
			cliCall{denied: "backup:DeleteBackupVault {vaults}shop", run: "backup delete-backup-vault --backup-vault-name shop"}),
	}
}

func searchCaller() cliCaller {
	return cliCaller{
		name:     "search",
		document: grants(grant("es:DescribeDomain es:ListTags", "arn:aws:es:{region}:{account}:domain/shop"), grant("ecr:GetAuthorizationToken", "*"), grant("ecr:BatchGetImage ecr:DescribeImages ecr:GetDownloadUrlForLayer", "arn:aws:ecr:{region}:{account}:repository/shop/*")),
		names:    map[string]string{"domains": "arn:aws:es:us-west-2:111122223333:domain/", "repositories": "arn:aws:ecr:us-west-2:111122223333:repository/"},
		calls: append(allowedAll("0", "opensearch describe-domain --domain-name shop", "opensearch list-tags --arn {domains}shop"),
			cliCall{denied: "es:DescribeDomain {domains}bank", run: "opensearch describe-domain --domain-name bank"},
			cliCall{denied: "es:DeleteDomain {domains}shop", run: "opensearch delete-domain --domain-name shop"},
			cliCall{allowed: "1", run: "ecr get-authorization-token"},
			cliCall{allowed: "2", run: "ecr batch-get-image --repository-name shop/web --image-ids imageTag=v1"},
			cliCall{allowed: "2", run: "ecr describe-images --repository-name shop/web"},
			cliCall{denied: "ecr:BatchGetImage {repositories}bank/web", run: "ecr batch-get-image --repository-name bank/web --image-ids imageTag=v1"},
			cliCall{denied: "ecr:PutImage {repositories}shop/web", run: "ecr put-image --repository-name shop/web --image-manifest {}"},
			cliCall{denied: "ecr:DescribeRepositories", run: "ecr describe-repositories"}),
	}
}

package e2e

// messageCallers are pods that send, log and measure, each with the least that it needs.
func messageCallers() []cliCaller {
	return []cliCaller{queueCaller(), topicCaller(), logCaller(), streamCaller(), eventCaller(), mailCaller()}
}

// queueCaller needs sqs:SendMessage for batches too (Amazon SQS Developer Guide, "Amazon SQS API permissions": the batch calls have their own's action).
func queueCaller() cliCaller {
	const queue = "https://sqs.us-west-2.amazonaws.com/111122223333/"
	return cliCaller{
		name:     "sqs",
		document: grants(grant("sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueUrl sqs:ChangeMessageVisibility", "arn:aws:sqs:{region}:{account}:jobs")),
		names:    map[string]string{"jobs": queue + "jobs", "mail": queue + "mail", "queues": "arn:aws:sqs:us-west-2:111122223333:"},
		calls: append(allowedAll("0", "sqs send-message --queue-url {jobs} --message-body hello", "sqs receive-message --queue-url {jobs}",
			"sqs delete-message --queue-url {jobs} --receipt-handle AQEB", "sqs send-message-batch --queue-url {jobs} --entries Id=a,MessageBody=hello",
			"sqs delete-message-batch --queue-url {jobs} --entries Id=a,ReceiptHandle=AQEB", "sqs get-queue-url --queue-name jobs",
			"sqs change-message-visibility --queue-url {jobs} --receipt-handle AQEB --visibility-timeout 30"),
			cliCall{denied: "sqs:SendMessage {queues}mail", run: "sqs send-message --queue-url {mail} --message-body hello"},
			cliCall{denied: "sqs:SendMessage {queues}mail", run: "sqs send-message-batch --queue-url {mail} --entries Id=a,MessageBody=hello"},
			cliCall{denied: "sqs:PurgeQueue {queues}jobs", run: "sqs purge-queue --queue-url {jobs}"},
			cliCall{denied: "sqs:GetQueueUrl {queues}mail", run: "sqs get-queue-url --queue-name mail"},
			cliCall{denied: "sqs:CreateQueue {queues}jobs", run: "sqs create-queue --queue-name jobs"},
			cliCall{denied: "sqs:ListQueues", run: "sqs list-queues"}),
	}
}

func topicCaller() cliCaller {
	return cliCaller{
		name: "sns",
		document: grants(grant("sns:Publish sns:Subscribe sns:ListSubscriptionsByTopic", "arn:aws:sns:{region}:{account}:alerts"),
			grantIf("sns:CreateTopic sns:TagResource", "arn:aws:sns:{region}:{account}:web-*", `{"StringEquals":{"aws:RequestTag/team":"web"}}`)),
		names: map[string]string{"topics": "arn:aws:sns:us-west-2:111122223333:"},
		calls: append(allowedAll("0", "sns publish --topic-arn {topics}alerts --message fire", "sns publish-batch --topic-arn {topics}alerts --publish-batch-request-entries Id=a,Message=fire",
			"sns subscribe --topic-arn {topics}alerts --protocol email --notification-endpoint web@example.com", "sns list-subscriptions-by-topic --topic-arn {topics}alerts"),
			cliCall{allowed: "1", run: "sns create-topic --name web-alerts --tags Key=team,Value=web"},
			cliCall{denied: "sns:CreateTopic {topics}web-alerts", run: "sns create-topic --name web-alerts"},
			cliCall{denied: "sns:CreateTopic {topics}web-alerts", run: "sns create-topic --name web-alerts --tags Key=team,Value=data"},
			cliCall{denied: "sns:CreateTopic {topics}alerts", run: "sns create-topic --name alerts --tags Key=team,Value=web"},
			cliCall{denied: "sns:Publish {topics}orders", run: "sns publish --topic-arn {topics}orders --message fire"},
			cliCall{denied: "sns:Publish", run: "sns publish --topic-arn arn:aws:sns:eu-west-1:111122223333:alerts --message fire --region eu-west-1"},
			cliCall{denied: "sns:Publish", run: "sns publish --phone-number +15555550100 --message fire"},
			cliCall{denied: "sns:DeleteTopic {topics}alerts", run: "sns delete-topic --topic-arn {topics}alerts"},
			cliCall{denied: "sns:ListTopics", run: "sns list-topics"}),
	}
}

// logCaller writes to one log group, and metrics to one namespace (CloudWatch User Guide, "Using condition keys to limit access to CloudWatch namespaces").
func logCaller() cliCaller {
	const group = "arn:aws:logs:us-west-2:111122223333:log-group:"
	return cliCaller{
		name: "logs",
		document: grants(grant("logs:CreateLogStream logs:PutLogEvents logs:DescribeLogStreams logs:FilterLogEvents", group+"/shop/app:* "+group+"/shop/app"),
			grantIf("cloudwatch:PutMetricData", "*", `{"StringEquals":{"cloudwatch:namespace":"Shop"}}`),
			grant("cloudwatch:DescribeAlarms cloudwatch:SetAlarmState", "arn:aws:cloudwatch:us-west-2:111122223333:alarm:shop-*")),
		names: map[string]string{"app": "--log-group-name /shop/app", "bank": "--log-group-name /bank/app", "metric": "--metric-data MetricName=orders,Value=1"},
		calls: append(allowedAll("0", "logs create-log-stream {app} --log-stream-name web", "logs put-log-events {app} --log-stream-name web --log-events timestamp=1700000000000,message=hello",
			"logs describe-log-streams {app}", "logs filter-log-events {app}"),
			cliCall{denied: "logs:PutLogEvents", run: "logs put-log-events {bank} --log-stream-name web --log-events timestamp=1700000000000,message=hello"},
			cliCall{denied: "logs:CreateLogGroup", run: "logs create-log-group {app}"},
			cliCall{denied: "logs:DeleteLogGroup", run: "logs delete-log-group {app}"},
			cliCall{denied: "logs:CreateLogStream", run: "logs create-log-stream {app} --log-stream-name web --region eu-west-1"},
			cliCall{allowed: "1", run: "cloudwatch put-metric-data --namespace Shop {metric}"},
			cliCall{denied: "cloudwatch:PutMetricData", run: "cloudwatch put-metric-data --namespace Bank {metric}"},
			cliCall{allowed: "2", run: "cloudwatch set-alarm-state --alarm-name shop-errors --state-value OK --state-reason test"},
			cliCall{denied: "cloudwatch:SetAlarmState arn:aws:cloudwatch:us-west-2:111122223333:alarm:bank-errors", run: "cloudwatch set-alarm-state --alarm-name bank-errors --state-value OK --state-reason test"},
			cliCall{denied: "cloudwatch:DeleteAlarms", run: "cloudwatch delete-alarms --alarm-names shop-errors"},
			cliCall{denied: "cloudwatch:ListMetrics", run: "cloudwatch list-metrics"}),
	}
}

func streamCaller() cliCaller {
	return cliCaller{
		name: "streams",
		document: grants(grant("kinesis:PutRecord kinesis:PutRecords kinesis:DescribeStreamSummary kinesis:GetShardIterator", "arn:aws:kinesis:{region}:{account}:stream/clicks"),
			grant("firehose:PutRecord firehose:PutRecordBatch", "arn:aws:firehose:{region}:{account}:deliverystream/clicks")),
		names: map[string]string{"streams": "arn:aws:kinesis:us-west-2:111122223333:stream/", "deliveries": "arn:aws:firehose:us-west-2:111122223333:deliverystream/"},
		calls: append(allowedAll("0", "kinesis put-record --stream-name clicks --partition-key a --data hello", "kinesis put-records --stream-name clicks --records Data=hello,PartitionKey=a",
			"kinesis describe-stream-summary --stream-arn {streams}clicks", "kinesis get-shard-iterator --stream-name clicks --shard-id shardId-000000000000 --shard-iterator-type LATEST"),
			cliCall{denied: "kinesis:PutRecord {streams}orders", run: "kinesis put-record --stream-name orders --partition-key a --data hello"},
			cliCall{denied: "kinesis:PutRecord", run: "kinesis put-record --stream-name clicks --partition-key a --data hello --region eu-west-1"},
			cliCall{denied: "kinesis:DeleteStream {streams}clicks", run: "kinesis delete-stream --stream-name clicks"},
			cliCall{denied: "kinesis:ListStreams", run: "kinesis list-streams"},
			cliCall{allowed: "1", run: "firehose put-record --delivery-stream-name clicks --record Data=hello"},
			cliCall{allowed: "1", run: "firehose put-record-batch --delivery-stream-name clicks --records Data=hello"},
			cliCall{denied: "firehose:PutRecord {deliveries}orders", run: "firehose put-record --delivery-stream-name orders --record Data=hello"},
			cliCall{denied: "firehose:DeleteDeliveryStream {deliveries}clicks", run: "firehose delete-delivery-stream --delivery-stream-name clicks"}),
	}
}

func eventCaller() cliCaller {
	return cliCaller{
		name: "events",
		document: grants(grant("events:PutEvents", "arn:aws:events:{region}:{account}:event-bus/shop"), grant("events:DescribeRule events:EnableRule", "arn:aws:events:{region}:{account}:rule/nightly"),
			grant("states:StartExecution", "arn:aws:states:{region}:{account}:stateMachine:orders"), grant("states:DescribeExecution states:StopExecution", "arn:aws:states:{region}:{account}:execution:orders:*")),
		names: map[string]string{"bus": "arn:aws:events:us-west-2:111122223333:event-bus/", "machines": "arn:aws:states:us-west-2:111122223333:stateMachine:", "runs": "arn:aws:states:us-west-2:111122223333:execution:",
			"entry": `'[{"Source":"web","DetailType":"order","Detail":"{}","EventBusName":"`, "end": `"}]'`},
		calls: []cliCall{
			{allowed: "0", run: "events put-events --entries {entry}shop{end}"},
			{denied: "events:PutEvents {bus}default", run: "events put-events --entries Source=web,DetailType=order"},
			{denied: "events:PutEvents {bus}bank", run: "events put-events --entries '[{\"EventBusName\":\"shop\",\"Source\":\"web\"},{\"EventBusName\":\"bank\",\"Source\":\"web\"}]'"},
			{allowed: "1", run: "events describe-rule --name nightly"}, {allowed: "1", run: "events enable-rule --name nightly"},
			{denied: "events:DescribeRule arn:aws:events:us-west-2:111122223333:rule/hourly", run: "events describe-rule --name hourly"},
			{denied: "events:DeleteRule arn:aws:events:us-west-2:111122223333:rule/nightly", run: "events delete-rule --name nightly"},
			{allowed: "2", run: "stepfunctions start-execution --state-machine-arn {machines}orders"},
			{denied: "states:StartExecution {machines}payroll", run: "stepfunctions start-execution --state-machine-arn {machines}payroll"},
			{allowed: "3", run: "stepfunctions describe-execution --execution-arn {runs}orders:one"}, {allowed: "3", run: "stepfunctions stop-execution --execution-arn {runs}orders:one"},
			{denied: "states:DescribeExecution {runs}payroll:one", run: "stepfunctions describe-execution --execution-arn {runs}payroll:one"},
			{denied: "states:ListStateMachines", run: "stepfunctions list-state-machines"},
		},
	}
}

// mailCaller sends from one address (Amazon SES Developer Guide, "Identity and access management in Amazon SES").
func mailCaller() cliCaller {
	const message = " --destination ToAddresses=a@example.com --message Subject={Data=hello},Body={Text={Data=hello}}"
	return cliCaller{
		name: "ses", document: grants(grantIf("ses:SendEmail", "*", `{"StringEquals":{"ses:FromAddress":"shop@example.com"}}`),
			grant("cognito-idp:AdminGetUser cognito-idp:ListUsers", "arn:aws:cognito-idp:{region}:{account}:userpool/us-west-2_aBcDeFgHi")),
		names: map[string]string{"pools": "arn:aws:cognito-idp:us-west-2:111122223333:userpool/"},
		calls: []cliCall{
			{allowed: "0", run: "ses send-email --from shop@example.com" + message},
			{denied: "ses:SendEmail", run: "ses send-email --from bank@example.com" + message},
			{denied: "ses:ListIdentities", run: "ses list-identities"},
			{allowed: "1", run: "cognito-idp admin-get-user --user-pool-id us-west-2_aBcDeFgHi --username web"},
			{allowed: "1", run: "cognito-idp list-users --user-pool-id us-west-2_aBcDeFgHi"},
			{denied: "cognito-idp:ListUsers {pools}us-west-2_zYxWvUtSr", run: "cognito-idp list-users --user-pool-id us-west-2_zYxWvUtSr"},
			{denied: "cognito-idp:AdminDeleteUser {pools}us-west-2_aBcDeFgHi", run: "cognito-idp admin-delete-user --user-pool-id us-west-2_aBcDeFgHi --username web"},
		},
	}
}

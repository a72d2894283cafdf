package awsmodel

import (
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// tableARN is the ARN of a table that a request names by its name or its ARN.
func (r *reader) tableARN(name string) (string, error) {
	if err := component("TableName", name); err != nil {
		return "", err
	}
	if strings.HasPrefix(name, "arn:") {
		arn, err := policy.ParseARN(name)
		if err != nil || arn.Service != "dynamodb" || !strings.HasPrefix(arn.Resource, "table/") || strings.Count(arn.Resource, "/") != 1 {
			return "", &Error{Kind: UnknownParameter, Message: "TableName: it is not the ARN of a table: " + excerpt(name)}
		}
		return name, nil
	}
	if strings.ContainsAny(name, ":/") {
		return "", &Error{Kind: UnknownParameter, Message: "TableName: it is not the name of a table: " + excerpt(name)}
	}
	return r.arn("dynamodb", "table/"+name), nil
}

// onTable is the call of an action on a table, or on an index of it: what reads an index is decided on the index alone
// (Amazon DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control").
func (r *reader) onTable(action, table, index string) (Call, error) {
	arn, err := r.tableARN(table)
	if err != nil {
		return Call{}, err
	}
	kind := "table"
	if index != "" {
		if err := component("IndexName", index); err != nil || strings.ContainsAny(index, ":/") {
			return Call{}, &Error{Kind: UnknownParameter, Message: "IndexName: it is not the name of an index: " + excerpt(index)}
		}
		kind, arn = "index", arn+"/index/"+index
	}
	return r.on("dynamodb:"+action, kind, arn, false)
}

// readTable is the meaning of Query and Scan.
func (r *reader) readTable() ([]Call, error) {
	call, err := r.onTable(r.operation.Name, r.text("TableName"), r.text("IndexName"))
	if err != nil {
		return nil, err
	}
	return []Call{call}, nil
}

// batchTables is the meaning of BatchGetItem and BatchWriteItem: their own action, on each table.
func (r *reader) batchTables() ([]Call, error) {
	tables, _ := r.operation.Input["RequestItems"].(map[string]any)
	var calls []Call
	for _, table := range slices.Sorted(keysOf(tables)) {
		keys := map[string][]string{}
		batchKeys(tables[table], keys)
		delete(r.keys, "dynamodb:leadingkeys")
		delete(r.keys, "dynamodb:attributes")
		maps.Copy(r.keys, keys)
		call, err := r.onTable(r.operation.Name, table, "")
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// transaction is the meaning of TransactGetItems and TransactWriteItems: the action of each of their parts, on its table
// (Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB transactions").
func (r *reader) transaction() ([]Call, error) {
	parts := map[string]string{"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
		"ConditionCheck": "ConditionCheckItem"}
	var calls []Call
	for _, item := range structures(r.operation.Input["TransactItems"]) {
		for _, name := range slices.Sorted(keysOf(item)) {
			action, known := parts[name]
			part, _ := item[name].(map[string]any)
			if !known || part == nil {
				return nil, undecidable("dynamodb:"+r.operation.Name, "it has a part "+name)
			}
			table, _ := part["TableName"].(string)
			keys := map[string][]string{}
			itemKeys(part, keys)
			for key, values := range keys {
				r.keys[key] = values
			}
			call, err := r.onTable(action, table, "")
			if err != nil {
				return nil, err
			}
			for key := range keys {
				delete(r.keys, key)
			}
			call.Keys["dynamodb:EnclosingOperation"] = []string{r.operation.Name}
			calls = append(calls, call)
		}
	}
	return calls, nil
}

// statements is the meaning of PartiQL's operations
// (Amazon DynamoDB Developer Guide, "IAM security policies with PartiQL for DynamoDB").
func (r *reader) statements() ([]Call, error) {
	parts := slices.Concat(structures(r.operation.Input["Statements"]), structures(r.operation.Input["TransactStatements"]))
	if r.operation.Input["Statement"] != nil {
		parts = append(parts, r.operation.Input)
	}
	var calls []Call
	for _, part := range parts {
		text, _ := part["Statement"].(string)
		s, err := parsePartiQL(text)
		if err != nil {
			return nil, undecidable("dynamodb:"+r.operation.Name, "its statement is not understood: "+err.Error())
		}
		parameters, _ := part["Parameters"].([]any)
		for _, parameter := range parameters {
			s.values = append(s.values, attributeValues(parameter)...)
		}
		call, err := r.onTable(s.action, s.table, s.index)
		if err != nil {
			return nil, err
		}
		for key, values := range map[string][]string{"dynamodb:Attributes": s.names, "dynamodb:LeadingKeys": s.values} {
			if len(values) > 0 {
				slices.Sort(values)
				call.Keys[key] = slices.Compact(values)
			}
		}
		if r.operation.Name == "ExecuteTransaction" {
			call.Keys["dynamodb:EnclosingOperation"] = []string{r.operation.Name}
		}
		if s.scan {
			call.Keys["dynamodb:FullTableScan"] = []string{"true"}
			call.Keys["dynamodb:LeadingKeys"] = append(call.Keys["dynamodb:LeadingKeys"], "") // no partition's key is empty: this one is none's
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// dynamoKeys are the keys of DynamoDB's fine-grained access control for an operation on one table.
func (r *reader) dynamoKeys(keys map[string][]string) {
	input := r.operation.Input
	itemKeys(input, keys)
	for _, key := range []string{"Select", "ReturnValues", "ReturnConsumedCapacity"} {
		if text := r.text(key); text != "" {
			keys["dynamodb:"+lower(key)] = []string{text}
		}
	}
	if _, known := keys["dynamodb:select"]; !known && (input["ProjectionExpression"] != nil || input["AttributesToGet"] != nil) {
		keys["dynamodb:select"] = []string{"SPECIFIC_ATTRIBUTES"}
	}
}

// batchKeys are those of one table in a batch.
func batchKeys(requests any, keys map[string][]string) {
	for _, request := range structures(requests) {
		itemKeys(request, keys)
		for _, name := range slices.Sorted(keysOf(request)) {
			for _, part := range structures(request[name]) { // PutRequest and DeleteRequest
				itemKeys(part, keys)
			}
		}
	}
}

// itemKeys adds the values that may be partition keys, and the names of attributes, of one part of a request. Which attribute is the
// partition key is known to the table alone: where the request leaves it open every value that may be it is told, so that a policy that
// wants all of them to be someone's (ForAllValues) is not satisfied by less.
func itemKeys(part map[string]any, keys map[string][]string) {
	leading, attributes := keys["dynamodb:leadingkeys"], keys["dynamodb:attributes"]
	whole := func(value any) {
		item, _ := value.(map[string]any)
		for _, name := range slices.Sorted(keysOf(item)) {
			leading = append(leading, attributeValues(item[name])...)
			attributes = append(attributes, name)
		}
	}
	for _, name := range []string{"Key", "Item", "KeyConditions", "ExclusiveStartKey"} {
		whole(part[name])
	}
	for _, key := range structures(part["Keys"]) {
		whole(key)
	}
	if part["KeyConditionExpression"] != nil {
		values, _ := part["ExpressionAttributeValues"].(map[string]any)
		for _, name := range slices.Sorted(keysOf(values)) {
			leading = append(leading, attributeValues(values[name])...)
		}
	}
	names, _ := part["ExpressionAttributeNames"].(map[string]any)
	for _, member := range []string{"ProjectionExpression", "KeyConditionExpression", "FilterExpression", "ConditionExpression", "UpdateExpression"} {
		text, _ := part[member].(string)
		attributes = append(attributes, expressionNames(text, names, member == "ProjectionExpression")...)
	}
	for _, member := range []string{"AttributeUpdates", "Expected", "QueryFilter", "ScanFilter"} {
		values, _ := part[member].(map[string]any)
		attributes = slices.AppendSeq(attributes, keysOf(values))
	}
	attributes = append(attributes, textsOf(part["AttributesToGet"])...)
	for key, values := range map[string][]string{"dynamodb:leadingkeys": leading, "dynamodb:attributes": attributes} {
		if len(values) > 0 {
			slices.Sort(values)
			keys[key] = slices.Compact(values)
		}
	}
}

// attributeValues are the scalars of an attribute value ({"S": "alice"}), or of a condition's list of them. Of one that has several types, which DynamoDB
// refuses, a server may take any.
func attributeValues(value any) []string {
	structure, _ := value.(map[string]any)
	if list, is := structure["AttributeValueList"].([]any); is {
		var values []string
		for _, element := range list {
			values = append(values, attributeValues(element)...)
		}
		return values
	}
	var values []string
	for _, kind := range []string{"S", "N"} {
		if text, is := structure[kind].(string); is {
			values = append(values, text)
		}
	}
	if binary, is := structure["B"].([]byte); is {
		values = append(values, string(binary))
	}
	return values
}

// expressionWords are the words of DynamoDB's expressions that are no attribute names, and functions those that are none before a bracket.
var (
	expressionWords = map[string]bool{"set": true, "remove": true, "add": true, "delete": true, "and": true, "or": true, "not": true, "between": true,
		"in": true}
	functions = map[string]bool{"attribute_exists": true, "attribute_not_exists": true, "attribute_type": true, "begins_with": true, "contains": true,
		"size": true, "if_not_exists": true, "list_append": true}
)

// expressionNames are the attributes that an expression names
// (Amazon DynamoDB Developer Guide, "Referring to item attributes when using expressions"). Parts of nested attributes are among them: one more
// attribute never satisfies a policy that one less does not. A projection is a list of names alone.
func expressionNames(text string, names map[string]any, projection bool) []string {
	const between = " \t\r\n,()=<>+-[]."
	var found []string
	for text = strings.TrimLeft(text, between); text != ""; text = strings.TrimLeft(text, between) {
		end := strings.IndexAny(text, between)
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		text = text[end:]
		called := functions[lower(word)] && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "(")
		switch {
		case word[0] == ':' || word[0] >= '0' && word[0] <= '9' || !projection && (called || expressionWords[lower(word)]):
		case word[0] == '#':
			if name, is := names[word].(string); is {
				found = append(found, name)
			}
		default:
			found = append(found, word)
		}
	}
	return found
}

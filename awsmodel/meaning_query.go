package awsmodel

import (
	"regexp"
	"slices"
	"strings"
)

// A query of Athena reads what its text names and objects that only the records of tables name, and writes to where
// its workgroup says or the text does, all with the caller's permissions (Amazon Athena User Guide, "Configure access
// to databases and tables in the AWS Glue Data Catalog" and "Control access to Amazon S3 from Athena"). The text is
// not understood here. Only what it cannot do is told from it.

// queryReads, queryWrites and queryCalls are what a query may lead to: any, one that is no plain reading, and one
// that may reach a data source through a function (there, "Allow access to Athena Federated Query" and "Allow access
// to Athena UDFs").
var (
	queryReads = []hiddenUse{
		{"glue:GetDatabase", "", "glue", "database/*"}, {"glue:GetTable", "", "glue", "table/*/*"},
		{"glue:GetPartitions", "", "glue", "table/*/*"}, {"s3:GetObject", "object", "s3", ""}, {"s3:PutObject", "object", "s3", ""},
	}
	queryWrites = []hiddenUse{
		{"glue:CreateDatabase", "", "glue", "database/*"}, {"glue:UpdateDatabase", "", "glue", "database/*"},
		{"glue:DeleteDatabase", "", "glue", "database/*"}, {"glue:CreateTable", "", "glue", "table/*/*"},
		{"glue:UpdateTable", "", "glue", "table/*/*"}, {"glue:DeleteTable", "", "glue", "table/*/*"},
		{"glue:BatchCreatePartition", "", "glue", "table/*/*"}, {"glue:UpdatePartition", "", "glue", "table/*/*"},
		{"glue:BatchDeletePartition", "", "glue", "table/*/*"}, {"s3:DeleteObject", "object", "s3", ""},
	}
	queryCalls = []hiddenUse{
		{"athena:GetDataCatalog", "", "athena", "datacatalog/*"}, {"lambda:InvokeFunction", "", "lambda", "function:*"},
	}
)

// query adds the calls for what a query may lead to.
func (f *forwarder) query() {
	text := lower(strings.TrimSpace(f.text("QueryString")))
	plain, uses := plainQuery.MatchString(text), queryReads
	if !plain {
		uses = slices.Concat(uses, queryWrites)
	}
	catalog := ""
	if context, is := f.operation.Input["QueryExecutionContext"].(map[string]any); is {
		catalog, _ = context["Catalog"].(string)
	}
	if catalog != "" && lower(catalog) != "awsdatacatalog" || strings.Contains(text, "lambda") || !plain ||
		strings.HasPrefix(text, "show") || strings.HasPrefix(text, "desc") || threeParts.MatchString(text) {
		uses = slices.Concat(uses, queryCalls)
	}
	for _, row := range uses {
		f.add(row.action, row.kind, f.hidden(row), true, nil)
	}
}

// plainQuery is how the text of a statement begins that reads and changes nothing: SELECT, WITH, which Athena has
// only before SELECT, SHOW and DESCRIBE (Amazon Athena User Guide, "DML queries, functions, and operators" and "DDL
// statements").
var plainQuery = regexp.MustCompile(`^(?:select|with|show|describe)[\s("*]`)

// threeParts is in a text that may name a catalog: a name between two periods, or what may hide one there: a comment,
// or a name in another spelling (U&"…").
var threeParts = regexp.MustCompile("\\.\\s*(?:(?:\"[^\"]*\")+|`[^`]*`|[\\pL\\pN_$@-]+)\\s*\\.|--|/\\*|u&")

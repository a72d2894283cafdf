package awsmodel

import (
	"slices"
	"testing"
)

// What statements of Athena may lead to beside reading: changes of the catalog, and functions of Lambda. A statement that is
// not plainly a reading one may lead to all.
func TestQueriesLeadToWhatTheyMayDo(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	for _, test := range []struct {
		text, catalog  string
		changes, calls bool
	}{
		{"SELECT * FROM sales.orders", "", false, false},
		{"select o.id, l.sum FROM orders o JOIN lines l ON o.id = l.id", "AwsDataCatalog", false, false},
		{"WITH a AS (SELECT 1) SELECT * FROM a", "", false, false},
		{" \n SELECT\t1", "", false, false},
		{"SELECT * FROM orders", "ddb", false, true},
		{"SELECT * FROM ddb.sales.orders", "", false, true},
		{`SELECT * FROM "d""b" . "sa""les" . orders`, "", false, true},
		{"SELECT * FROM ddb/**/.sales./**/orders", "", false, true},
		{`SELECT * FROM U&"d\0064b".U&"sales".orders`, "", false, true},
		{"SHOW TABLES IN ddb.sales", "", false, true},
		{"DESCRIBE sales.orders", "", false, true},
		{"USING EXTERNAL FUNCTION f(x VARCHAR) RETURNS VARCHAR LAMBDA 'admin' SELECT f('x')", "", true, true},
		{"-- SELECT\nDROP TABLE orders", "", true, true},
		{"DROP TABLE orders", "", true, true},
		{"SELECTED", "", true, true},
		{"CREATE TABLE t AS SELECT 1", "", true, true},
		{"INSERT INTO t SELECT 1", "", true, true},
		{"EXECUTE prepared", "", true, true},
		{"EXPLAIN ANALYZE SELECT 1", "", true, true},
		{"", "", true, true},
	} {
		input := map[string]any{"QueryString": test.text}
		if test.catalog != "" {
			input["QueryExecutionContext"] = map[string]any{"Catalog": test.catalog}
		}
		calls, err := c.calls(&Operation{Service: serviceOf(t, models, "Athena"), Name: "StartQueryExecution", Input: input}, samplePlace())
		if err != nil {
			t.Fatal(err)
		}
		asks := func(action string) bool {
			return slices.ContainsFunc(calls, func(c Call) bool { return c.Action == action && c.AnyResource })
		}
		if !asks("glue:GetTable") || !asks("s3:GetObject") {
			t.Errorf("%q: it does not ask for what any query reads", test.text)
		}
		if got := asks("glue:DeleteTable"); got != test.changes {
			t.Errorf("%q: changes: %v", test.text, got)
		}
		if got := asks("lambda:InvokeFunction"); got != test.calls {
			t.Errorf("%q: calls: %v", test.text, got)
		}
	}
}

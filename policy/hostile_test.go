package policy

import (
	"fmt"
	"strings"
	"testing"
)

// hostileDocuments are as large as documents may be, each shaped to hurt in another place.
func hostileDocuments() map[string]string {
	repeat := func(count int, item func(int) string) string {
		items := make([]string, count)
		for i := range items {
			items[i] = item(i)
		}
		return strings.Join(items, ",")
	}
	lists := `{"Effect":"Allow","Action":[` + repeat(1500, func(i int) string { return fmt.Sprintf(`"s3:A%d"`, i) }) +
		`],"Resource":[` + repeat(1500, func(i int) string { return fmt.Sprintf(`"arn:aws:s3:::%d"`, i) }) + `]}`
	statement := func(elements string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*",` + elements + `}}`
	}
	return map[string]string{
		"100,000 actions":         statement(`"Action":[` + repeat(100000, func(i int) string { return fmt.Sprintf(`"s3:A%d"`, i) }) + `]`),
		"100,000 action patterns": statement(`"Action":[` + repeat(100000, func(i int) string { return fmt.Sprintf(`"s3:A%d*"`, i) }) + `]`),
		"actions by resources":    `{"Statement":[` + repeat(25, func(int) string { return lists }) + `]}`,
		"10,000 statements":       manyStatements(10000),
		"stars":                   statement(`"Action":"s3:` + strings.Repeat("*?", 500000) + `b"`),
		"names":                   `{"Statement":[],` + repeat(120000, func(i int) string { return fmt.Sprintf(`"n%d":0`, i) }) + `}`,
		"the same name":           `{"Statement":[]` + strings.Repeat(`,"Id":""`, 100000) + `}`,
		"depth":                   strings.Repeat(`{"Statement":[`, 10000),
		"open strings":            strings.Repeat(`"`, 1<<20),
		"lines":                   strings.Repeat("\n", 1<<20) + `{"Statement":[]}`,
		"variables":               statement(`"Action":"*","Condition":{"StringLike":{"aws:x":"` + strings.Repeat("${aws:x}", 100000) + `"}}`),
		"conditions":              statement(`"Action":"*","Condition":{"StringLike":{` + repeat(50000, func(i int) string { return fmt.Sprintf(`"aws:%d":"*"`, i) }) + `}}`),
	}
}

// BenchmarkHostile reads and, where they compile, decides them: seconds for any of them would be a defect.
func BenchmarkHostile(b *testing.B) {
	request := &Request{Principal: alice(), Action: "s3:" + strings.Repeat("a", 1000), Resource: "arn:aws:s3:::1", Context: contextOf("aws:x=" + strings.Repeat("a", 1000))}
	for name, source := range hostileDocuments() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				document, err := Parse([]byte(source))
				if err != nil {
					continue
				}
				if policy, err := Compile("p", document, Options{}); err == nil {
					Policies{Identity: []*Policy{policy}}.Decide(request)
				}
			}
		})
	}
}

package awsmodel

import (
	"strings"
	"testing"
)

// What is not one statement on one table is an error that says where.
func TestPartiQLRefuses(t *testing.T) {
	for _, text := range []string{"", "SELECT", "SELECT * FROM", `SELECT * FROM "a`, "SELECT * FROM a, b", "SELECT * FROM a b", "SELECT * FROM a.b.c", "SELECT * FROM a JOIN b",
		"SELECT * FROM a WHERE x IN (SELECT y FROM b)", "INSERT a VALUE {}", "INSERT INTO a SELECT * FROM b", "UPDATE a", "DELETE a", "DELETE FROM a WHERE (x = 1",
		"EXISTS(SELECT * FROM a WHERE x = 1", "SELECT * FROM a; SELECT * FROM b", "SELECT * FROM a WHERE x = 1)", "SELECT * FROM a /* b */", "SELECT * FROM ä", "DROP TABLE a",
		"SELECT * FROM ''", strings.Repeat(" ", maxStatement+1)} {
		if s, err := parsePartiQL(text); err == nil {
			t.Errorf("%q: got %v, want an error", excerpt(text), s)
		}
	}
}

func FuzzPartiQL(f *testing.F) {
	for _, seed := range []string{`SELECT a FROM "T"."i" WHERE id = 'x'`, "INSERT INTO T VALUE {'id': 1}", "EXISTS(SELECT * FROM T WHERE id IN (1, 2))", "DELETE FROM T WHERE id = ?;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parsePartiQL(text)
		if err != nil {
			return
		}
		if s.action == "" || s.table == "" {
			t.Fatalf("%q: %v", text, s)
		}
		if !strings.Contains(text, strings.Split(s.table, `"`)[0]) {
			t.Fatalf("%q has no table %q", text, s.table)
		}
	})
}

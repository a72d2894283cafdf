package awsmodel

import (
	"bytes"
	"compress/flate"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestDamage changes every byte of the built-in table in turn, and cuts it at many places: each is an error on opening.
func TestDamage(t *testing.T) {
	table := []byte(referenceTable)
	for i := 0; i < len(table); i += 1 + i/64 { // every byte of the index's beginning, then ever fewer
		table[i] ^= 0x20
		if _, err := ParseReference(string(table)); err == nil {
			t.Errorf("the table opens with byte %d changed", i)
		}
		table[i] ^= 0x20
		if _, err := ParseReference(referenceTable[:i]); err == nil {
			t.Errorf("the table opens cut at byte %d", i)
		}
	}
	if _, err := ParseReference(referenceTable + "x"); err == nil {
		t.Error("the table opens with a byte more")
	}
	if _, err := ParseReference(referenceTable + strings.Repeat("x", maxTable)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("an oversized table: %v", err)
	}
}

// seal puts the first line before the rest of a table.
func seal(rest string) string { return tableMagic + checksum(rest) + "\n" + rest }

// tableOf makes a table of one chapter.
func tableOf(t testing.TB, parts ...string) string {
	t.Helper()
	var compressed bytes.Buffer
	compressor, err := flate.NewWriter(&compressed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	text, names := "", ""
	for i := 0; i < len(parts); i += 2 {
		text += parts[i+1]
		names += fmt.Sprintf(" %s %d", parts[i], len(parts[i+1]))
	}
	if _, err := compressor.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := compressor.Close(); err != nil {
		t.Fatal(err)
	}
	return seal(fmt.Sprintf("source 1\n1\n%d %d%s\n%s", compressed.Len(), len(text), names, compressed.String()))
}

const (
	commonPart = "2 0 0 0\naws:RequestTag/${TagKey}\tS\naws:TagKeys\tS*\n"
	smallPart  = "3 2 2 2\naws:TagKeys\t-\nx:Colour\tS\nx:Size\tN\n0 1\n\n" +
		"crate\t1\tarn:${Partition}:x:::crate/${Id}\tarn:${Partition}:x:::box/${Id}\nthing\t0\tarn:${Partition}:x:::${Id}\n" +
		"Get\tR1\t0:0 1!\nPut\tW0\t\tx:Get y:Do\n"
)

// TestForm reads a small table, of which every entry is known, and then ones with a fault each.
func TestForm(t *testing.T) {
	r, err := ParseReference(tableOf(t, "aws", commonPart, "x", smallPart))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	want := "[{x:Get Read [{{crate [arn:${Partition}:x:::crate/${Id} arn:${Partition}:x:::box/${Id}] [aws:TagKeys x:Colour]} false}" +
		" {{thing [arn:${Partition}:x:::${Id}] [aws:TagKeys x:Colour]} true}] [] []} {x:Put Write [] [aws:TagKeys x:Colour] [x:Get y:Do]}]"
	if got := fmt.Sprint(r.Actions("X")); got != want {
		t.Errorf("actions\n%s, want\n%s", got, want)
	}
	if k, known := r.Key("x:size"); !known || k.Type != "Numeric" || k.List {
		t.Errorf("x:Size is %+v", k)
	}
	faults := []struct{ old, new, want string }{
		{"3 2 2 2", "3 2 2", "line 1: 3 counts"},
		{"3 2 2 2", "03 2 2 2", "line 1: \"03\" is not a number"},
		{"3 2 2 2", "3 2 2 900", "line 1: 900 is more than"},
		{"3 2 2 2", "3 2 2 3", "line 11: the part ends"},
		{"3 2 2 2", "3 2 2 1", "line 9: text follows"},
		{"x:Colour\tS", "x:Colour\tQ", "line 3: condition key x:Colour has the type \"Q\""},
		{"x:Colour\tS", "x:Zoo\tS", "line 4: condition key \"x:Size\" is malformed or out of order"},
		{"x:Colour\tS", "x:C lour\tS", "line 3: condition key"},
		{"x:Colour\tS", "x:${A}/${B}\tS", "line 3: condition key x:${A}/${B} must have one part"},
		{"x:Colour\tS", "x:SIZE\tS", "line 4: condition key x:Size occurs in two spellings"},
		{"\n0 1\n", "\n0 3\n", "line 5: 3 is more than 2"},
		{"\n0 1\n", "\n1 0\n", "line 5: key 0 is out of order"},
		{"\n0 1\n", "\n0  1\n", "line 5: \"\" is not a number"},
		{"crate\t1\t", "zoo\t1\t", "line 8: resource type \"thing\" is out of order"},
		{"crate\t1\t", "crate\t2\t", "line 7: 2 is more than 1"},
		{"\tarn:${Partition}:x:::box/${Id}", "\tbox", "line 7: resource type crate: \"box\" is not an ARN"},
		{"thing\t0\tarn:${Partition}:x:::${Id}", "thing\t0", "line 8: a resource type's line has 2 fields"},
		{"Get\tR1", "Get\tX1", "line 9: action x:Get has the access level \"X\""},
		{"Get\tR1", "Zoo\tR1", "line 10: action x:Put is out of order"},
		{"Get\tR1", "PUT\tR1", "line 10: action x:Put is out of order"},
		{"Get\tR1", "Get\tR", "line 9: malformed action"},
		{"0:0 1!", "1 0", "line 9: resource type crate is out of order"},
		{"0:0 1!", "0 2", "line 9: 2 is more than 1"},
		{"x:Get y:Do", "y:Do x:Get", "line 10: action x:Put: dependent actions"},
		{"x:Get y:Do", "Get", "line 10: action x:Put: dependent actions"},
	}
	for _, f := range faults {
		if !strings.Contains(smallPart, f.old) {
			t.Fatalf("the part has no %q", f.old)
		}
		r, err := ParseReference(tableOf(t, "x", strings.Replace(smallPart, f.old, f.new, 1)))
		if err != nil {
			t.Errorf("%q: %v", f.new, err)
			continue
		}
		if err := r.Check(); err == nil || !strings.HasPrefix(err.Error(), "reading x: "+f.want) {
			t.Errorf("%q: %v, want %s", f.new, err, f.want)
		}
		if a, known := r.Action("x:Get"); known {
			t.Errorf("%q: a damaged service answers %v", f.new, a)
		}
	}
}

// TestIndexFaults: an index whose checksum is right and that makes no sense.
func TestIndexFaults(t *testing.T) {
	cases := []struct{ rest, want string }{
		{"", "line 3"},
		{"s\n", "line 3"},
		{"s\n1\n", "line 4: a chapter's line has 1 fields"},
		{"s\n1\n0 0 x\n", "line 4: a chapter's line has 3 fields"},
		{"s\n1\n0 9 x 8\n", "line 4: parts have 8 bytes, their chapter 9"},
		{"s\n1\n0 2 x 1 x 1\n", "line 4: prefix \"x\" is out of order"},
		{"s\n1\n0 1  1\n", "line 4: prefix \"\" is out of order"},
		{"s\n1\n0 2000000 x 2000000\n", "line 4: 2000000 is more than 1048576"},
		{"s\n1\n5 1 x 1\nab", "chapter 0 is cut off"},
		{"s\n1\n1 1 x 1\nab", "1 bytes follow"},
		{"s\n9999\n", "line 3: 9999 is more than 4096"},
	}
	for _, c := range cases {
		if _, err := ParseReference(seal(c.rest)); err == nil || !strings.HasPrefix(err.Error(), "reading reference table: "+c.want) {
			t.Errorf("%q: %v, want %s", c.rest, err, c.want)
		}
	}
	good := tableOf(t, "x", smallPart)
	for _, sizes := range [][2]int{{len(smallPart), len(smallPart) + 1}, {len(smallPart), len(smallPart) - 1}} {
		_, rest, _ := strings.Cut(good, "\n")
		rest = strings.ReplaceAll(rest, fmt.Sprint(" ", sizes[0]), fmt.Sprint(" ", sizes[1]))
		r, err := ParseReference(seal(rest))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Check(); err == nil || !strings.HasPrefix(err.Error(), "reading x: decompressing: ") {
			t.Errorf("a chapter of %d bytes that says %d: %v", sizes[0], sizes[1], err)
		}
	}
}

// FuzzReference opens tables whose checksum is right, so that what it guards is read, and decodes them.
func FuzzReference(f *testing.F) {
	for _, table := range []string{tableOf(f, "aws", commonPart, "x", smallPart), seal("s\n1\n0 0 x 0\n")} {
		_, rest, _ := strings.Cut(table, "\n")
		f.Add(rest)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		r, err := ParseReference(seal(rest))
		if err != nil {
			return
		}
		if err := r.Check(); err != nil {
			return
		}
		for _, prefix := range r.Services() {
			for _, a := range r.Actions(prefix) {
				if found, known := r.Action(a.Name); prefix == lower(prefix) && !strings.Contains(prefix, ":") && (!known || found.Name != a.Name) {
					t.Errorf("%q is found as %q", a.Name, found.Name)
				}
			}
		}
	})
}

// FuzzService decodes parts: what is accepted is in order and complete.
func FuzzService(f *testing.F) {
	f.Add(commonPart) // short seeds only: most of the time would go into shortening what long ones grow into
	f.Add(smallPart)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := readService("x", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "reading x: line ") {
				t.Errorf("an error without a position: %v", err)
			}
			return
		}
		for i, a := range s.actions {
			if j, known := s.byName[lower(a.Name)]; !known || i != j || a.AccessLevel == "" || !slices.IsSorted(a.Keys) {
				t.Errorf("action %+v at %d is found at %d", a, i, j)
			}
		}
		for name, k := range s.keys {
			if found, known := s.key(name); !known || found != k || k.Type == "" {
				t.Errorf("%q is found as %+v", name, found)
			}
		}
	})
}

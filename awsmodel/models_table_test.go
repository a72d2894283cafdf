package awsmodel

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
	"testing"
)

// TestModelDamage changes bytes of the built-in table, and cuts it: each is an error on opening.
func TestModelDamage(t *testing.T) {
	table := []byte(modelTable)
	for i := 0; i < len(table); i += 1 + i/32 {
		table[i] ^= 0x20
		if _, err := ParseModels(string(table)); err == nil {
			t.Errorf("the table opens with byte %d changed", i)
		}
		table[i] ^= 0x20
		if _, err := ParseModels(modelTable[:i]); err == nil {
			t.Errorf("the table opens cut at byte %d", i)
		}
	}
	for _, more := range []string{"x", strings.Repeat("x", maxTable)} {
		if _, err := ParseModels(modelTable + more); err == nil {
			t.Errorf("the table opens with %d bytes more", len(more))
		}
	}
	if err := models(t).Check(); err != nil {
		t.Error(err)
	}
}

// sealModels puts the first line before the rest of a table.
func sealModels(rest string) string { return modelMagic + checksum(rest) + "\n" + rest }

// modelsOf makes a table of chapters.
func modelsOf(t testing.TB, chapters ...string) string {
	t.Helper()
	index, all := "", ""
	for _, text := range chapters {
		var compressed bytes.Buffer
		compressor, err := flate.NewWriter(&compressed, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compressor.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := compressor.Close(); err != nil {
			t.Fatal(err)
		}
		index += fmt.Sprintf("%d %d\n", compressed.Len(), len(text))
		all += compressed.String()
	}
	return sealModels(fmt.Sprintf("source 1\n%d\n%s%s", len(chapters), index, all))
}

const smallModel = "4 2\nS\tColour=colour s!/\tMore 1\tWhen tE?\tWhole 3\nL\t=item s\nS\tId i\nM*\t s\t=v 2\n" +
	"GetThing\tGET\t/things/{colour}\t0\t-\tcu\tdata.\t\nPutThing\tPUT\t/things/{colour}\t0\t2\t\t\tRoot\n"

// catalogueOf is a catalogue of one service whose part has so many bytes.
func catalogueOf(part string) string {
	return fmt.Sprintf("X\tx\t0\tx\t2020-01-01\trj\tT\t1.0\turn:x\tq\t1\t%d\n", len(part))
}

// TestModelForm reads a small table, of which every entry is known, and then ones with a fault each.
func TestModelForm(t *testing.T) {
	m, err := ParseModels(modelsOf(t, catalogueOf(smallModel), smallModel))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	s := m.ByName("x")[0]
	o, found := s.Operation("PutThing")
	if !found || s.ID != "X" || !s.QueryCompatible || s.TargetPrefix != "T" || fmt.Sprint(s.Protocols) != "[rest-json json]" || o.RootName != "Root" || o.Output == nil {
		t.Errorf("%+v, %+v", s, o)
	}
	colour, _ := o.Input.Member("Colour")
	when, _ := o.Input.Member("When")
	whole, _ := o.Input.Member("Whole")
	if colour.Wire != "colour" || !colour.Required || colour.Location != InURI || when.Timestamp != EpochSeconds || when.Location != InQuery ||
		whole.Shape.Kind != Map || !whole.Shape.Flattened || whole.Shape.Element.Shape.Members[0].Shape.Kind != Integer {
		t.Errorf("%+v %+v %+v", colour, when, whole)
	}
	faults := []struct{ old, new, want string }{
		{"4 2\n", "4\n", "line 1: \"\" is not a number"},
		{"4 2\n", "4 3\n", "line 8: the part ends"},
		{"4 2\n", "4 1\n", "line 6: text follows"},
		{"s!/", "s$", "line 2: member \"Colour\" has the flag '$'"},
		{"s!/", "q", "line 2: member \"Colour\" has the type 'q'"},
		{"s!/", "", "line 2: member \"Colour\" has no type"},
		{"More 1", "More 9", "line 2: 9 is more than 3"},
		{"More 1", "Aore 1", "line 2: member \"Aore\" is out of order"},
		{"S\tId", "S Ix\tId", "line 4: the payload \"Ix\" is no member"},
		{"L\t=item s", "L\t=item s\t=x s", "line 3: a shape \"L\" with 2 members"},
		{"M*\t s", "M*\t i", "line 5: a shape \"M*\" with 2 members"},
		{"\t-\tcu", "\t1\tcu", "line 6: operation GetThing: shape 1 is not a structure"},
		{"\t-\tcu", "\t-\tcx", "line 6: operation GetThing has the flag 'x'"},
		{"PutThing", "AutThing", "line 7: operation \"AutThing\" is out of order"},
		{"/things/{colour}\t0\t2", "/things/{size}\t0\t2", "operation PutThing: the segment"},
	}
	for _, f := range faults {
		part := strings.Replace(smallModel, f.old, f.new, 1)
		if part == smallModel {
			t.Fatalf("the part has no %q", f.old)
		}
		m, err := ParseModels(modelsOf(t, catalogueOf(part), part))
		if err != nil {
			t.Errorf("%q: %v", f.new, err)
			continue
		}
		if err := m.Check(); err == nil || !strings.HasPrefix(err.Error(), "reading the model of X: "+f.want) {
			t.Errorf("%q: %v, want %s", f.new, err, f.want)
		}
		if operations := m.Services()[0].Operations(); operations != nil {
			t.Errorf("%q: a damaged service has %v", f.new, operations)
		}
	}
}

// TestCatalogueFaults: a catalogue whose checksum is right and that makes no sense.
func TestCatalogueFaults(t *testing.T) {
	line := catalogueOf(smallModel)
	for _, c := range []struct{ catalogue, want string }{
		{"X\n", "line 1: it has 1 fields"},
		{strings.TrimSuffix(line, "\n"), "line 1: it is cut off"},
		{strings.Replace(line, "rj", "rz", 1), "line 1: protocol 'z'"},
		{strings.Replace(line, "rj", "", 1), "no protocol"},
		{strings.Replace(line, "\tq\t", "\tz\t", 1), "has the flags \"z\""},
		{strings.Replace(line, "\t1\t", "\t0\t", 1), "no chapter"},
		{strings.Replace(line, "\t1\t", "\t2\t", 1), "2 is more than 1"},
		{line + strings.Replace(line, "X\tx", "W\tw", 1), "line 2: service \"W\" is out of order"},
		{line + strings.Replace(line, "X\tx", "Y\tx", 1), "line 2: service \"Y\" has the order"},
		{line + strings.Replace(line, "X\tx", "Y\ty", 1), "line 2: service \"Y\" is longer"},
		{"", "chapter 1 has"},
	} {
		if _, err := ParseModels(modelsOf(t, c.catalogue, smallModel)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.catalogue, err, c.want)
		}
	}
}

// FuzzModel decodes parts: what is accepted is in order and complete.
func FuzzModel(f *testing.F) {
	f.Add(smallModel)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := readModel(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("an error without a position: %v", err)
			}
			return
		}
		for i, o := range m.operations {
			if o.Input == nil || i > 0 && m.operations[i-1].Name >= o.Name {
				t.Errorf("operation %+v at %d", o, i)
			}
		}
	})
}

// FuzzModels opens tables whose checksum is right, so that what it guards is read.
func FuzzModels(f *testing.F) {
	_, rest, _ := strings.Cut(modelsOf(f, catalogueOf(smallModel), smallModel), "\n")
	f.Add(rest)
	f.Fuzz(func(t *testing.T, rest string) {
		if m, err := ParseModels(sealModels(rest)); err == nil && m.Check() == nil {
			for _, s := range m.Services() {
				if len(s.Protocols) == 0 || len(m.ByName(s.SigningName)) == 0 {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

package trail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// threeFiles makes a trail of three files of several lines each and returns its folder and their names.
func threeFiles(t testing.TB) (dir string, names []string) {
	t.Helper()
	dir = folder(t)
	tr := openTrail(t, Config{Dir: dir, MaxFileSize: 3000})
	for i := 0; len(paths(t, dir)) < 3; i++ {
		record(t, tr, fmt.Sprintf("request-%03d", i))
	}
	record(t, tr, "last-1", "last-2", "last-3")
	closeTrail(t, tr)
	readTrail(t, dir)
	return dir, paths(t, dir)
}

func TestVerifyFindsTampering(t *testing.T) {
	// Each attack gets the lines of a file and returns what they become.
	lines := func(file int, change func([]string) []string) func(*testing.T, []string) {
		return func(t *testing.T, names []string) {
			all := slices.Collect(strings.Lines(string(readFile(t, names[file]))))
			writeFile(t, names[file], []byte(strings.Join(change(all), "")))
		}
	}
	replace := func(file, line int, old, new string) func(*testing.T, []string) {
		return lines(file, func(l []string) []string {
			if !strings.Contains(l[line], old) {
				panic("nothing to replace: " + l[line])
			}
			l[line] = strings.Replace(l[line], old, new, 1)
			return l
		})
	}
	for name, attack := range map[string]struct {
		do   func(*testing.T, []string)
		want string // part of the error; empty: it cannot be seen
	}{
		"nothing":                  {func(*testing.T, []string) {}, ""},
		"the oldest file removed":  {func(t *testing.T, n []string) { remove(t, n[0]) }, ""},
		"the two oldest removed":   {func(t *testing.T, n []string) { remove(t, n[0], n[1]) }, ""},
		"the newest lines removed": {lines(2, func(l []string) []string { return l[:len(l)-1] }), ""},
		"a file in the middle":     {func(t *testing.T, n []string) { remove(t, n[1]) }, "follows sequence"},
		"an emptied file":          {func(t *testing.T, n []string) { writeFile(t, n[1], nil) }, "is empty"},
		"the oldest emptied":       {func(t *testing.T, n []string) { writeFile(t, n[0], nil) }, "is empty"},
		"a file renamed":           {func(t *testing.T, n []string) { rename(t, n[1], filepath.Join(filepath.Dir(n[1]), fileName(5))) }, "follows sequence"},
		"a file twice": {func(t *testing.T, n []string) {
			writeFile(t, filepath.Join(filepath.Dir(n[2]), fileName(1<<40)), readFile(t, n[2]))
		}, "follows sequence"},
		"a member changed":       {replace(1, 2, "192.0.2.1", "192.0.2.2"), ":3: the chain value"},
		"a first line changed":   {replace(1, 0, "192.0.2.1", "192.0.2.2"), ":1: the chain value"},
		"the very first changed": {replace(0, 0, "192.0.2.1", "192.0.2.2"), ":1: the chain value"},
		"the very last changed": {lines(2, func(l []string) []string {
			l[len(l)-1] = strings.Replace(l[len(l)-1], "us-east-1", "us-east-2", 1)
			return l
		}), "the chain value"},
		"a sequence changed":         {replace(0, 2, `"sequence":3`, `"sequence":4`), ":3: sequence 4 follows 2"},
		"a chain value changed":      {lines(0, func(l []string) []string { l[1] = l[1][:len(l[1])-4] + "zz" + l[1][len(l[1])-2:]; return l }), ":2:"},
		"a previous value changed":   {replace(1, 0, `"previous":"`, `"previous":"00`), ":1:"},
		"the zero before the first":  {replace(0, 0, `"previous":"0`, `"previous":"1`), ":1:"},
		"a previous value removed":   {lines(1, func(l []string) []string { l[0] = l[0][:15] + l[0][strings.Index(l[0], `"eventID"`):]; return l }), ":1:"},
		"a previous value added":     {replace(1, 1, `"eventID"`, `"previous":"`+strings.Repeat("0", 64)+`","eventID"`), ":2: the first line"},
		"a line removed":             {lines(0, func(l []string) []string { return slices.Delete(l, 2, 3) }), ":3: sequence 4 follows 2"},
		"a file's last line removed": {lines(0, func(l []string) []string { return l[:len(l)-1] }), "follows sequence"},
		"a first line removed":       {lines(1, func(l []string) []string { return l[1:] }), ":1: the first line"},
		"lines swapped":              {lines(1, func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }), ":2: sequence"},
		"a line twice":               {lines(1, func(l []string) []string { return slices.Insert(l, 1, l[1]) }), ":3: sequence"},
		"a line inserted":            {lines(1, func(l []string) []string { return slices.Insert(l, 1, `{"eventID":"forged"}`+"\n") }), ":2: the line does not begin"},
		"an empty line":              {lines(1, func(l []string) []string { return slices.Insert(l, 1, "\n") }), ":2:"},
		"a line cut":                 {lines(1, func(l []string) []string { l[1] = l[1][:100] + "\n"; return l }), ":2: the line does not end"},
		"the last line cut":          {lines(2, func(l []string) []string { l[len(l)-1] = l[len(l)-1][:100]; return l }), "not complete"},
		"only its line feed cut":     {lines(2, func(l []string) []string { l[len(l)-1] = strings.TrimSpace(l[len(l)-1]); return l }), "not complete"},
		"a carriage return":          {lines(1, func(l []string) []string { l[1] = strings.TrimSpace(l[1]) + "\r\n"; return l }), ":2:"},
		"a huge line":                {lines(1, func(l []string) []string { return append(l, strings.Repeat("x", 10<<20)) }), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, names := threeFiles(t)
			attack.do(t, names)
			err := Verify(dir)
			if attack.want == "" && err != nil || attack.want != "" && (err == nil || !strings.Contains(err.Error(), attack.want)) {
				t.Errorf("Verify: %v, want …%s…", err, attack.want)
			}
		})
	}
}

func remove(t *testing.T, names ...string) {
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func rename(t *testing.T, old, new string) {
	if err := os.Rename(old, new); err != nil {
		t.Fatal(err)
	}
}

// TestVerifyFindsEveryByte changes every single byte of a trail in turn, and removes it.
func TestVerifyFindsEveryByte(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir})
	record(t, tr, "1", "2", "3")
	closeTrail(t, tr)
	path := paths(t, dir)[0]
	content := readFile(t, path)
	for i := range content {
		changed, otherCase := bytes.Clone(content), bytes.Clone(content)
		changed[i] ^= 1
		otherCase[i] ^= 0x20
		for _, attack := range [][]byte{changed, otherCase, slices.Delete(bytes.Clone(content), i, i+1)} {
			writeFile(t, path, attack)
			if Verify(dir) == nil {
				t.Fatalf("a change at byte %d (%q) was not found", i, content[max(0, i-10):i+1])
			}
		}
	}
}

// TestVerifyPrevious: a file that begins with another previous value than the file before ends with, though all else is
// right, would no longer verify when the file before is gone.
func TestVerifyPrevious(t *testing.T) {
	dir := t.TempDir()
	first, at := appendLine(nil, place{}, true, []byte(`{"eventID":"1"}`))
	writeFile(t, filepath.Join(dir, fileName(1)), first)
	for _, previous := range []digest{at.chain, {1}} {
		without := fmt.Appendf(nil, `{"sequence":2,"previous":"%x","eventID":"2"}`, previous)
		second := fmt.Appendf(nil, `%s,"chain":"%x"}`+"\n", bytes.TrimSuffix(without, []byte("}")), at.chain.next(without))
		writeFile(t, filepath.Join(dir, fileName(2)), second)
		if err := Verify(dir); (err == nil) != (previous == at.chain) {
			t.Errorf("previous value %x: %v", previous, err)
		}
	}
}

func TestVerifyNothing(t *testing.T) {
	if err := Verify(t.TempDir()); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := Verify(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("an absent folder was verified")
	}
}

// FuzzParseLine: what parses is exactly what appendLine writes, and a changed line never follows where the real one did.
func FuzzParseLine(f *testing.F) {
	real, _ := appendLine(nil, place{}, true, []byte(`{"eventID":"1"}`))
	second, _ := appendLine(nil, place{sequence: 6, chain: digest{1}}, false, []byte(`{"eventID":"2","x":{}}`))
	for _, seed := range [][]byte{real, second, nil, []byte("{}"), []byte(`{"sequence":1,`), second[:len(second)/2],
		bytes.Replace(real, []byte(`"sequence":1`), []byte(`"sequence":01`), 1), bytes.ToUpper(real)} {
		f.Add(bytes.TrimSuffix(seed, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := parseLine(raw)
		if err != nil {
			return
		}
		before := place{sequence: l.sequence - 1}
		if l.previous != nil {
			before.chain = *l.previous
		}
		body := slices.Concat([]byte("{"), l.without[len(fmt.Sprintf(`{"sequence":%d,`, l.sequence)):], []byte("}"))
		if l.previous != nil {
			body = slices.Concat([]byte("{"), body[1+len(openPrevious)+chainDigits+len(closePrevious):])
		}
		again, at := appendLine(nil, before, l.previous != nil, body)
		if l.follows(before) == nil {
			if string(again) != string(raw)+"\n" || at != l.place {
				t.Fatalf("%q was accepted, but %q is written", raw, again)
			}
		} else if string(again) == string(raw)+"\n" {
			t.Fatalf("%q was not accepted", raw)
		}
		if len(again) != len(raw)+1 {
			t.Fatalf("%q is written as %q", raw, again)
		}
	})
}

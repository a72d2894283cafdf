package main

import (
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// encodeModels writes the table in the form that awsmodel's models_table.go describes.
func encodeModels(source string, models []*model) (string, error) {
	slices.SortFunc(models, func(a, b *model) int { return strings.Compare(a.id, b.id) })
	setOrder(models)
	var catalogue strings.Builder
	var chapters []string // their text
	var text strings.Builder
	for _, m := range models {
		part, err := m.encode()
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.id, err)
		}
		if text.Len() > 0 && text.Len()+len(part) > chapterSize {
			chapters = append(chapters, text.String())
			text.Reset()
		}
		text.WriteString(part)
		flags := ""
		if m.queryCompatible {
			flags = "q"
		}
		columns := []string{m.id, m.signingName, strconv.Itoa(m.order), m.endpointPrefix, m.apiVersion, m.protocols, m.targetPrefix, m.jsonVersion,
			m.xmlNamespace, flags, strconv.Itoa(len(chapters) + 1), strconv.Itoa(len(part))}
		if strings.ContainsAny(strings.Join(columns, ""), "\t\n") {
			return "", fmt.Errorf("%s: a tab or line end is in %q", m.id, columns)
		}
		catalogue.WriteString(strings.Join(columns, "\t") + "\n")
	}
	chapters = append(chapters, text.String())
	return bind(source, append([]string{catalogue.String()}, chapters...))
}

// bind compresses chapters and puts the index before them.
func bind(source string, chapters []string) (string, error) {
	var index, compressed strings.Builder
	for _, text := range chapters {
		before := compressed.Len()
		compressor, err := flate.NewWriter(&compressed, flate.BestCompression)
		if err != nil {
			return "", err
		}
		if _, err := compressor.Write([]byte(text)); err != nil {
			return "", err
		}
		if err := compressor.Close(); err != nil {
			return "", err
		}
		fmt.Fprintf(&index, "%d %d\n", compressed.Len()-before, len(text))
	}
	rest := fmt.Sprintf("%s\n%d\n%s%s", source, len(chapters), index.String(), compressed.String())
	return fmt.Sprintf("openirsa-models 1 %08x\n%s", crc32.Checksum([]byte(rest), crc32.MakeTable(crc32.Castagnoli)), rest), nil
}

// modelEncoder writes one service. Shapes that are the same line are one.
type modelEncoder struct {
	shapes []*shape       // in the order in which they are first met
	number map[*shape]int // in the table
	kept   []string       // the table's lines of shapes
}

func (m *model) encode() (string, error) {
	e := &modelEncoder{number: map[*shape]int{}}
	for _, o := range m.operations {
		e.add(o.input)
		if o.output != nil {
			e.add(o.output)
		}
	}
	if err := e.merge(); err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d %d\n", len(e.kept), len(m.operations))
	for _, line := range e.kept {
		text.WriteString(line + "\n")
	}
	for _, o := range m.operations {
		output, flags := "-", ""
		if o.output != nil {
			output = strconv.Itoa(e.number[o.output])
		}
		for _, f := range []struct {
			letter string
			set    bool
		}{{"e", o.eventStream}, {"z", o.gzipBody}, {"c", o.checksum}, {"u", o.unsigned}} {
			if f.set {
				flags += f.letter
			}
		}
		columns := []string{o.name, o.method, o.uri, strconv.Itoa(e.number[o.input]), output, flags, o.host, o.root}
		if strings.ContainsAny(strings.Join(columns, ""), "\t\n ") {
			return "", fmt.Errorf("operation %s: a space is in %q", o.name, columns)
		}
		text.WriteString(strings.Join(columns, "\t") + "\n")
	}
	return text.String(), nil
}

// add numbers a shape and all that it is made of.
func (e *modelEncoder) add(s *shape) {
	if _, present := e.number[s]; present || isScalar(s) {
		return
	}
	e.number[s] = len(e.shapes)
	e.shapes = append(e.shapes, s)
	for _, m := range s.members {
		e.add(m.shape)
	}
}

func isScalar(s *shape) bool { return !strings.ContainsRune("SULM", rune(s.kind)) }

// merge gives shapes with the same line the same number until no two lines are the same.
func (e *modelEncoder) merge() error {
	for {
		e.kept = nil
		first, next := map[string]int{}, map[*shape]int{}
		for _, s := range e.shapes {
			line, err := e.line(s)
			if err != nil {
				return err
			}
			if _, present := first[line]; !present {
				first[line] = len(e.kept)
				e.kept = append(e.kept, line)
			}
			next[s] = first[line]
		}
		same := true
		for s, number := range next {
			same = same && e.number[s] == number
		}
		if e.number = next; same {
			return nil
		}
	}
}

func (e *modelEncoder) line(s *shape) (string, error) {
	line := string(s.kind)
	if s.flattened {
		line += "*"
	}
	if s.payload != "" {
		line += " " + s.payload
	}
	for _, m := range s.members {
		name := m.name
		if m.wire != m.name {
			name += "=" + m.wire
		}
		if strings.ContainsAny(m.name+m.wire, " \t\n=") || m.shape == nil {
			return "", fmt.Errorf("a member %q, %q", m.name, m.wire)
		}
		kind := string(m.shape.kind)
		if !isScalar(m.shape) {
			kind = strconv.Itoa(e.number[m.shape])
		}
		flags := []byte(m.flags)
		slices.Sort(flags)
		line += "\t" + name + " " + kind + string(flags)
	}
	if len(s.members) == 0 && s.kind != 'S' && s.kind != 'U' {
		return "", errors.New("a list or map of nothing")
	}
	return line, nil
}

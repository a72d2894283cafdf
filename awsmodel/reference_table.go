package awsmodel

import (
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"sync"
)

// The table's form. Lines of text, then compressed bytes:
//
//	openirsa-reference 1 <CRC-32C of all that follows this line, 8 hexadecimal digits>
//	<source: package and version>
//	<number of chapters>
//	<compressed size> <size> <prefix> <size> <prefix> <size> …      one line a chapter
//	<the chapters, raw DEFLATE, one after the other>
//
// A chapter holds whole parts, each a service's. Parts are ascending by prefix over the whole table. Chapters are large enough to
// compress well and small enough that opening one is cheap.
const (
	tableMagic = "openirsa-reference 1 "
	// commonPrefix is the part of the condition keys that belong to no service: the global ones and those of federation.
	commonPrefix = "aws"

	maxTable   = 8 << 20  // bytes
	maxChapter = 1 << 20  // bytes, decompressed
	maxText    = 16 << 20 // bytes, decompressed, of all chapters
	maxParts   = 4096     // in the table
)

// chapter is compressed text of several parts.
type chapter struct {
	compressed string
	size       int // decompressed
	once       sync.Once
	text       string
	err        error
}

// part is where a service is.
type part struct {
	prefix            string
	chapter, from, to int
	once              sync.Once
	service           *service
	err               error
}

// ParseReference opens a table that the generator made. It verifies the checksum and reads the index; parts are decoded when they are
// asked for.
func ParseReference(table string) (*Reference, error) {
	if len(table) > maxTable {
		return nil, fmt.Errorf("reading reference table: it has %d bytes, more than %d", len(table), maxTable)
	}
	head, rest, _ := strings.Cut(table, "\n")
	if want := tableMagic + checksum(rest); head != want {
		return nil, errors.New("reading reference table: the first line does not fit what follows; the table is damaged or of another version")
	}
	r := &Reference{}
	if err := r.readIndex(rest); err != nil {
		return nil, fmt.Errorf("reading reference table: %w", err)
	}
	return r, nil
}

// checksum is CRC-32C: it is there against damage, not against an adversary, who would rather change the code beside it.
func checksum(s string) string {
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(s), crc32.MakeTable(crc32.Castagnoli)))
}

func (r *Reference) readIndex(rest string) error {
	source, rest, _ := strings.Cut(rest, "\n")
	count, rest, _ := strings.Cut(rest, "\n")
	chapters, err := decimal(count, maxParts)
	if err != nil {
		return fmt.Errorf("line 3: %w", err)
	}
	r.source, r.chapters = source, make([]chapter, chapters)
	r.parts = make([]part, 0, 512)
	sizes := make([]int, chapters)
	for i := range chapters {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if sizes[i], err = r.readChapterLine(i, line); err != nil {
			return fmt.Errorf("line %d: %w", 4+i, err)
		}
	}
	text := 0
	for i, size := range sizes {
		if text += r.chapters[i].size; text > maxText {
			return fmt.Errorf("more than %d bytes of text", maxText)
		}
		if size > len(rest) {
			return fmt.Errorf("chapter %d is cut off", i)
		}
		r.chapters[i].compressed, rest = rest[:size], rest[size:]
	}
	if rest != "" {
		return fmt.Errorf("%d bytes follow the last chapter", len(rest))
	}
	return nil
}

// readChapterLine reads what the index says of a chapter and returns its compressed size.
func (r *Reference) readChapterLine(index int, line string) (int, error) {
	fields := strings.Split(line, " ")
	if len(fields) < 4 || len(fields)%2 != 0 {
		return 0, fmt.Errorf("a chapter's line has %d fields", len(fields))
	}
	compressed, err := decimal(fields[0], maxTable)
	if err != nil {
		return 0, err
	}
	size, err := decimal(fields[1], maxChapter)
	if err != nil {
		return 0, err
	}
	from := 0
	for i := 2; i < len(fields); i += 2 {
		length, err := decimal(fields[i+1], maxChapter)
		if err != nil {
			return 0, err
		}
		if len(r.parts) == maxParts {
			return 0, fmt.Errorf("more than %d parts", maxParts)
		}
		if n := len(r.parts); fields[i] == "" || n > 0 && r.parts[n-1].prefix >= fields[i] {
			return 0, fmt.Errorf("prefix %q is out of order", fields[i])
		}
		r.parts = append(r.parts, part{prefix: fields[i], chapter: index, from: from, to: from + length})
		from += length
	}
	if from != size {
		return 0, fmt.Errorf("parts have %d bytes, their chapter %d", from, size)
	}
	r.chapters[index].size = size
	return compressed, nil
}

// Check decodes the whole table and returns the first error.
func (r *Reference) Check() error {
	for i := range r.parts {
		if _, err := r.decode(i); err != nil {
			return err
		}
	}
	return nil
}

// decode returns a part's service, decoded on first use.
func (r *Reference) decode(index int) (*service, error) {
	p := &r.parts[index]
	p.once.Do(func() {
		text, err := r.chapters[p.chapter].open()
		if err != nil {
			p.err = fmt.Errorf("reading %s: %w", p.prefix, err)
			return
		}
		p.service, p.err = readService(p.prefix, text[p.from:p.to])
	})
	return p.service, p.err
}

// open returns a chapter's text, decompressed on first use.
func (c *chapter) open() (string, error) {
	c.once.Do(func() {
		compressed := strings.NewReader(c.compressed)
		content := make([]byte, c.size)
		decompressor := flate.NewReader(compressed)
		if _, err := io.ReadFull(decompressor, content); err != nil {
			c.err = fmt.Errorf("decompressing: %w", err)
			return
		}
		if n, err := decompressor.Read(make([]byte, 1)); n != 0 || err != io.EOF || compressed.Len() > 0 {
			c.err = errors.New("decompressing: the chapter is longer than the index says")
			return
		}
		c.text = string(content)
	})
	return c.text, c.err
}

// decimal reads a decimal number of at most most, in its only form: digits without a leading zero.
func decimal(s string, most int) (int, error) {
	if s == "" || len(s) > 9 || s[0] == '0' && len(s) > 1 || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, err
	}
	if n > most {
		return 0, fmt.Errorf("%d is more than %d", n, most)
	}
	return n, nil
}

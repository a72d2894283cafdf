package awsmodel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The models' table has the form of the reference's: lines of text, then compressed bytes.
//
//	openirsa-models 1 <CRC-32C of all that follows this line, 8 hexadecimal digits>
//	<source: modules and packages with their versions>
//	<number of chapters>
//	<compressed size> <size>                      one line a chapter
//	<the chapters, raw DEFLATE, one after the other>
//
// The first chapter is the catalogue: a line for each service, ascending by ID, of which the others hold the operations.
//
//	<ID>	<signing name>	<order>	<endpoint prefix>	<API version>	<protocols>	<target prefix>	<JSON version>	<XML namespace>	<flags>	<chapter>	<size>
//
// Order is among the services of a signing name. Protocols are letters of protocolOf. The only flag is q: QueryCompatible.
const modelMagic = "openirsa-models 1 "

// modelPart is where a service's operations are.
type modelPart struct{ chapter, from, to int }

// ParseModels opens a table that the generator made. It verifies the checksum and reads the catalogue; operations are decoded when they
// are asked for.
func ParseModels(table string) (*Models, error) {
	if len(table) > maxTable {
		return nil, fmt.Errorf("reading models: the table has %d bytes, more than %d", len(table), maxTable)
	}
	head, rest, _ := strings.Cut(table, "\n")
	if want := modelMagic + checksum(rest); head != want {
		return nil, errors.New("reading models: the first line does not fit what follows; the table is damaged or of another version")
	}
	m := &Models{byName: map[string][]*Service{}}
	if err := m.readChapters(rest); err != nil {
		return nil, fmt.Errorf("reading models: %w", err)
	}
	if err := m.readCatalogue(); err != nil {
		return nil, fmt.Errorf("reading models: %w", err)
	}
	return m, nil
}

func (m *Models) readChapters(rest string) error {
	source, rest, _ := strings.Cut(rest, "\n")
	count, rest, _ := strings.Cut(rest, "\n")
	chapters, err := decimal(count, maxParts)
	if err != nil {
		return fmt.Errorf("line 3: %w", err)
	}
	if chapters == 0 {
		return errors.New("line 3: no chapters")
	}
	m.source, m.chapters = source, make([]chapter, chapters)
	sizes, text := make([]int, chapters), 0
	for i := range chapters {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		compressed, size, _ := strings.Cut(line, " ")
		if sizes[i], err = decimal(compressed, maxTable); err == nil {
			m.chapters[i].size, err = decimal(size, maxChapter)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", 4+i, err)
		}
		if text += m.chapters[i].size; text > maxText {
			return fmt.Errorf("line %d: more than %d bytes of text", 4+i, maxText)
		}
	}
	for i, size := range sizes {
		if size > len(rest) {
			return fmt.Errorf("chapter %d is cut off", i)
		}
		m.chapters[i].compressed, rest = rest[:size], rest[size:]
	}
	if rest != "" {
		return fmt.Errorf("%d bytes follow the last chapter", len(rest))
	}
	return nil
}

func (m *Models) readCatalogue() error {
	text, err := m.chapters[0].open()
	if err != nil {
		return fmt.Errorf("the catalogue: %w", err)
	}
	ends := make([]int, len(m.chapters))
	for number := 1; text != ""; number++ {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended || number > maxParts {
			return fmt.Errorf("the catalogue: line %d: it is cut off, or one too many", number)
		}
		s, err := m.readService(line, ends)
		if err != nil {
			return fmt.Errorf("the catalogue: line %d: %w", number, err)
		}
		m.services, text = append(m.services, s), rest
		m.byName[s.SigningName] = append(m.byName[s.SigningName], s)
	}
	for _, services := range m.byName {
		slices.SortFunc(services, func(a, b *Service) int { return a.order - b.order })
	}
	for i := 1; i < len(ends); i++ {
		if ends[i] != m.chapters[i].size {
			return fmt.Errorf("chapter %d has %d bytes, its services %d", i, m.chapters[i].size, ends[i])
		}
	}
	return nil
}

// readService reads a line of the catalogue. ends says how much of each chapter belongs to the services before.
func (m *Models) readService(line string, ends []int) (*Service, error) {
	columns := strings.Split(line, "\t")
	if len(columns) != 12 {
		return nil, fmt.Errorf("it has %d fields", len(columns))
	}
	order, err := decimal(columns[2], maxParts)
	if err != nil {
		return nil, err
	}
	chapter, err := decimal(columns[10], len(m.chapters)-1)
	if err != nil {
		return nil, err
	}
	size, err := decimal(columns[11], maxChapter)
	if err != nil {
		return nil, err
	}
	s := &Service{
		ID: columns[0], SigningName: columns[1], EndpointPrefix: columns[3], APIVersion: columns[4], TargetPrefix: columns[6],
		JSONVersion: columns[7], XMLNamespace: columns[8], QueryCompatible: columns[9] == "q",
		order: order, models: m, part: modelPart{chapter, ends[chapter], ends[chapter] + size},
	}
	s.Prefix, s.EventSource = prefixOf(s.SigningName), eventSourceOf(s.EndpointPrefix)
	ends[chapter] += size
	for _, letter := range []byte(columns[5]) {
		protocol := protocolOf(letter)
		if protocol == "" {
			return nil, fmt.Errorf("protocol %q", letter)
		}
		s.Protocols = append(s.Protocols, protocol)
	}
	n := len(m.services)
	switch {
	case n > 0 && m.services[n-1].ID >= s.ID, s.ID == "":
		return nil, fmt.Errorf("service %q is out of order", s.ID)
	case len(s.Protocols) == 0 || chapter == 0 || !printable(s.SigningName):
		return nil, fmt.Errorf("service %q has no protocol, no chapter or no signing name", s.ID)
	case columns[9] != "" && columns[9] != "q":
		return nil, fmt.Errorf("service %q has the flags %q", s.ID, columns[9])
	case slices.ContainsFunc(m.byName[s.SigningName], func(other *Service) bool { return other.order == s.order }):
		return nil, fmt.Errorf("service %q has the order of another", s.ID)
	case ends[chapter] > m.chapters[chapter].size:
		return nil, fmt.Errorf("service %q is longer than its chapter", s.ID)
	}
	return s, nil
}

// protocolOf is the protocol that a letter stands for; empty for none.
func protocolOf(letter byte) Protocol {
	switch letter {
	case 'q':
		return Query
	case 'e':
		return EC2
	case 'j':
		return JSON
	case 'r':
		return RESTJSON
	case 'x':
		return RESTXML
	case 'c':
		return CBOR
	}
	return ""
}

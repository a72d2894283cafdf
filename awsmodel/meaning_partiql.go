package awsmodel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// partiQL is what a statement of PartiQL for DynamoDB does, and to what.
type partiQL struct {
	action       string // PartiQLSelect
	table, index string
	scan         bool // it may read more than one partition
	// names are all words and names in the statement but its table's, values all its texts and numbers: what may be attributes and partition keys.
	names, values []string
	named         []int  // where the names of the table and index are
	listed        [2]int // the words around a list of attributes, in which no word means anything else
}

// plain tells whether a token is a sign, a word of the language, or the table's or index's name. A name in quotes is an attribute's, whatever it says.
func (s *partiQL) plain(t partiQLToken) bool {
	listed := s.listed[0] < t.offset && t.offset < s.listed[1]
	word := t.kind == 'w' && partiQLWords[lower(t.text)] && !listed
	return t.kind == 's' || word || slices.Contains(s.named, t.offset)
}

// maxStatement is DynamoDB's limit for a statement in bytes (Amazon DynamoDB API Reference, ExecuteStatement).
const maxStatement = 8192

// parsePartiQL reads so much of a statement as says what it does to which table
// (Amazon DynamoDB Developer Guide, "PartiQL - a SQL-compatible query language for Amazon DynamoDB"). Statements have one table; whatever names
// another, or comes where the grammar has nothing, is an error with the place in the statement.
func parsePartiQL(text string) (partiQL, error) {
	if len(text) > maxStatement {
		return partiQL{}, fmt.Errorf("it has more than %d bytes", maxStatement)
	}
	tokens, err := partiQLTokens(text)
	if err != nil {
		return partiQL{}, err
	}
	p := &partiQLParser{tokens: tokens}
	statement, err := p.statement()
	if err == nil && p.has(";") {
		p.next()
	}
	if err == nil && p.at < len(p.tokens) {
		err = p.unexpected()
	}
	for i, token := range tokens {
		switch {
		case i > 0 && tokens[i-1].is("-") && token.kind == 'w' && '0' <= token.text[0] && token.text[0] <= '9':
			statement.values = append(statement.values, token.text, "-"+token.text) // a difference, or a negative number
		case token.kind == '\'' || token.kind == 'w' && '0' <= token.text[0] && token.text[0] <= '9':
			statement.values = append(statement.values, token.text)
		case statement.plain(token):
		default:
			statement.names = append(statement.names, token.text)
		}
	}
	if statement.action == "PartiQLInsert" { // {'id': 'x'}: names and values look the same
		statement.names = append(statement.names, statement.values...)
	}
	return statement, err
}

// partiQLWords are the words of statements that are no attributes.
var partiQLWords = map[string]bool{"select": true, "from": true, "where": true, "insert": true, "into": true, "value": true, "update": true,
	"set":    true,
	"remove": true, "delete": true, "exists": true, "and": true, "or": true, "not": true, "in": true, "between": true, "order": true, "by": true,
	"asc": true, "desc": true, "is": true, "missing": true, "null": true, "returning": true, "all": true, "old": true, "new": true, "modified": true}

type partiQLToken struct {
	text   string // a word in lower case, a name or a text without its quotes, or one sign
	kind   byte   // 'w' word, '"' quoted name, '\'' text, 's' sign
	offset int
}

// is tells whether the token is a word or sign; a quoted name is neither.
func (t partiQLToken) is(text string) bool {
	return (t.kind == 'w' || t.kind == 's') && lower(t.text) == text
}

func partiQLTokens(text string) ([]partiQLToken, error) {
	var tokens []partiQLToken
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == '"' || c == '\'':
			content, end, err := quoted(text, i)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, partiQLToken{content, c, i})
			i = end
		case strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*"):
			return nil, fmt.Errorf("a comment at byte %d", i)
		case c == '`': // a literal in Ion, in which quotes have another meaning
			return nil, fmt.Errorf("a literal in backticks at byte %d", i)
		case wordByte(c):
			end := i
			number := '0' <= c && c <= '9'
			for end < len(text) && (wordByte(text[end]) || number && numberByte(text, end)) {
				end++
			}
			tokens = append(tokens, partiQLToken{text[i:end], 'w', i})
			i = end
		case c < ' ' || c > '~':
			return nil, fmt.Errorf("an unknown sign at byte %d", i)
		default:
			tokens = append(tokens, partiQLToken{text[i : i+1], 's', i})
			i++
		}
	}
	return tokens, nil
}

// numberByte tells whether a number goes on with a point, or with the sign of its exponent.
func numberByte(text string, i int) bool {
	return text[i] == '.' || (text[i] == '-' || text[i] == '+') && lower(text[i-1:i]) == "e"
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// quoted reads a name or text in quotes, where two quotes are one of its own.
func quoted(text string, start int) (content string, end int, err error) {
	quote := text[start]
	var b strings.Builder
	for i := start + 1; i < len(text); i++ {
		if text[i] != quote {
			b.WriteByte(text[i])
			continue
		}
		if i+1 == len(text) || text[i+1] != quote {
			return b.String(), i + 1, nil
		}
		b.WriteByte(quote)
		i++
	}
	return "", 0, fmt.Errorf("quotes at byte %d do not end", start)
}

type partiQLParser struct {
	tokens []partiQLToken
	at     int
}

func (p *partiQLParser) has(text string) bool { return p.at < len(p.tokens) && p.tokens[p.at].is(text) }

func (p *partiQLParser) next() partiQLToken {
	token := p.tokens[p.at]
	p.at++
	return token
}

func (p *partiQLParser) unexpected() error {
	if p.at >= len(p.tokens) {
		return errors.New("it ends too early")
	}
	return fmt.Errorf("unexpected text at byte %d", p.tokens[p.at].offset)
}

func (p *partiQLParser) expect(words ...string) error {
	for _, word := range words {
		if !p.has(word) {
			return p.unexpected()
		}
		p.next()
	}
	return nil
}

func (p *partiQLParser) statement() (s partiQL, err error) {
	switch {
	case p.has("select"):
		return p.query()
	case p.has("exists"): // a condition in a transaction: EXISTS (SELECT …)
		if err = p.expect("exists", "("); err != nil {
			return s, err
		}
		if s, err = p.query(); err != nil {
			return s, err
		}
		s.scan = false // its condition must be on the whole primary key
		return s, p.expect(")")
	case p.has("insert"):
		s.action = "PartiQLInsert"
		err = p.expect("insert", "into")
	case p.has("update"):
		s.action = "PartiQLUpdate"
		err = p.expect("update")
	case p.has("delete"):
		s.action = "PartiQLDelete"
		err = p.expect("delete", "from")
	default:
		return s, p.unexpected()
	}
	if err == nil {
		err = p.name(&s)
	}
	if err == nil && s.index != "" { // an index is read alone, and who may write it may not write its table
		err = errors.New("it writes to an index")
	}
	if err == nil && !p.has("value") && !p.has("set") && !p.has("remove") && !p.has("where") {
		err = p.unexpected()
	}
	if err == nil {
		err = p.tail()
	}
	return s, err
}

// query reads SELECT … FROM table[.index] [WHERE …] [ORDER BY …].
func (p *partiQLParser) query() (partiQL, error) {
	s := partiQL{action: "PartiQLSelect"}
	if err := p.expect("select"); err != nil {
		return s, err
	}
	s.listed[0] = p.tokens[p.at-1].offset
	for !p.has("from") {
		if p.at >= len(p.tokens) || p.has("select") || p.has(";") {
			return s, p.unexpected()
		}
		p.next()
	}
	s.listed[1] = p.next().offset
	if err := p.name(&s); err != nil {
		return s, err
	}
	if p.at < len(p.tokens) && !p.has("where") && !p.has("order") && !p.has(")") && !p.has(";") {
		return s, p.unexpected()
	}
	// Which attributes the primary key has is known to the table alone. A condition on others reads every partition.
	s.scan = true
	return s, p.tail()
}

// name reads a table's name, and behind a point an index's.
func (p *partiQLParser) name(s *partiQL) error {
	for _, name := range []*string{&s.table, &s.index} {
		if p.at >= len(p.tokens) || p.tokens[p.at].kind != 'w' && p.tokens[p.at].kind != '"' || p.tokens[p.at].text == "" {
			return p.unexpected()
		}
		s.named = append(s.named, p.tokens[p.at].offset)
		*name = p.next().text
		if !p.has(".") {
			return nil
		}
		p.next()
	}
	return p.unexpected()
}

// tail reads the rest of a statement, in which no other table may be named. It stops before a closing bracket that it did not open, and before a
// semicolon.
func (p *partiQLParser) tail() error {
	depth := 0
	for p.at < len(p.tokens) {
		switch {
		case p.has("select"), p.has("from"), p.has("insert"), p.has("update"), p.has("delete"), p.has("join"), p.has("union"):
			return p.unexpected()
		case p.has("("):
			depth++
		case p.has(")"):
			if depth == 0 {
				return nil
			}
			depth--
		case p.has(";"):
			return nil
		}
		p.next()
	}
	if depth > 0 {
		return p.unexpected()
	}
	return nil
}

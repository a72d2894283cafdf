package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/openirsa/openirsa/sigv4"
)

// maxSecretFile is more than any secret's file has.
const maxSecretFile = 4 << 10

// yamlConfig says of a kind of configuration file what its errors need.
type yamlConfig struct {
	Code  string // of errors
	Noun  string // "gateway file"
	Flag  string // that names the file
	Guide string // the document that has the form of the file
	Limit int64  // bytes
}

// read has the one document of a file read; an empty file has none and reads nothing. Errors have the position in the file.
func (c yamlConfig) read(path string, document func(n *yaml.Node) error) error {
	content, err := readLimited(path, c.Limit)
	if err != nil {
		return failure(c.Code, fmt.Errorf("reading the %s: %w", c.Noun, err), c.Flag+" takes a YAML file; see "+c.Guide)
	}
	if err = readYAML(content, document); err == nil {
		return nil
	}
	told := &commandError{Code: c.Code, Err: err, File: path, Line: 1, Column: 1, Hint: c.Guide + " has the form of the file"}
	if complaint := (*positioned)(nil); errors.As(err, &complaint) {
		told.Err, told.Line, told.Column = complaint.err, complaint.line, complaint.column
	}
	return told
}

func readYAML(content []byte, read func(n *yaml.Node) error) error {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return yamlError(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return at(&document, "the file holds more than one document")
	}
	return read(document.Content[0])
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return content, err
}

// positioned is an error at a place of the file.
type positioned struct {
	line, column int
	err          error
}

func (e *positioned) Error() string { return fmt.Sprintf("%d:%d: %v", e.line, e.column, e.err) }

func at(n *yaml.Node, format string, arguments ...any) error {
	return &positioned{n.Line, n.Column, fmt.Errorf(format, arguments...)}
}

// fileReader resolves what a configuration file names: other files, seen from its folder, and environment variables.
type fileReader struct {
	folder string
	getenv func(string) string
}

func (r fileReader) path(given string) string {
	if filepath.IsAbs(given) {
		return given
	}
	return filepath.Join(r.folder, given)
}

// credentials are a key id and a secret, each given by where it is: the secret never stands in the file itself.
func (r fileReader) credentials(n *yaml.Node) (sigv4.Credentials, error) {
	var c sigv4.Credentials
	err := fields(n, func(name string, value *yaml.Node) error {
		given, err := text(value)
		if err != nil {
			return err
		}
		target := &c.SecretAccessKey
		if strings.HasPrefix(name, "accessKeyId") {
			target = &c.AccessKeyID
		}
		if *target != "" {
			return at(value, "%s gives again what is given already", name)
		}
		switch name {
		case "accessKeyId":
			*target = given
		case "accessKeyIdEnv", "secretAccessKeyEnv":
			*target = r.getenv(given)
		case "accessKeyIdFile", "secretAccessKeyFile":
			content, err := readLimited(r.path(given), maxSecretFile)
			if err != nil {
				return at(value, "reading %s: %w", name, err)
			}
			*target = strings.TrimSpace(string(content))
		default:
			return errUnknownField
		}
		if *target == "" {
			return at(value, "%s is empty", name)
		}
		return nil
	})
	if err == nil && (c.AccessKeyID == "" || c.SecretAccessKey == "") {
		err = at(n, "credentials need accessKeyId and secretAccessKeyFile (or …Env)")
	}
	return c, err
}

var errUnknownField = errors.New("unknown field")

// fields goes through a mapping. A name that read does not know, or that is there twice, is an error.
func fields(n *yaml.Node, read func(name string, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "a mapping is expected")
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name, err := text(key)
		if err != nil {
			return err
		}
		if slices.Contains(seen, name) {
			return at(key, "%q is there twice", name)
		}
		seen = append(seen, name)
		if err := read(name, value); errors.Is(err, errUnknownField) {
			return at(key, "unknown field %q", name)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// texts goes through a sequence of texts.
func texts(n *yaml.Node, read func(n *yaml.Node, text string) error) error {
	if n.Kind != yaml.SequenceNode {
		return at(n, "a list is expected")
	}
	for _, element := range n.Content {
		given, err := text(element)
		if err != nil {
			return err
		}
		if err := read(element, given); err != nil {
			return err
		}
	}
	return nil
}

// text is a scalar as it stands. Anchors, aliases and tags have no use here.
func text(n *yaml.Node) (string, error) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return "", at(n, "anchors and aliases are not accepted")
	case n.Kind != yaml.ScalarNode || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!null":
		return "", at(n, "a text is expected")
	}
	return n.Value, nil
}

// duration is a time as Go writes it, of at least that much.
func duration(n *yaml.Node, least time.Duration) (time.Duration, error) {
	given, err := text(n)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(given)
	if err != nil || d < least {
		return 0, at(n, "%q is not a time of at least %s (30s, 24h)", given, least)
	}
	return d, nil
}

// boolean is true or false, and nothing else that YAML once took for one.
func boolean(n *yaml.Node) (bool, error) {
	given, err := text(n)
	if err == nil && given != "true" && given != "false" {
		err = at(n, "%q is neither true nor false", given)
	}
	return given == "true", err
}

// number is a whole number between two others.
func number(n *yaml.Node, least, most int) (int, error) {
	given, err := text(n)
	if err != nil {
		return 0, err
	}
	value, err := strconv.Atoi(given)
	if err != nil || value < least || value > most {
		return 0, at(n, "%q is not a number from %d to %d", given, least, most)
	}
	return value, nil
}

// byteCount reads a size: bytes, or with KiB or MiB.
func byteCount(text string) (int64, error) {
	factor := int64(1)
	for unit, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text, factor = number, size
		}
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return n * factor, err
}

// yamlError finds the line in an error of the YAML library's, which has it in its text alone.
func yamlError(err error) error {
	rest, found := strings.CutPrefix(err.Error(), "yaml: line ")
	number, message, _ := strings.Cut(rest, ": ")
	if line, failed := strconv.Atoi(number); found && failed == nil {
		return &positioned{line, 1, errors.New(message)}
	}
	return &positioned{1, 1, errors.New(cmp.Or(strings.TrimPrefix(err.Error(), "yaml: "), "not YAML"))}
}

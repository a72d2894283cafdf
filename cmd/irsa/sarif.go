package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/lint"
)

// printSARIF writes the findings as a SARIF 2.1.0 log (OASIS, "Static Analysis Results Interchange Format"), as code hosts show them beside the code.
func (l *linter) printSARIF() error {
	log := sarif.NewReport()
	run := sarif.NewRunWithInformationURI("irsa lint", "https://github.com/openirsa/openirsa").WithColumnKind("utf16CodeUnits")
	run.Tool.Driver.WithVersion(buildVersion())
	for _, rule := range lint.Rules() {
		descriptor := run.AddRule(rule.ID).WithShortDescription(sarif.NewMultiformatMessageString().WithText(rule.Summary)).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(rule.Severity)))
		properties := sarif.NewPropertyBag()
		if rule.Severity == lint.SecurityWarning {
			properties.Add("security-severity", "7.0")
		}
		if len(rule.AccessAnalyzer) > 0 {
			properties.Add("accessAnalyzer", rule.AccessAnalyzer)
		}
		descriptor.WithProperties(properties)
	}
	for _, f := range l.findings {
		message := f.Message
		if f.Hint != "" {
			message += " (" + f.Hint + ")"
		}
		region := sarif.NewRegion().WithStartLine(f.Position.Line).WithStartColumn(utf16Column(f.source, f.Position))
		location := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewArtifactLocation().WithURI(sarifURI(f.file))).WithRegion(region)
		run.AddResult(sarif.NewRuleResult(f.ID).WithLevel(sarifLevel(f.Severity)).WithMessage(sarif.NewTextMessage(message)).
			WithLocations([]*sarif.Location{sarif.NewLocation().WithPhysicalLocation(location)}).
			WithPartialFingerprints(map[string]string{"openirsa/v1": fingerprint(f)}))
	}
	invocation := sarif.NewInvocation().WithExecutionSuccessful(len(l.failures) == 0)
	for _, failure := range l.failures {
		notice := sarif.NewNotification().WithLevel("error").WithMessage(sarif.NewTextMessage(failure.Error()))
		invocation.AddToolExecutionNotification(notice)
	}
	run.AddInvocation(invocation)
	log.AddRun(run)
	return log.PrettyWrite(l.env.stdout)
}

// sarifLevel is SARIF's nearest: it has no level for security, which is a property of the rule.
func sarifLevel(severity lint.Severity) string {
	switch severity {
	case lint.Error:
		return "error"
	case lint.SecurityWarning, lint.Warning:
		return "warning"
	}
	return "note"
}

// sarifURI is a relative path as a relative reference, and another one as a file's URI.
func sarifURI(path string) string {
	slashed := filepath.ToSlash(path)
	if filepath.IsAbs(path) {
		return (&url.URL{Scheme: "file", Path: slashed}).String()
	}
	return (&url.URL{Path: strings.TrimPrefix(slashed, "./")}).String()
}

// utf16Column is a place's column as SARIF counts by default: in UTF-16 code units, not bytes.
func utf16Column(source []byte, at policy.Position) int {
	line := lineOf(source, at.Line)
	column := 1
	for before := line[:min(at.Column-1, len(line))]; len(before) > 0; {
		if before[0] < utf8.RuneSelf {
			column, before = column+1, before[1:]
			continue
		}
		c, size := utf8.DecodeRune(before)
		column, before = column+utf16.RuneLen(c), before[size:]
	}
	return column
}

// lineOf is a line by its number, from 1.
func lineOf(source []byte, number int) []byte {
	for range number - 1 {
		_, source, _ = bytes.Cut(source, []byte("\n"))
	}
	line, _, _ := bytes.Cut(source, []byte("\n"))
	return line
}

// maxFingerprinted is how much of a line a fingerprint is of: a document may be one long line, and have a finding in every statement.
const maxFingerprinted = 4096

// fingerprint stays the same where lines before the finding change.
func fingerprint(f fileFinding) string {
	line := lineOf(f.source, f.Position.Line)
	line = bytes.TrimSpace(line[:min(len(line), maxFingerprinted)])
	sum := sha256.Sum256([]byte(f.ID + "\x00" + f.SID + "\x00" + f.Message + "\x00" + string(line)))
	return hex.EncodeToString(sum[:16])
}

package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// The parts of SARIF 2.1.0 (OASIS) that findings need.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
		// Columns count Unicode code points here, as in the text output.
		ColumnKind string `json:"columnKind"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID           string          `json:"ruleId"`
		RuleIndex        int             `json:"ruleIndex"`
		Level            string          `json:"level"`
		Message          sarifText       `json:"message"`
		Locations        []sarifLocation `json:"locations"`
		RelatedLocations []sarifLocation `json:"relatedLocations,omitempty"`
		Fixes            []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
		Message          *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifFix struct {
		Description     sarifText     `json:"description"`
		ArtifactChanges []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		DeletedRegion   sarifRegion `json:"deletedRegion"`
		InsertedContent *sarifText  `json:"insertedContent,omitempty"`
	}
)

// SARIF writes the findings as SARIF 2.1.0, fixes included, for code scanning.
func SARIF(w io.Writer, findings []finding.Finding) error {
	run := sarifRun{
		Tool:       sarifTool{Driver: sarifDriver{Name: "oly-passkey", InformationURI: home, Rules: []sarifRule{}}},
		Results:    []sarifResult{},
		ColumnKind: "unicodeCodePoints",
	}
	for _, f := range findings {
		index := slices.IndexFunc(run.Tool.Driver.Rules, func(r sarifRule) bool { return r.ID == f.Rule })
		if index < 0 {
			index = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: f.Rule})
		}
		run.Results = append(run.Results, newSARIFResult(f, index))
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

const home = "https://github.com/olympusoss/oly-passkey"

func newSARIFResult(f finding.Finding, index int) sarifResult {
	level := map[finding.Severity]string{finding.Error: "error", finding.Warning: "warning", finding.Info: "note"}[f.Severity]
	r := sarifResult{
		RuleID: f.Rule, RuleIndex: index, Level: level, Message: sarifText{withHelp(f)},
		Locations: []sarifLocation{{PhysicalLocation: physical(f.Span)}},
	}
	for _, n := range f.Notes {
		r.RelatedLocations = append(r.RelatedLocations, sarifLocation{PhysicalLocation: physical(n.Span), Message: &sarifText{n.Message}})
	}
	if len(f.Fix) > 0 {
		fix := sarifFix{Description: sarifText{f.Help}}
		for _, e := range f.Fix {
			change := sarifReplacement{DeletedRegion: region(e.Span)}
			if e.New != "" {
				change.InsertedContent = &sarifText{e.New}
			}
			fix.ArtifactChanges = append(fix.ArtifactChanges, sarifChange{ArtifactLocation: artifact(e.Span), Replacements: []sarifReplacement{change}})
		}
		r.Fixes = []sarifFix{fix}
	}
	return r
}

func withHelp(f finding.Finding) string {
	if f.Help == "" {
		return f.Message
	}
	return f.Message + "; " + f.Help
}

func physical(s source.Span) sarifPhysical {
	return sarifPhysical{ArtifactLocation: artifact(s), Region: region(s)}
}

// artifact returns the file's relative URI, by which code scanning finds it in
// the repository.
func artifact(s source.Span) sarifArtifact {
	if s.File == nil {
		return sarifArtifact{URI: "kratos.yml"}
	}
	u := url.URL{Path: filepath.ToSlash(filepath.Clean(s.File.Name))}
	return sarifArtifact{URI: strings.TrimPrefix(u.String(), "./")}
}

func region(s source.Span) sarifRegion {
	if s.File == nil {
		return sarifRegion{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1}
	}
	start, end := s.File.Position(s.Start), s.File.Position(s.End)
	return sarifRegion{StartLine: start.Line, StartColumn: start.Column, EndLine: end.Line, EndColumn: end.Column}
}

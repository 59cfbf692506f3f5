package rules

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// againstCatalogue reports what the schema of the Kratos version rejects and no
// other rule has reported.
func againstCatalogue(p *lint.Pass) {
	for _, problem := range p.SchemaProblems() {
		if fromOtherRelease(problem) || skipped(p, problem) || notVerified(p, problem) {
			continue
		}
		reportProblem(p, problem)
	}
}

func reportProblem(p *lint.Pass, problem catalogue.Problem) {
	f := finding.Finding{Message: problem.Message + ", so Kratos does not start", Help: problem.Help}
	if licensed(problem) {
		f.Severity = finding.Warning
		f.Message = problem.Message + " of Ory's open-source Kratos, which does not start with it"
		f.Help = "remove it, unless you run the Ory Enterprise License or the Ory Network"
	}
	switch problem.Kind {
	case catalogue.Unknown:
		parent := p.Get(problem.Path)
		if problem.Path == "" {
			parent = p.Root
		}
		if problem.Meant != "" && problem.Value.Key.File != nil {
			f.Suggest = renamed(parent, problem.Value.Key, problem.Meant)
		}
		f.Span = problem.Span
		p.Report(f)
	case catalogue.Missing:
		f.Span = problem.Span
		p.Report(f)
	case catalogue.Enum:
		if problem.Meant != "" {
			f.Suggest = problem.Value.Edit(problem.Meant)
		}
		p.ReportAt(problem.Value, f)
	default:
		p.ReportAt(problem.Value, f)
	}
}

// skipped reports whether another rule has reported the problem.
func skipped(p *lint.Pass, problem catalogue.Problem) bool {
	about := ""
	if problem.Kind == catalogue.Missing {
		about = problem.Key
	}
	if p.HasError(problem.Span, about) || coveredBelow(p, problem) {
		return true
	}
	if rest, ok := strings.CutSuffix(problem.Path, ".rp"); ok && problem.Kind == catalogue.Missing && p.Get(rest).Field(problem.Key) != nil {
		return true // it is one level too high, which is reported
	}
	return problem.Kind == catalogue.Unknown && p.HasError(problem.Value.Place(), "start")
}

// coveredBelow reports whether another rule has reported a problem of a map at one
// of its keys, where the cause is.
func coveredBelow(p *lint.Pass, problem catalogue.Problem) bool {
	if problem.Kind != catalogue.Form {
		return false
	}
	for _, f := range problem.Value.Fields() {
		if p.HasError(f.Value.Place(), "start") || f.Value.Key.File != nil && p.HasError(f.Value.Key, "start") {
			return true
		}
	}
	return false
}

// notVerified reports whether a problem may be one of this file alone: a key that is
// missing and that the environment commonly sets, if no environment was given, and
// one at the top if the file is a layer of a configuration.
func notVerified(p *lint.Pass, problem catalogue.Problem) bool {
	environment := len(p.Env) > 0
	inHook := strings.Contains(problem.Path, ".hooks.")
	switch {
	case problem.Kind == catalogue.Type && problem.Value.Is(kratosconf.Null):
		// An empty map, which variables may fill.
		return !environment && slices.Contains([]string{"secrets", "courier", "courier.smtp"}, problem.Path)
	case problem.Kind != catalogue.Missing:
		return false
	case problem.Path == "" && problem.Key == "dsn":
		return !environment || !whole(p)
	case problem.Path == "" && problem.Key == "secrets", problem.Path == "secrets":
		return !environment
	case problem.Path == "", problem.Path == "selfservice":
		return !whole(p)
	case problem.Key == "url" && inHook:
		return !environment
	case slices.Contains([]string{"value", "user", "password", "client_id", "client_secret", "connection_uri", "apple_private_key"}, problem.Key):
		return !environment
	}
	return false
}

// whole reports whether the files are a whole configuration and not a layer of one.
func whole(p *lint.Pass) bool {
	if p.Get("identity.schemas") == nil || p.Get("dsn") == nil && p.Get("secrets") == nil && p.Get("courier") == nil {
		return false
	}
	return slices.ContainsFunc(p.Get("selfservice.flows").Fields(), func(flow kratosconf.Field) bool { return flow.Value.Get("ui_url") != nil })
}

// licensed reports whether a key is one of Ory's commercial builds.
func licensed(problem catalogue.Problem) bool {
	keys := []string{"organizations", "enterprise", "saml", "captcha", "deviceauthn", "preview", "help", "identity_schema_overrides"}
	return problem.Kind == catalogue.Unknown && slices.Contains(keys, problem.Key) && (problem.Path == "" || problem.Path == "selfservice.methods")
}

// fromOtherRelease reports whether a newer or an older Kratos accepts a key or a
// value; key-newer-than-kratos reports it.
func fromOtherRelease(problem catalogue.Problem) bool {
	return problem.Since != "" || problem.Removed != ""
}

// otherReleases reports keys and values that another release accepts.
func otherReleases(p *lint.Pass) {
	for _, problem := range p.SchemaProblems() {
		if !fromOtherRelease(problem) || skipped(p, problem) {
			continue
		}
		f := finding.Finding{Help: "remove it, or name the newer Kratos with --kratos-version"}
		switch {
		case problem.Since == "master":
			f.Message = fmt.Sprintf("%s of Kratos %s, which does not start with it; it comes with the release after v26.2.0", problem.Message, p.Version)
		case problem.Since != "":
			f.Message = fmt.Sprintf("%s of Kratos %s, which does not start with it; it came with %s", problem.Message, p.Version, problem.Since)
		case problem.Removed == "master":
			f.Message = problem.Message + " of releases after v26.2.0, which do not start with it"
			f.Help = removedHelp(problem)
		default:
			f.Message = fmt.Sprintf("%s of Kratos %s and newer, which do not start with it", problem.Message, problem.Removed)
			f.Help = removedHelp(problem)
		}
		if problem.Kind == catalogue.Unknown {
			f.Span = problem.Span
			p.Report(f)
		} else {
			p.ReportAt(problem.Value, f)
		}
	}
}

func removedHelp(problem catalogue.Problem) string {
	if problem.Path == "courier" && problem.Key == "sms" {
		return "move it to courier.channels: an element with id: sms, type: http and the same request_config"
	}
	return "remove it"
}

// fatalURLs reports URLs that end the whole Kratos at the first request that needs
// them: net/url.ParseRequestURI wants a scheme or a path
// (driver/config/config.go, ParseAbsoluteOrRelativeURIOrFail; measured on v1.3.1).
func fatalURLs(p *lint.Pass) {
	paths := []string{"selfservice.default_browser_return_url"}
	for _, flow := range []string{"login", "registration", "recovery", "verification", "error"} {
		paths = append(paths, "selfservice.flows."+flow+".ui_url")
	}
	for _, path := range paths {
		v := p.Get(path)
		if !v.Is(kratosconf.String) || v.Unknown() || passkeys.TemplateLeft(v.Str) || p.HasError(v.Place(), "") {
			continue
		}
		before, _, _ := strings.Cut(v.Str, "#")
		if _, err := url.ParseRequestURI(before); err == nil {
			continue
		}
		f := finding.Finding{
			Message: fmt.Sprintf("%s %q has no scheme, so Kratos exits with a fatal error at the first request that needs it", path, v.Str),
			Help:    "write a whole URL, such as https://auth.example.com/login",
		}
		if v.Str == "" {
			f.Message = fmt.Sprintf("%s is empty, so Kratos exits with a fatal error at the first request that needs it", path)
		}
		if better, err := url.Parse("https://" + v.Str); err == nil && strings.Contains(better.Host, ".") {
			f.Help, f.Suggest = fmt.Sprintf("write %q", better), v.Edit(better.String())
		}
		p.ReportAt(v, f)
	}
}

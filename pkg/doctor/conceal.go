package doctor

import (
	"net/url"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// conceal takes the passwords of URLs out of everything that a report shows.
func (r *Report) conceal(o Options) {
	var pairs []string
	for _, raw := range []string{o.URL, o.KratosURL, o.AdminURL, o.SidecarURL} {
		u, err := parseURL(raw)
		if err != nil || u.User == nil {
			continue
		}
		if _, has := u.User.Password(); !has {
			continue
		}
		hidden := url.UserPassword(u.User.Username(), "xxxxx").String() + "@"
		given := raw[strings.Index(raw, "://")+1:] // all of it without a scheme
		given = strings.TrimLeft(given[:strings.LastIndexByte(given, '@')+1], "/")
		pairs = append(pairs, given, hidden, u.User.String()+"@", hidden)
	}
	words := strings.NewReplacer(pairs...)
	r.URL, r.Kratos = safetext.URL(words.Replace(r.URL)), safetext.URL(words.Replace(r.Kratos))
	for i := range r.Results {
		r.Results[i].Why = words.Replace(r.Results[i].Why)
		for j := range r.Results[i].Problems {
			p := &r.Results[i].Problems[j]
			p.Subject = safetext.URL(words.Replace(p.Subject))
			p.Message, p.Help = words.Replace(p.Message), words.Replace(p.Help)
		}
	}
}

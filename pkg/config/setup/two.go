package setup

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Folders of the two Kratos.
const (
	Customers = "customers"
	Staff     = "staff"
)

// ProjectFile is where the two are described for lint.
const ProjectFile = ".oly-passkey.yaml"

// Two returns the options of two Kratos instances side by side, for customers and
// for staff, with different ports, cookies and relying parties and without sign-up
// for staff. The default of staffDomain is "staff" below the registrable domain.
func Two(o Options, staffDomain string) (customers, staff Options, err error) {
	if o.Target == Systemd {
		return customers, staff, optionf("--target", "%s has one kratos.service for a machine; run init twice, with another --mount", o.Target)
	}
	customers, staff = o, o
	customers.Instance, staff.Instance = Customers, Staff
	customers.CI, staff.CI = NoCI, NoCI
	s, err := o.complete()
	if err != nil {
		return customers, staff, err
	}
	staff.Domain, staff.RPID, staff.Origins, staff.Closed, staff.SignUp = staffDomain, "", nil, true, ""
	staff.KratosURL, staff.UIURL = "", ""
	staff.AndroidApps, staff.AppleApps, staff.Related = nil, nil, false
	staff.AppName = s.AppName + " staff"
	staff.PublicListen, staff.AdminListen = s.Public.Host+":4443", s.Admin.Host+":4444"
	if o.Target == NoTarget {
		staff.SidecarURL = "http://127.0.0.1:4487"
	}
	switch {
	case staffDomain == "" && s.Local:
		staff.Domain = o.Domain
	case staffDomain == "":
		staff.Domain = "staff." + webauthn.RegistrableDomain(s.RPID)
	}
	if s.Local && staff.Domain == o.Domain {
		staff.KratosURL, staff.UIURL = "http://"+o.Domain+":4443/", "http://"+o.Domain+":4465"
	} else if staff.Domain == o.Domain {
		return customers, staff, optionf("--staff-domain", "%q is the customers' domain; staff need one of their own, or a passkey of the one is offered to the other", staffDomain)
	}
	return customers, staff, nil
}

// TwoFiles returns the files of both, each in its folder, and the project file by
// which one lint checks them all. have are the states of the two folders.
func TwoFiles(o Options, staffDomain string, have [2]State, random io.Reader) ([]File, error) {
	customers, staff, err := Two(o, staffDomain)
	if err != nil {
		return nil, err
	}
	var all []File
	var sites [2]site
	var project strings.Builder
	project.WriteString("# Written by oly-passkey init. Check both with:\n#   oly-passkey lint --all-environments\nenvironments:\n")
	for i, half := range []Options{customers, staff} {
		files, err := Files(half, have[i], random)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			f.Path = half.Instance + "/" + f.Path
			all = append(all, f)
		}
		if sites[i], err = half.complete(); err != nil {
			return nil, err
		}
		fmt.Fprintf(&project, "  %s:\n    config: [%s/kratos.yml]\n    domains: [%q]\n    kratos: %s\n", half.Instance, half.Instance, sites[i].Page, sites[i].Kratos)
	}
	readme, err := render("two.md", struct{ Customers, Staff site }{sites[0], sites[1]})
	if err != nil {
		return nil, err
	}
	all = append(all, File{Path: "README.md", Mode: public, Content: readme}, File{Path: ProjectFile, Mode: public, Content: []byte(project.String())})
	s := site{}
	if err := o.continuous(&s); err != nil {
		return nil, err
	}
	s.LintCommand = "oly-passkey lint --project " + path.Join(o.Repository, ProjectFile) + " --all-environments"
	for _, src := range s.ci {
		content, err := s.render(src.template)
		if err != nil {
			return nil, err
		}
		all = append(all, File{Path: src.path, Mode: public, Content: content})
	}
	return all, nil
}

// RecallTwo returns the options and the staffDomain with which TwoFiles wrote a
// folder, as Recall does for one Kratos.
func RecallTwo(repository string, read func(path string) []byte) (o Options, staffDomain string, ok bool) {
	below := func(half string) func(string) []byte {
		return func(name string) []byte { return read(path.Join(half, name)) }
	}
	o, ok = Recall(path.Join(repository, Customers), below(Customers))
	staff, both := Recall(path.Join(repository, Staff), below(Staff))
	if !ok || !both || o.Instance != Customers || staff.Instance != Staff {
		return Options{}, "", false
	}
	o.Instance, o.Repository = "", repository
	for _, ci := range []CI{GitHub, GitLab, PreCommit} {
		var s site
		with := Options{CI: ci, Repository: repository}
		if err := with.continuous(&s); err == nil && bytes.Contains(read(s.ci[0].path), []byte("lint --project ")) {
			o.CI = ci
		}
	}
	if _, usual, err := Two(o, ""); err != nil || usual.Domain != staff.Domain {
		staffDomain = staff.Domain
	}
	return o, staffDomain, true
}

package ceremony_test

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// plain serves the simplest pages possible: all nodes of a Kratos flow in one
// form, with Kratos' own webauthn.js. Pages that follow Ory's reference have the
// same names.
type plain struct {
	public, internal string // Kratos' public API, for browsers and for this server
}

var plainPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>plain</title>
<body>{{range .Messages}}<p>{{.Text}}</p>{{end}}
<form action="{{.Action}}" method="{{.Method}}">
{{range .Nodes}}{{with .Attributes}}
{{if .Src}}<script src="{{.Src}}" integrity="{{.Integrity}}" crossorigin="{{.CrossOrigin}}" async></script>
{{else if or (eq .Type "submit") (eq .Type "button")}}<button type="{{.Type}}" name="{{.Name}}" value="{{.Value}}"{{with .OnClick}} onclick="{{.}}"{{end}}{{if .Disabled}} disabled{{end}}>{{.Name}} {{.Value}}</button>
{{else if .Name}}<label>{{.Name}} <input type="{{.Type}}" name="{{.Name}}" value="{{.Value}}" autocomplete="{{.Autocomplete}}"{{with .OnLoad}} onload="{{.}}"{{end}}></label>
{{end}}{{end}}{{range .Messages}}<p>{{.Text}}</p>{{end}}{{end}}
</form></body></html>`))

type plainMessage struct{ Text string }

type plainFlow struct {
	UI struct {
		Action, Method string
		Messages       []plainMessage
		Nodes          []struct {
			Messages   []plainMessage
			Attributes struct {
				Name, Type, Src, Integrity, CrossOrigin, Autocomplete string
				Value                                                 any
				OnClick, OnLoad                                       template.JS
				Disabled                                              bool
			}
		}
	}
}

func (p plain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := strings.Trim(r.URL.Path, "/")
	id := r.URL.Query().Get("flow")
	switch {
	case kind == "" || kind == "error":
		_, _ = io.WriteString(w, "<!doctype html><title>plain</title>")
		return
	case id == "":
		http.Redirect(w, r, p.public+"/self-service/"+kind+"/browser", http.StatusSeeOther)
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.internal+"/self-service/"+kind+"/flows?id="+url.QueryEscape(id), http.NoBody)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Header.Set("Cookie", r.Header.Get("Cookie"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	var f plainFlow
	if err := json.NewDecoder(resp.Body).Decode(&f); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = plainPage.Execute(w, f.UI)
}

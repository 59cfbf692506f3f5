package demo

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// deliverPath is the path to which Kratos' courier posts emails.
const deliverPath = "/mail/deliver"

const (
	maxMail  = 1 << 20 // bytes
	maxMails = 100     // the newest are kept
)

// mail is an email as posted by Kratos' courier.
type mail struct {
	Recipient string    `json:"recipient"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Body      string    `json:"body"`
	Received  time.Time `json:"received"`
}

// Code returns the one-time code in the email, "" if there is none.
func (m mail) Code() string { return oneTimeCode.FindString(m.Body) }

var oneTimeCode = regexp.MustCompile(`\b[0-9]{6}\b`)

// inbox stores and shows the emails that Kratos sends. Every user of this machine can
// read them.
type inbox struct {
	mu    sync.Mutex
	mails []mail
	page  *template.Template
}

//go:embed mail.html
var mailPage string

// withInbox adds the inbox to the pages.
func withInbox(pages http.Handler) http.Handler {
	box := &inbox{page: template.Must(template.New("mail").Parse(mailPage))}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("POST "+deliverPath, box.deliver)
	mux.HandleFunc("GET /mail", box.show)
	mux.HandleFunc("GET /mail.json", box.list)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (b *inbox) deliver(w http.ResponseWriter, r *http.Request) {
	var m mail
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMail)).Decode(&m); err != nil {
		http.Error(w, "the body is not an email", http.StatusBadRequest)
		return
	}
	m.Received = time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	if len(b.mails) > maxMails {
		b.mails = b.mails[len(b.mails)-maxMails:]
	}
}

// newestFirst returns a copy of the emails, newest first.
func (b *inbox) newestFirst() []mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	mails := slices.Clone(b.mails)
	slices.Reverse(mails)
	return mails
}

func (b *inbox) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(b.newestFirst())
}

func (b *inbox) show(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_ = b.page.Execute(w, b.newestFirst())
}

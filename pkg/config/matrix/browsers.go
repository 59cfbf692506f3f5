package matrix

// Browser lists the first version of a browser with each feature that passkey
// deployments use; "-" means unsupported.
type Browser struct {
	Name     string `json:"name"`
	Hybrid   string `json:"hybrid"`          // a phone by QR code
	Autofill string `json:"autofill"`        // conditional mediation in the form
	Related  string `json:"related_origins"` // WebAuthn Level 3 §5.11
	Signals  string `json:"signals"`         // signalUnknownCredential and the others, §5.1.10
}

// Browsers returns the table from MDN's browser-compat-data 8.0.10 (August 2026) and
// passkeys.dev (April 2026).
func Browsers() []Browser {
	return []Browser{
		{"Chrome", "108", "108", "128", "132"},
		{"Edge", "108", "122", "128", "132"},
		{"Chrome Android", "Android 9", "108", "128", "132"},
		{"Safari", "16 (macOS 13)", "16.1", "18", "26"},
		{"iOS", "16", "16.1", "18", "26"},
		{"Firefox", "by the system", "122", "-", "-"},
	}
}

package hookbody_test

import (
	"testing"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
)

// BenchmarkEvaluate is one body in one situation, from text to what Kratos would
// send.
func BenchmarkEvaluate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sample := hookbody.Sample{Flow: "settings", Traits: []string{"email"}}
		if _, err := hookbody.Evaluate("function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }", sample); err != nil {
			b.Fatal(err)
		}
	}
}

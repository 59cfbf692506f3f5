package passkeys

import "github.com/olympusoss/oly-passkey/pkg/config/kratosconf"

// maxSchemaDepth bounds the walk through an identity schema.
const maxSchemaDepth = 64

// Annotated reports whether a trait below v, at any depth, has one of Kratos'
// credentials annotations, such as "passkey.display_name".
func Annotated(v *kratosconf.Value, annotation string) bool {
	return annotated(v, annotation, 0)
}

func annotated(v *kratosconf.Value, annotation string, depth int) bool {
	if depth > maxSchemaDepth {
		return false
	}
	for _, f := range v.Fields() {
		if f.Name == "ory.sh/kratos" {
			if f.Value.Get("credentials." + annotation).True() {
				return true
			}
		} else if annotated(f.Value, annotation, depth+1) {
			return true
		}
	}
	for _, item := range v.Items() {
		if annotated(item, annotation, depth+1) {
			return true
		}
	}
	return false
}

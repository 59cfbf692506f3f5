// Command server is Ory Kratos v1.3.1, built from its published Go module, for
// the demo and the tests. It lives in a module of its own because it needs cgo
// (SQLite) and replace directives that the main module must not carry.
package main

import (
	"os"

	"github.com/ory/kratos/cmd"
)

func main() {
	os.Exit(cmd.Execute())
}

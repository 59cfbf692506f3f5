// Package fuzz finds the fuzz targets of the product and the parsers that they
// are for.
package fuzz

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Target is one FuzzX.
type Target struct {
	Package  string // such as pkg/webauthn
	Name     string
	Property string // what its comment says that holds
	Seeds    int    // committed ones, besides those that it adds itself
}

// Parser is a function that reads text or bytes which somebody else wrote.
type Parser struct{ Package, Name string }

// folders are where the product's own code is.
var folders = []string{"cmd", "pkg", "templates"}

// Targets lists every fuzz target of the module at root.
func Targets(root string) (targets []Target, err error) {
	err = eachFunction(root, true, func(dir string, d *ast.FuncDecl) error {
		if d.Recv != nil || !strings.HasPrefix(d.Name.Name, "Fuzz") {
			return nil
		}
		property := strings.TrimPrefix(strings.Join(strings.Fields(d.Doc.Text()), " "), d.Name.Name+":")
		t := Target{Package: dir, Name: d.Name.Name, Property: strings.TrimSpace(property)}
		seeds, err := os.ReadDir(filepath.Join(root, dir, "testdata", "fuzz", t.Name))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		t.Seeds = len(seeds)
		targets = append(targets, t)
		return nil
	})
	return targets, err
}

// A parser's name begins with one of these words, and it takes one of these
// types.
var (
	parserName  = regexp.MustCompile(`^(?i:decode|parse|unmarshal|read|import)([A-Z]\w*)?$`)
	parserTakes = []string{"string", "[]string", "[]byte", "io.Reader", "*bufio.Reader", "*bufio.Scanner", "*source.File", "json.RawMessage", "*yaml.Node", "*answer", "*http.Request"}
)

// Parsers lists every parser of the module at root, by the names that parsers
// have.
func Parsers(root string) (parsers []Parser, err error) {
	err = eachFunction(root, false, func(dir string, d *ast.FuncDecl) error {
		if !parserName.MatchString(d.Name.Name) {
			return nil
		}
		for _, field := range d.Type.Params.List {
			if slices.Contains(parserTakes, types.ExprString(field.Type)) {
				parsers = append(parsers, Parser{dir, functionName(d)})
				break
			}
		}
		return nil
	})
	return parsers, err
}

func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return "(" + types.ExprString(d.Recv.List[0].Type) + ")." + d.Name.Name
}

// eachFunction walks over the functions of all test files, or of all others.
func eachFunction(root string, tests bool, visit func(dir string, d *ast.FuncDecl) error) error {
	files := token.NewFileSet()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") != tests {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			dir, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			for _, decl := range file.Decls {
				if d, ok := decl.(*ast.FuncDecl); ok {
					if err := visit(filepath.ToSlash(dir), d); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

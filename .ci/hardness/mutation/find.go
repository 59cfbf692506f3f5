package mutation

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Package is a package with its mutants.
type Package struct {
	Path    string // import path
	Dir     string
	Name    string
	Sources map[string][]byte // by base name
	Mutants []Mutant
}

// Find lists the mutants of a package of the module at root.
func Find(root, path string) (*Package, error) {
	loaded, err := packages.Load(&packages.Config{
		Dir:  root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps,
	}, path)
	if err != nil {
		return nil, err
	}
	if len(loaded) != 1 || len(loaded[0].Errors) > 0 {
		return nil, fmt.Errorf("load %q: %v", path, loaded[0].Errors)
	}
	from := loaded[0]
	p := &Package{Path: from.PkgPath, Name: from.Name, Dir: from.Dir, Sources: map[string][]byte{}}
	for _, file := range from.Syntax {
		name := from.Fset.Position(file.Pos()).Filename
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base := filepath.Base(name)
		p.Sources[base] = text
		f := &finder{from: from, fset: from.Fset, info: from.TypesInfo, text: text, base: base, imports: importedNames(from, file), decided: map[ast.Expr]bool{}, moot: map[ast.Expr]bool{}}
		f.file(file)
		p.Mutants = append(p.Mutants, f.found...)
	}
	p.number()
	return p, nil
}

// number orders the mutants and tells equal changes of a function apart.
func (p *Package) number() {
	slices.SortStableFunc(p.Mutants, func(a, b Mutant) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.wrap.start, b.wrap.start), cmp.Compare(a.wrap.end, b.wrap.end))
	})
	seen := map[string]int{}
	for i := range p.Mutants {
		m := &p.Mutants[i]
		m.ID = i + 1
		key := m.Name()
		seen[key]++
		m.Nth = seen[key]
	}
}

// finder finds the mutants of one file.
type finder struct {
	from     *packages.Package
	fset     *token.FileSet
	info     *types.Info
	text     []byte
	base     string
	imports  map[string]string // by path: the name in this file
	function string
	results  *types.Tuple // of the innermost function
	decided  map[ast.Expr]bool
	moot     map[ast.Expr]bool // results beside a failure
	found    []Mutant
}

func importedNames(from *packages.Package, file *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		switch imported := from.Imports[path]; {
		case spec.Name != nil:
			names[path] = spec.Name.Name
		case imported != nil:
			names[path] = imported.Name
		}
	}
	return names
}

func (f *finder) file(file *ast.File) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Body == nil {
				continue
			}
			f.function = functionName(d)
			f.results = f.info.Defs[d.Name].Type().(*types.Signature).Results()
			f.walk(d.Body)
			f.function, f.results = "", nil
		case *ast.GenDecl:
			f.walk(d)
		}
	}
}

func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return "(" + types.ExprString(d.Recv.List[0].Type) + ")." + d.Name.Name
}

// walk looks at a node and at everything below it.
func (f *finder) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				f.constants(n)
				return false
			}
			return n.Tok != token.IMPORT && n.Tok != token.TYPE
		case *ast.FuncLit:
			outer := f.results
			f.results = f.info.TypeOf(n).(*types.Signature).Results()
			f.walk(n.Body)
			f.results = outer
			return false
		case *ast.ArrayType:
			return false // its length has to stay a constant
		case *ast.CallExpr:
			return !f.isLog(n)
		case *ast.BlockStmt:
			f.statements(n.List)
		case *ast.CaseClause:
			f.statements(n.Body)
		case *ast.CommClause:
			f.statements(n.Body)
		}
		f.conditions(n)
		if s, ok := n.(*ast.ReturnStmt); ok {
			for _, e := range f.besideFailure(s) {
				f.moot[e] = true
			}
		}
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if f.moot[e] {
			return f.info.Types[e].Value == nil
		}
		if f.info.Types[e].Value != nil && types.Default(f.info.Types[e].Type) != types.Typ[types.Bool] {
			f.constant(e)
			return false
		}
		f.expression(e)
		return true
	})
}

// isLog tells whether a call writes to the log, whose words nobody is promised.
func (f *finder) isLog(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	t := f.info.TypeOf(selector.X)
	return t != nil && t.String() == "*log/slog.Logger"
}

func (f *finder) offset(p token.Pos) int { return f.fset.Position(p).Offset }

func (f *finder) source(n ast.Node) string {
	return string(f.text[f.offset(n.Pos()):f.offset(n.End())])
}

// id stands for the mutant's number in prefixes until it has one.
const id = "\x00"

// add notes a mutant that is compiled behind a question.
func (f *finder) add(n ast.Node, change, prefix, suffix string) {
	f.found = append(f.found, Mutant{
		File: f.base, Function: f.function, Change: oneLine(change), Line: f.fset.Position(n.Pos()).Line,
		wrap: wrap{f.offset(n.Pos()), f.offset(n.End()), prefix, suffix},
	})
}

// change is the text of a mutant's name: what stood there and what stands there
// instead.
func change(from, to string) string { return oneLine(from) + " → " + oneLine(to) }

// typeText writes a type as this file can; false where it cannot.
func (f *finder) typeText(t types.Type) (string, bool) {
	ok := true
	text := types.TypeString(t, func(p *types.Package) string {
		if p == f.from.Types {
			return ""
		}
		name, imported := f.imports[p.Path()]
		ok = ok && imported
		return name
	})
	return text, ok && !strings.Contains(text, "untyped") && !strings.Contains(text, "invalid type")
}

package mutation

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// statements drops a statement, or answers zero values where it returns.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && (f.isLog(call) || types.ExprString(call.Fun) == "panic") {
				continue
			}
			f.drop(s)
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE && types.ExprString(s.Lhs[0]) != "_" {
				f.drop(s)
			}
		case *ast.IncDecStmt, *ast.DeferStmt, *ast.SendStmt, *ast.GoStmt, *ast.BranchStmt:
			if b, ok := s.(*ast.BranchStmt); ok && b.Tok != token.BREAK && b.Tok != token.CONTINUE {
				continue
			}
			f.drop(s)
		case *ast.ReturnStmt:
			f.returnZero(s)
		}
	}
}

func (f *finder) drop(s ast.Stmt) {
	f.add(s, "drop "+f.source(s), "if !mutant("+id+") { ", " }")
}

func (f *finder) returnZero(s *ast.ReturnStmt) {
	if f.results == nil || len(s.Results) == 0 || allZero(s.Results) {
		return
	}
	if len(s.Results) == 1 && (isLogic(s.Results[0]) || isLiteral(s.Results[0])) {
		return // other mutants do the same
	}
	zeros := make([]string, f.results.Len())
	for i := range zeros {
		text, ok := f.typeText(f.results.At(i).Type())
		if !ok {
			return
		}
		zeros[i] = "*new(" + text + ")"
	}
	f.add(s, change(f.source(s), "return zero"), "if mutant("+id+") { return "+strings.Join(zeros, ", ")+" }; ", "")
}

// besideFailure lists the results that a return hands out together with an error
// or a final false: by convention nobody looks at them.
func (f *finder) besideFailure(s *ast.ReturnStmt) []ast.Expr {
	if len(s.Results) < 2 {
		return nil
	}
	last := s.Results[len(s.Results)-1]
	declared := f.results.At(f.results.Len() - 1).Type()
	isError := types.Identical(declared, types.Universe.Lookup("error").Type()) && types.ExprString(last) != "nil"
	if !isError && types.ExprString(last) != "false" {
		return nil
	}
	return s.Results[:len(s.Results)-1]
}

func allZero(list []ast.Expr) bool {
	for _, e := range list {
		switch types.ExprString(e) {
		case "nil", "false", "0", `""`:
			continue
		}
		if c, ok := e.(*ast.CompositeLit); ok && len(c.Elts) == 0 {
			continue
		}
		return false
	}
	return true
}

func isLiteral(e ast.Expr) bool {
	_, ok := e.(*ast.BasicLit)
	return ok || types.ExprString(e) == "true"
}

// conditions decides what the text leaves to run time: each condition is true
// or false whatever happens, and so is each of its parts where that differs.
func (f *finder) conditions(n ast.Node) {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.root(n.Cond, true)
	case *ast.ForStmt:
		if n.Cond != nil {
			f.root(n.Cond, false) // true would only be an endless loop
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			return
		}
		for _, c := range n.Body.List {
			for _, e := range c.(*ast.CaseClause).List {
				f.root(e, true)
			}
		}
	}
}

// root is a condition as a whole.
func (f *finder) root(e ast.Expr, canBeTrue bool) {
	e = ast.Unparen(e)
	if f.decided[e] || f.info.Types[e].Value != nil {
		return
	}
	if canBeTrue {
		f.decide(e, true)
	}
	f.decide(e, false)
	f.parts(e)
}

// parts are the operands of a chain of && or ||: what makes the whole of it
// true or false is the root's mutant already.
func (f *finder) parts(e ast.Expr) {
	e = ast.Unparen(e)
	f.decided[e] = true
	if not, ok := e.(*ast.UnaryExpr); ok && not.Op == token.NOT {
		f.parts(not.X)
		return
	}
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != token.LAND && b.Op != token.LOR {
		return
	}
	for _, operand := range []ast.Expr{b.X, b.Y} {
		operand = ast.Unparen(operand)
		inner, nested := operand.(*ast.BinaryExpr)
		if nested && inner.Op == b.Op {
			f.parts(inner)
			continue
		}
		f.decide(operand, b.Op == token.LAND)
		if nested && (inner.Op == token.LAND || inner.Op == token.LOR) {
			f.decide(operand, b.Op != token.LAND)
		}
		f.parts(operand)
	}
}

func (f *finder) decide(e ast.Expr, to bool) {
	if to {
		f.add(e, change(f.source(e), "true"), "(mutant("+id+") || (", "))")
		return
	}
	f.add(e, change(f.source(e), "false"), "(!mutant("+id+") && (", "))")
}

func isLogic(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			return true
		default:
		}
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	}
	return false
}

// expression changes an operator or a literal.
func (f *finder) expression(e ast.Expr) {
	if isLogic(e) {
		f.root(e, true)
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		f.binary(e)
	case *ast.Ident:
		if obj := f.info.Uses[e]; obj == types.Universe.Lookup("true") || obj == types.Universe.Lookup("false") {
			f.swap(e, strconv.FormatBool(e.Name != "true"))
		}
	}
}

var boundaries = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}

var arithmetic = map[token.Token]string{
	token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*", token.REM: "*",
	token.AND: "|", token.OR: "&", token.XOR: "&", token.SHL: ">>", token.SHR: "<<", token.AND_NOT: "&",
}

func (f *finder) binary(e *ast.BinaryExpr) {
	if f.info.Types[e].Value != nil {
		return // a constant: its literals are changed
	}
	x, y := f.source(e.X), f.source(e.Y)
	if to, ok := boundaries[e.Op]; ok {
		other := x + " " + to + " " + y
		f.add(e, change(f.source(e), other), "(mutant("+id+") && ("+other+") || !mutant("+id+") && (", "))")
		return
	}
	to, ok := arithmetic[e.Op]
	t := f.info.TypeOf(e)
	basic, isBasic := t.Underlying().(*types.Basic)
	text, writable := f.typeText(t)
	if !ok || !isBasic || basic.Info()&types.IsNumeric == 0 || !writable {
		return
	}
	other := x + " " + to + " " + y
	f.add(e, change(f.source(e), other), "func() "+text+" { if mutant("+id+") { return "+other+" }; return ", " }()")
}

// constant changes a constant expression, as a whole so that its type stays.
func (f *finder) constant(e ast.Expr) {
	switch value := f.info.Types[e].Value; {
	case !hasLiteral(e):
	case value.Kind() == constant.String:
		f.swap(e, otherString(value))
	case value.Kind() == constant.Int:
		f.swap(e, f.source(e)+" + 1")
	}
}

func hasLiteral(e ast.Expr) (has bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if _, ok := n.(*ast.BasicLit); ok {
			has = true
		}
		return !has
	})
	return has
}

func otherString(value constant.Value) string {
	if constant.StringVal(value) == "" {
		return `"mutated"`
	}
	return `""`
}

// swap picks one of two values of the type that the literal has where it stands.
func (f *finder) swap(e ast.Expr, to string) {
	t := f.info.TypeOf(e)
	text, ok := f.typeText(types.Default(t))
	if !ok {
		return
	}
	f.add(e, change(f.source(e), to), fmt.Sprintf("mutate[%s](%s, %s, ", text, id, to), ")")
}

// constants changes the literals of a declaration; they are compiled one by one.
func (f *finder) constants(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for i, value := range v.Values {
			name := v.Names[min(i, len(v.Names)-1)].Name
			ast.Inspect(value, func(n ast.Node) bool {
				e, ok := n.(*ast.BasicLit)
				if !ok {
					return true
				}
				to := "(" + e.Value + " + 1)"
				if e.Kind == token.STRING {
					to = otherString(constant.MakeFromLiteral(e.Value, e.Kind, 0))
				}
				f.add(e, name+" = "+change(e.Value, to), "", "")
				f.found[len(f.found)-1].replacement = to
				return true
			})
		}
	}
}

package hookbody

import (
	"github.com/google/go-jsonnet"
	"github.com/google/go-jsonnet/ast"
	"github.com/google/go-jsonnet/formatter"
)

// Limits of a simple body. The weight of an expression estimates the size of its
// value, and what it costs to evaluate.
const (
	maxSimpleBytes = 16 << 10
	maxWeight      = 1e6
	maxPlus        = 20
	maxFor         = 2
	forWeight      = 100 // elements that a list is assumed to have
	contextWeight  = 50
	escape         = 2 // by which text may grow that is quoted or encoded again
)

// harmless reports whether a function of std returns a value that is not larger
// than its arguments, up to a small factor, in time that grows with their size.
func harmless(name string) bool {
	switch name {
	case "length", "type", "toString", "isString", "isNumber", "isBoolean", "isObject", "isArray", "isFunction", "isEmpty",
		"objectFields", "objectFieldsAll", "objectHas", "objectHasAll", "objectValues", "objectValuesAll", "get", "member",
		"startsWith", "endsWith", "equalsIgnoreCase", "asciiLower", "asciiUpper", "substr", "split", "trim", "stripChars", "lstripChars", "rstripChars",
		"base64", "base64Decode", "md5", "sha1", "sha256", "sha512", "sha3", "parseJson", "parseInt",
		"manifestJsonMinified", "escapeStringJson":
		return true
	}
	return false
}

// simple reports whether the syntax of a body guarantees that it can be evaluated
// within little time and memory. Text that is never evaluated,
// because it is not valid Jsonnet, is simple too.
func simple(body string) bool {
	if len(body) > maxSimpleBytes {
		return false
	}
	if _, err := jsonnet.SnippetToAST("body", body); err != nil {
		return true // it is never evaluated
	}
	root, _, err := formatter.SnippetToRawAST("body", body)
	return err == nil && isLight(root)
}

// isLight reports whether the weight of a body is known and small.
func isLight(root ast.Node) bool {
	s := &scale{bound: make(map[ast.Identifier]*binding)}
	return s.body(root) <= maxWeight && !s.failed
}

// scale weighs the expressions of a body.
type scale struct {
	bound  map[ast.Identifier]*binding
	plus   int
	depth  int // of for
	failed bool
}

// binding is a variable: its expression, weighed when it is used first.
type binding struct {
	node   ast.Node
	bound  map[ast.Identifier]*binding // the variables that the expression sees
	depth  int
	weight float64
	known  bool
	open   bool // being weighed
}

// fail makes the body not simple.
func (s *scale) fail() float64 {
	s.failed = true
	return 0
}

// in calls f with more variables in scope.
func (s *scale) in(f func() float64) float64 {
	outer := s.bound
	s.bound = make(map[ast.Identifier]*binding, len(outer)+1)
	for name, b := range outer {
		s.bound[name] = b
	}
	weight := f()
	s.bound = outer
	return weight
}

// bind adds variables, which see each other.
func (s *scale) bind(binds ast.LocalBinds) {
	for _, b := range binds {
		if b.Fun != nil || b.Body == nil {
			s.failed = true // a function, which may call itself
			continue
		}
		s.bound[b.Variable] = &binding{node: b.Body, bound: s.bound, depth: s.depth}
	}
}

func (s *scale) variable(name ast.Identifier) float64 {
	b := s.bound[name]
	switch {
	case b == nil || b.open:
		return s.fail() // std as a value, an unknown name or a cycle
	case !b.known:
		outer, depth := s.bound, s.depth
		s.bound, s.depth, b.open = b.bound, b.depth, true
		b.weight = s.weigh(b.node)
		s.bound, s.depth, b.open, b.known = outer, depth, false, true
	}
	return 1 + b.weight
}

// body weighs the whole: a function of ctx, or what Kratos would send in any case.
func (s *scale) body(root ast.Node) float64 {
	switch n := root.(type) {
	case *ast.Parens:
		return s.body(n.Inner)
	case *ast.Local:
		return s.in(func() float64 {
			s.bind(n.Binds)
			return 1 + s.body(n.Body)
		})
	case *ast.Function:
		return s.in(func() float64 {
			for _, p := range n.Parameters {
				if p.DefaultArg != nil {
					return s.fail()
				}
				s.bound[p.Name] = &binding{weight: contextWeight, known: true}
			}
			return s.weigh(n.Body)
		})
	}
	return s.weigh(root)
}

// weigh returns the weight of an expression: 1 and the weights of its parts. It
// fails the body for everything that it does not know.
func (s *scale) weigh(n ast.Node) float64 {
	if s.failed {
		return 0
	}
	switch n := n.(type) {
	case nil:
		return 0
	case *ast.LiteralBoolean, *ast.LiteralNull, *ast.LiteralNumber:
		return 1
	case *ast.LiteralString:
		return 1 + float64(len(n.Value))
	case *ast.Import, *ast.ImportStr, *ast.ImportBin:
		return 1 // fails
	case *ast.Var:
		return s.variable(n.Id)
	case *ast.Parens:
		return s.weigh(n.Inner)
	case *ast.Error:
		return 1 + s.weigh(n.Expr)
	case *ast.Unary:
		return 1 + s.weigh(n.Expr)
	case *ast.Conditional:
		return 1 + s.weigh(n.Cond) + s.weigh(n.BranchTrue) + s.weigh(n.BranchFalse)
	case *ast.Index:
		return 1 + s.weigh(n.Target) + s.weigh(n.Index)
	case *ast.Slice:
		return 1 + s.weigh(n.Target) + s.weigh(n.BeginIndex) + s.weigh(n.EndIndex) + s.weigh(n.Step)
	case *ast.Array:
		return s.elements(n.Elements)
	case *ast.Binary:
		return s.binary(n)
	case *ast.ApplyBrace:
		return s.sum(n.Left, n.Right)
	case *ast.Apply:
		return s.call(n)
	case *ast.Local:
		return s.in(func() float64 {
			s.bind(n.Binds)
			return 1 + s.weigh(n.Body)
		})
	case *ast.Object:
		return s.fields(n.Fields)
	case *ast.ArrayComp:
		return s.loop(&n.Spec, func() float64 { return s.weigh(n.Body) })
	case *ast.ObjectComp:
		return s.loop(&n.Spec, func() float64 { return s.fields(n.Fields) })
	}
	return s.fail() // functions, self, super, $, assert
}

func (s *scale) elements(list []ast.CommaSeparatedExpr) float64 {
	weight := 1.0
	for _, e := range list {
		weight += s.weigh(e.Expr)
	}
	return weight
}

// sum weighs left + right.
func (s *scale) sum(left, right ast.Node) float64 {
	if s.plus++; s.plus > maxPlus {
		return s.fail()
	}
	return 1 + escape*(s.weigh(left)+s.weigh(right))
}

func (s *scale) binary(n *ast.Binary) float64 {
	switch n.Op {
	case ast.BopPlus:
		return s.sum(n.Left, n.Right)
	case ast.BopPercent: // a format may pad its result to any width
		return s.fail()
	default:
		return 1 + s.weigh(n.Left) + s.weigh(n.Right)
	}
}

// call weighs a call of one of std's harmless functions, the only ones allowed.
func (s *scale) call(n *ast.Apply) float64 {
	f, ok := n.Target.(*ast.Index)
	if !ok || f.Id == nil || !harmless(string(*f.Id)) {
		return s.fail()
	}
	if std, ok := f.Target.(*ast.Var); !ok || std.Id != "std" || s.bound["std"] != nil {
		return s.fail()
	}
	weight := s.elements(n.Arguments.Positional)
	for _, a := range n.Arguments.Named {
		weight += s.weigh(a.Arg)
	}
	return escape * weight
}

// fields weighs an object. Its keys do not see its locals.
func (s *scale) fields(fields ast.ObjectFields) float64 {
	weight := 1.0
	for _, f := range fields {
		if f.Kind == ast.ObjectAssert || f.Method != nil || f.SuperSugar || f.Kind == ast.ObjectLocal && (f.Id == nil || f.Expr2 == nil) {
			return s.fail()
		}
		weight += 1 + s.weigh(f.Expr1)
	}
	return s.in(func() float64 {
		for _, f := range fields {
			if f.Kind == ast.ObjectLocal {
				s.bound[*f.Id] = &binding{node: f.Expr2, bound: s.bound, depth: s.depth}
			}
		}
		for _, f := range fields {
			if f.Kind != ast.ObjectLocal {
				weight += s.weigh(f.Expr2)
			}
		}
		return weight
	})
}

// loop weighs a comprehension. A list has no more elements than it weighs.
func (s *scale) loop(spec *ast.ForSpec, body func() float64) float64 {
	return s.in(func() float64 {
		s.depth++
		defer func() { s.depth-- }()
		if s.depth > maxFor {
			return s.fail()
		}
		list := func() float64 {
			weight := s.weigh(spec.Expr)
			s.bound[spec.VarName] = &binding{weight: weight, known: true}
			conditions := 1.0
			for _, c := range spec.Conditions {
				conditions += s.weigh(c.Expr)
			}
			return weight + max(forWeight, weight)*(conditions+body())
		}
		if spec.Outer != nil {
			return s.loop(spec.Outer, list)
		}
		return list()
	})
}

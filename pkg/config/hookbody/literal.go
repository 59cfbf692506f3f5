package hookbody

import (
	"fmt"

	"github.com/google/go-jsonnet/ast"
)

// literal returns a value as a node of Jsonnet's parser. Formatting and parsing a
// context would take longer than evaluating the body.
func literal(v any) ast.Node {
	switch v := v.(type) {
	case nil:
		return &ast.LiteralNull{}
	case bool:
		return &ast.LiteralBoolean{Value: v}
	case string:
		return &ast.LiteralString{Value: v, Kind: ast.StringDouble}
	case []any:
		list := &ast.Array{Elements: make([]ast.CommaSeparatedExpr, len(v))}
		for i, item := range v {
			list.Elements[i].Expr = literal(item)
		}
		return list
	case map[string]any:
		object := &ast.DesugaredObject{Fields: make(ast.DesugaredObjectFields, 0, len(v))}
		for name, value := range v {
			object.Fields = append(object.Fields, ast.DesugaredObjectField{Name: literal(name), Body: literal(value), Hide: ast.ObjectFieldInherit})
		}
		return object
	}
	panic(fmt.Sprintf("a sample holds no %T", v))
}

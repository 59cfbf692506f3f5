package kratosconf

// merge returns base overridden by over, as koanf does: maps are merged by key, and
// all other values, including lists, are replaced. It changes neither.
func merge(base, over *Value) *Value {
	switch {
	case base == nil:
		return over
	case over == nil:
		return base
	case base.Kind != Map || over.Kind != Map:
		v := *over
		v.Overrode = base
		return &v
	}
	out := *over
	out.Overrode = base
	out.fields, out.index = nil, nil
	for _, f := range base.fields {
		out.set(f.Name, merge(f.Value, over.child(f.Name)))
	}
	for _, f := range over.fields {
		if base.find(f.Name) < 0 {
			out.set(f.Name, f.Value)
		}
	}
	return &out
}

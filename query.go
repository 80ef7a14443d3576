package zegocensor

import (
	"reflect"
	"time"

	"github.com/google/go-querystring/query"
)

// encodable reports whether go-querystring can encode a query. It follows a struct
// that points to itself without end, as fmt, which it prints lists and maps with,
// follows a map or slice that contains itself. Neither can be recovered from.
func encodable(v any) bool {
	w := walk{left: 100_000}
	return w.encoded(reflect.ValueOf(v), 0)
}

// walk visits what go-querystring visits. It gives up below a depth that no query
// has, and after too many values.
type walk struct{ left int }

const maxDepth = 64

func (w *walk) visit(depth int) bool {
	w.left--
	return w.left >= 0 && depth <= maxDepth
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	encoderType = reflect.TypeFor[query.Encoder]()
)

// encoded visits a value that go-querystring encodes by itself. It has fmt print
// what an interface contains, with all fields, also those that it would leave out.
func (w *walk) encoded(v reflect.Value, depth int) bool {
	for ; v.Kind() == reflect.Pointer; v = v.Elem() {
		if depth++; !w.visit(depth) {
			return false
		}
	}
	switch {
	case v.Kind() == reflect.Interface:
		return w.element(v, depth) && w.encoded(v.Elem(), depth+1)
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		for i := range v.Len() {
			if !w.element(v.Index(i), depth+1) {
				return false
			}
		}
		return true
	case v.Kind() != reflect.Struct || v.Type() == timeType:
		return w.printed(v, depth)
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("url") == "-" || f.Type.Implements(encoderType) {
			continue
		}
		if !w.encoded(v.Field(i), depth+1) {
			return false
		}
	}
	return true
}

// element visits an element of a list or an interface: fmt prints what it points to.
func (w *walk) element(v reflect.Value, depth int) bool {
	for ; v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface; v = v.Elem() {
		if depth++; !w.visit(depth) {
			return false
		}
	}
	return w.printed(v, depth)
}

// printed visits a value that fmt prints. Of a pointer it prints the address.
func (w *walk) printed(v reflect.Value, depth int) bool {
	if !w.visit(depth) {
		return false
	}
	switch v.Kind() {
	case reflect.Interface:
		return w.printed(v.Elem(), depth+1)
	case reflect.Struct:
		if v.Type() == timeType {
			return true
		}
		for i := range v.NumField() {
			if !w.printed(v.Field(i), depth+1) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !w.printed(v.Index(i), depth+1) {
				return false
			}
		}
	case reflect.Map:
		for k, e := range v.Seq2() {
			if !w.printed(k, depth+1) || !w.printed(e, depth+1) {
				return false
			}
		}
	}
	return true
}

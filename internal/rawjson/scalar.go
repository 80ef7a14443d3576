package rawjson

import (
	"math"
	"strconv"
	"strings"
)

// Integer is the number that a scalar is or, as text, stands for, and 0 where it
// is no integer.
func Integer(value string) int64 {
	text := Text(value)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if f := float(text); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return 0
}

// Float is the number that a scalar is or, as text, stands for, and 0 where it is
// no finite number.
func Float(value string) float64 { return float(Text(value)) }

func float(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// Code is [Integer] for a code of which 0 says that all is well: one that cannot be
// read is -1, and nothing at all is 0.
func Code(value string) int32 {
	if n := Integer(value); n != 0 && int64(int32(n)) == n {
		return int32(n)
	}
	if text := Text(value); text == "" && value != `""` && value != "null" || text != "" && strings.Trim(text, "0") != "" {
		return -1
	}
	return 0
}

// maxList is the most elements of a list that are decoded, so that a large body
// does not become a much larger value.
const maxList = 1000

// ListOf reads the objects of a list, up to 1000 of them.
func ListOf[T any](value string, read func(*T, string)) []T {
	var list []T
	for v := range Elements(value) {
		if v[0] != '{' || len(list) == maxList {
			continue
		}
		var zero T
		list = append(list, zero)
		read(&list[len(list)-1], v)
	}
	return list
}

// Texts reads the scalars of a list, up to 1000 of them.
func Texts(value string) []string {
	var list []string
	for v := range Elements(value) {
		if len(list) == maxList {
			break
		}
		list = append(list, Text(v))
	}
	return list
}

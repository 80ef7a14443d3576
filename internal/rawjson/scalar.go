package rawjson

import (
	"math"
	"strconv"
	"strings"
)

// Integer is the number that a scalar is or, as text, stands for, and 0 where it
// is no integer.
func Integer(value string) int64 { return integer(Text(value)) }

func integer(text string) int64 {
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

// Code is [Integer] for a code that is 0 if all is well: one that cannot be
// read is -1, and nothing at all is 0. All ways to write 0 are 0, such as -0, 0.0 and
// " 0".
func Code(value string) int32 {
	text := strings.TrimSpace(Text(value))
	if text == "" {
		if value == `""` || value == "null" {
			return 0
		}
		return -1
	}
	if n := integer(text); n != 0 && int64(int32(n)) == n {
		return int32(n)
	}
	if !isZero(text) {
		return -1
	}
	return 0
}

// isZero reports whether text is a decimal 0, and not only too small a number.
func isZero(text string) bool {
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && f == 0 && strings.Trim(mantissa, "+-0.") == ""
}

// Budget is how many elements of lists may still be read of a body, so that no body
// becomes a much larger value.
type Budget int

// NewBudget is the budget of one body: 1000 elements.
func NewBudget() Budget { return 1000 }

// Take reports whether one more element may be read.
func (b *Budget) Take() bool {
	if *b <= 0 {
		return false
	}
	*b--
	return true
}

// ListOf reads the objects of a list, as far as the budget allows.
func ListOf[T any](value string, budget *Budget, read func(*T, string)) []T {
	var list []T
	for v := range Elements(value) {
		if v[0] != '{' {
			continue
		}
		if !budget.Take() {
			break
		}
		var zero T
		list = append(list, zero)
		read(&list[len(list)-1], v)
	}
	return list
}

// Texts reads the scalars of a list, as far as the budget allows.
func Texts(value string, budget *Budget) []string {
	var list []string
	for v := range Elements(value) {
		if !budget.Take() {
			break
		}
		list = append(list, Text(v))
	}
	return list
}

package rawjson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCode(t *testing.T) {
	for value, want := range map[string]int32{
		`0`: 0, `-0`: 0, `0.0`: 0, `0e0`: 0, `-0.00E+7`: 0, `"0"`: 0, `"0.0"`: 0, `"-0"`: 0, `" 0"`: 0, `"+0"`: 0, `"000"`: 0, `"0e999999"`: 0, `""`: 0, `null`: 0,
		`7`: 7, `7.0`: 7, `"7"`: 7, `" 7 "`: 7, `"+7"`: 7, `-7`: -7, `7e2`: 700, `2147483647`: 2147483647, `-2147483648`: -2147483648,
		`1e-400`: -1, `0.5`: -1, `2147483648`: -1, `1e99`: -1, `1e999`: -1, `"0x0"`: -1, `"0x0p0"`: -1, `"0_0"`: -1, `"e0"`: -1, `"-"`: -1, `"."`: -1, `"+-0"`: -1, `"0 0"`: -1,
		`" "`: -1, `"x"`: -1, `"NaN"`: -1, `true`: -1, `false`: -1, `{}`: -1, `[]`: -1, `[0]`: -1,
	} {
		assert.Equal(t, want, Code(value), value)
	}
}

func TestBudget(t *testing.T) {
	objects := "[" + strings.Repeat(`{},`, 600) + `7]`
	read := func(*struct{}, string) {}
	budget := NewBudget()
	assert.Len(t, ListOf(objects, &budget, read), 600)
	assert.Len(t, ListOf(objects, &budget, read), 400, "all lists of a body share the budget")
	assert.Empty(t, ListOf(objects, &budget, read))
	assert.Empty(t, Texts(`["a"]`, &budget))
	budget = NewBudget()
	assert.Equal(t, []string{"a", "7", ""}, Texts(`["a",7,null]`, &budget))
	assert.Equal(t, NewBudget()-3, budget)
}

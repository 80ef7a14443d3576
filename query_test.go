package zegocensor_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zegocensor/zegocensor-go"
)

func TestClient_Do_query(t *testing.T) {
	type node struct {
		Name string `url:"Name"`
		Next *node  `url:"Next,omitempty"`
		Any  any    `url:"Any,omitempty"`
	}
	type tree struct {
		Left, Right *tree
	}
	type Embedded struct{ *node }
	type hidden struct {
		list []any
		Out  any `url:"-"`
	}
	type lists struct {
		Users []any          `url:"UserId,brackets,omitempty"`
		Map   map[string]any `url:"Map,omitempty"`
	}
	self := &node{Name: "a"}
	self.Next = self
	pair := &node{Next: &node{}}
	pair.Next.Next = pair
	both := &tree{}
	both.Left, both.Right = both, both
	inAny := &node{}
	inAny.Any = inAny
	list := []any{nil}
	list[0] = list
	m := map[string]any{}
	m["m"] = m
	deep := &node{}
	for range 1000 {
		deep = &node{Next: deep}
	}
	type wide struct{ A, B *wide }
	shared := &wide{}
	for range 40 {
		shared = &wide{shared, shared}
	}
	var pointer any
	pointer = &pointer

	do := func(query any) error {
		_, err := newClient(t, &wire{}).Do(t.Context(), zegocensor.Action{Name: "A", Method: "GET"}, query, nil, nil)
		return err
	}
	for name, query := range map[string]any{
		"itself": self, "each other": pair, "itself twice": both, "in an interface": inAny, "embedded": Embedded{self},
		"a list in itself": lists{Users: list}, "a map in itself": lists{Map: m}, "a map in a list": lists{Users: []any{m}},
		"a struct in a list in itself": lists{Users: []any{struct{ A any }{list}}},
		"too deep":                     deep, "shared 2^40 times": shared, "a pointer to itself": &pointer,
		"a struct with it":              struct{ A any }{&pointer},
		"an unexported field below any": struct{ A any }{&hidden{list: list}},
		"an ignored field below any":    struct{ A any }{hidden{Out: m}},
		"an ignored field below *any":   struct{ A *any }{func() *any { var a any = &hidden{Out: list}; return &a }()},
	} {
		t.Run("refuses what contains itself: "+name, func(t *testing.T) {
			assert.ErrorIs(t, do(query), zegocensor.ErrInvalidRequest)
		})
	}
	now := time.Now()
	for name, query := range map[string]any{
		"nil pointer": (*node)(nil), "nested": node{Next: &node{Next: &node{}}}, "values": url.Values{"a": {"b"}},
		"time": struct{ At, Until *time.Time }{&now, nil},
		"list": lists{Users: []any{"a", 1, nil, &now, []int{1}}, Map: map[string]any{"a": nil}},
		"ignored": struct {
			A *node `url:"-"`
		}{self},
		"many": struct {
			UserID []string `url:"UserId,brackets"`
		}{make([]string, 10_000)},
	} {
		t.Run("accepts "+name, func(t *testing.T) { assert.NoError(t, do(query)) })
	}
}

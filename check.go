package zegocensor

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/check"
)

// faults collects what is wrong with a request or a configuration.
type faults []Fault

func (f *faults) add(field, reason string) { *f = append(*f, Fault{field, reason}) }

func (f *faults) check(ok bool, field, reason string) bool {
	if !ok {
		f.add(field, reason)
	}
	return ok
}

// reason adds what is wrong with a field, unless nothing is.
func (f *faults) reason(field, reason string) { f.check(reason == "", field, reason) }

func (f *faults) text(field, value string) { f.reason(field, check.Text(value)) }

func (f *faults) optionalText(field, value string) {
	if value != "" {
		f.text(field, value)
	}
}

// callbackURL checks an optional callback address. The reason does not repeat
// it: it may hold a token.
func (f *faults) callbackURL(field, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	ok := err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")) && u.Hostname() != ""
	f.check(ok, field, `must be an absolute URL that begins with https:// or http://`)
}

// typeLists checks the two lists that say what to look for.
func (f *faults) typeLists(prefix string, risks []RiskType, businesses []BusinessType) {
	f.check(len(risks)+len(businesses) > 0, prefix+"RiskTypeList", "and BusinessTypeList must not both be empty")
	listed(f, prefix+"RiskTypeList", risks)
	listed(f, prefix+"BusinessTypeList", businesses)
}

func listed[T ~string](f *faults, field string, values []T) {
	for i, v := range values {
		before := len(*f)
		if f.text(field, string(v)); len(*f) > before {
			(*f)[before].Field = fmt.Sprintf("%s[%d]", field, i)
		}
	}
}

// seconds checks an optional duration that the wire carries in whole seconds;
// 0 leaves it to ZEGO.
func (f *faults) seconds(field string, d, most time.Duration) {
	f.reason(field, check.Seconds(d, 0, most))
}

// quote shows a caller's value in an error, short and on one line.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}

func join[T ~string](values []T) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

package zegotest

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/zegocensor/zegocensor-go"
)

// Limits of parameters, in bytes.
const (
	maxIdentifier = 128
	maxStreamID   = 256
	maxReason     = 256
	maxTitle      = 127
	maxExtraInfo  = 1024
	maxMessage    = 1024
)

// parameters reads those of a GET action. The first that is wrong decides what is
// answered; after it, the rest reads as empty.
type parameters struct {
	query url.Values
	code  zegocensor.Code // CodeOK: all were right so far
	why   string
}

func read(r Request) *parameters { return &parameters{query: r.Query} }

func (p *parameters) ok() bool { return p.code == zegocensor.CodeOK }

// refuse is the answer to what was wrong.
func (p *parameters) refuse() (any, zegocensor.Code, string) { return nil, p.code, p.why }

// wrong notes what is wrong, unless something was before.
func (p *parameters) wrong(code zegocensor.Code, why string) {
	if p.ok() {
		p.code, p.why = code, why
	}
}

// text is an optional parameter of most bytes at most.
func (p *parameters) text(name string, most int) string {
	values := p.query[name]
	switch {
	case !p.ok() || len(values) == 0:
		return ""
	case len(values) > 1:
		p.wrong(zegocensor.CodeInvalidParameter, name+" is given twice")
	case len(values[0]) > most:
		p.wrong(zegocensor.CodeParameterTooLong, name)
	default:
		return values[0]
	}
	return ""
}

// required is a parameter that must not be empty.
func (p *parameters) required(name string, most int) string {
	v := p.text(name, most)
	if v == "" {
		p.wrong(zegocensor.CodeInvalidParameter, name)
	}
	return v
}

// list is a list whose name ends with brackets, of at least one entry. tooMany is
// the code for more than most.
func (p *parameters) list(name string, most int, tooMany zegocensor.Code) []string {
	values := p.query[name]
	switch {
	case len(values) == 0 || slices.Contains(values, ""):
		p.wrong(zegocensor.CodeInvalidParameter, name)
	case len(values) > most:
		p.wrong(tooMany, name+" has more than "+strconv.Itoa(most)+" entries")
	}
	if !p.ok() {
		return nil
	}
	return values
}

// number is a parameter between least and most. If it is missing, it is standard,
// which must be in that range unless the parameter is required.
func (p *parameters) number(name string, standard, least, most int64) int64 {
	n := standard
	if p.query.Has(name) {
		v, err := strconv.ParseInt(p.text(name, maxIdentifier), 10, 64)
		if err != nil {
			v = least - 1
		}
		n = v
	}
	if n < least || n > most {
		p.wrong(zegocensor.CodeInvalidParameter, name)
	}
	if !p.ok() {
		return 0
	}
	return n
}

// bit is a parameter that is 0, the default, or 1.
func (p *parameters) bit(name string) int { return int(p.number(name, 0, 0, 1)) }

// boolean is a parameter that is false, the default, or true.
func (p *parameters) boolean(name string) bool {
	v := p.text(name, maxIdentifier)
	if v != "" && v != "true" && v != "false" {
		p.wrong(zegocensor.CodeInvalidParameter, name)
	}
	return v == "true"
}

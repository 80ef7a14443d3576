package attempt

import (
	"net"
	"net/url"
	"strings"
)

// ParseBaseURL reads the address of an API, https or http. A reason that is not ""
// says what is wrong with it. It does not repeat rawURL, which may contain a password.
func ParseBaseURL(rawURL, example string) (u *url.URL, reason string) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, `must be an absolute URL such as "` + example + `"`
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' }):
		return nil, "must be ASCII: write the name of the host in punycode"
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, "must not hold a user, a query or a fragment"
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, "must begin with https://"
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, ""
}

// InClear reports whether requests to an address cross a network in clear.
func InClear(u *url.URL) bool { return u.Scheme == "http" && !loopback(u.Hostname()) }

// NotInClear is what is wrong with such an address.
const NotInClear = "must begin with https://: signed requests in clear are allowed to a loopback host only"

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

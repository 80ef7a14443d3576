package zegoredis

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

var errNilOption = errors.New("zegoredis: an option must not be nil")

// check names what is wrong with the arguments that all constructors have.
func check(what string, client redis.UniversalClient, prefix string) error {
	var faults []error
	if client == nil {
		faults = append(faults, errors.New("zegoredis: "+what+": the client must not be nil"))
	}
	if prefix == "" || strings.ContainsAny(prefix, "{}") {
		faults = append(faults, errors.New("zegoredis: "+what+": the prefix must not be empty, and hold no braces"))
	}
	return errors.Join(faults...)
}

// token names one call, so that the server knows it again when it comes twice.
func token() string { return rand.Text() }

package zegocensor

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Client calls ZEGO's server API for one project. It is safe for concurrent
// use; make one for each project and keep it. Printing, logging or encoding a
// Client shows no secret.
type Client struct {
	appID  uint32
	secret func() string // a closure: nothing that prints a Client by reflection gets at it

	base           *url.URL
	http           http.Client
	header         http.Header
	environment    Environment // "" = IsTest is not sent
	attemptTimeout time.Duration
	retry          RetryPolicy
	limiter        Limiter
	logger         *slog.Logger
	interceptors   []Interceptor
	clock          attempt.Clock
}

// NewClient returns a client that signs with the AppID and the ServerSecret of
// a project, both from ZEGO's console. It makes no connection and reads no
// environment but what [http.ProxyFromEnvironment] does for the default
// transport. Every fault of the arguments and of the options is reported in one
// [*InvalidRequestError].
func NewClient(appID uint32, serverSecret string, opts ...Option) (*Client, error) {
	var f faults
	f.check(appID != 0, "appID", "must not be 0: copy the AppID of the project from ZEGO's console")
	f.check(serverSecret != "", "serverSecret", "must not be empty: copy the ServerSecret of the project from ZEGO's console")
	return newClient("NewClient", f, appID, serverSecret, nil, opts)
}

// NewClientFromEnv returns a client for the project that the environment names, as
// [NewClient] does:
//
//	ZEGO_APP_ID         the AppID. Required.
//	ZEGO_SERVER_SECRET  the ServerSecret. Required.
//	ZEGO_REGION         as WithRegion: global, sha, hkg, fra, lax, bom or sgp
//	ZEGO_BASE_URL       as WithBaseURL; it has precedence over ZEGO_REGION
//
// opts have precedence over the environment. All faults are reported in one
// [*InvalidRequestError], which names variables and contains no value of a secret. No
// other function of this package reads these variables.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	var f faults
	id, err := strconv.ParseUint(os.Getenv("ZEGO_APP_ID"), 10, 32)
	f.check(err == nil && id != 0, "ZEGO_APP_ID", "must be the number that ZEGO's console shows")
	secret := os.Getenv("ZEGO_SERVER_SECRET")
	f.check(secret != "", "ZEGO_SERVER_SECRET", "must be set: copy the ServerSecret of the project from ZEGO's console")
	var fromEnv []Option
	if region := os.Getenv("ZEGO_REGION"); region != "" {
		fromEnv = append(fromEnv, WithRegion(Region(region)))
	}
	if address := os.Getenv("ZEGO_BASE_URL"); address != "" {
		fromEnv = append(fromEnv, WithBaseURL(address))
	}
	return newClient("NewClientFromEnv", f, uint32(id), secret, fromEnv, opts)
}

// newClient makes a client for constructor, which has found the faults f. fromEnv are
// options that the caller has not written.
func newClient(constructor string, f faults, appID uint32, serverSecret string, fromEnv, opts []Option) (*Client, error) {
	c := &Client{
		appID:          appID,
		secret:         func() string { return serverSecret },
		base:           RegionGlobal.url(),
		attemptTimeout: defaultAttemptTimeout,
		retry:          RetryPolicy(attempt.Default),
		clock:          attempt.Clock{Now: time.Now},
		header: http.Header{
			"Accept":       {"application/json"},
			"Content-Type": {"application/json"},
			"User-Agent":   {userAgent},
		},
	}
	o := options{client: c, faults: f}
	for _, opt := range fromEnv {
		opt(&o)
	}
	for i, opt := range opts {
		if opt == nil {
			o.add(fmt.Sprintf("opts[%d]", i), "must not be nil")
			continue
		}
		opt(&o)
	}
	o.check(o.insecure || !attempt.InClear(c.base), "WithBaseURL", attempt.NotInClear)
	if len(o.faults) > 0 {
		return nil, &InvalidRequestError{Action: constructor, Faults: o.faults}
	}
	if !o.limiter {
		c.limiter = NewLimiter(c.environment)
	}
	if !o.httpClient {
		c.http.Transport = NewTransport()
	}
	return c, nil
}

// String names the project and the host. It is what the fmt verbs print.
func (c *Client) String() string {
	return fmt.Sprintf("zegocensor.Client(AppID %d, %s)", c.appID, c.base.Host)
}

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that wait for a next call, as
// [http.Client.CloseIdleConnections] does.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

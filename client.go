package zegocensor

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
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
	o := options{client: c}
	o.check(appID != 0, "appID", "must not be 0: copy the AppID of the project from ZEGO's console")
	o.check(serverSecret != "", "serverSecret", "must not be empty: copy the ServerSecret of the project from ZEGO's console")
	for i, opt := range opts {
		if opt == nil {
			o.add(fmt.Sprintf("opts[%d]", i), "must not be nil")
			continue
		}
		opt(&o)
	}
	if len(o.faults) > 0 {
		return nil, &InvalidRequestError{Action: "NewClient", Faults: o.faults}
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

package transport

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	// establishTimeout bounds all that is done to get a connection: dialling, a
	// proxy's CONNECT, the TLS handshake. It is half the default time of an
	// attempt, so that there is time left for another, as a request that never
	// left is sent again.
	establishTimeout = 5 * time.Second
	// linger is how long a connection may still be in the making when the
	// attempt it was begun for is over. A later request can use it.
	linger = 2 * time.Second
)

var dialer = net.Dialer{Timeout: establishTimeout, KeepAlive: 30 * time.Second}

// dial is the DialContext of [New]. net/http lets a dial go on when its request
// has ended, without a bound in a SOCKS proxy and for a minute in CONNECT; the
// dial of a request that was sent by [Send] ends [linger] after it, and after
// [establishTimeout] in any case.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return dialer.DialContext(ctx, network, addr)
	}
	ctx, cancel := context.WithTimeout(ctx, establishTimeout)
	stop := context.AfterFunc(a.Context, func() { time.AfterFunc(linger, cancel) })
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil || !a.secure {
		stop()
		cancel()
		return conn, err
	}
	e := &establishing{conn: conn, done: func() { stop(); cancel() }}
	context.AfterFunc(ctx, e.expire)
	a.mu.Lock()
	a.dials = append(a.dials, e)
	a.mu.Unlock()
	return conn, nil
}

// establishing is a connection on which no TLS handshake was completed yet.
type establishing struct {
	conn net.Conn
	done func()

	mu   sync.Mutex
	over bool
}

// expire lets what is read or written on the connection fail.
func (e *establishing) expire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.over {
		_ = e.conn.SetDeadline(time.Unix(1, 0))
	}
}

// established ends the watch over the connections that were dialled for a.
func (a *attempt) established() {
	a.mu.Lock()
	dials := a.dials
	a.dials = nil
	a.mu.Unlock()
	for _, e := range dials {
		e.mu.Lock()
		e.over = true
		_ = e.conn.SetDeadline(time.Time{})
		e.mu.Unlock()
		e.done()
	}
}

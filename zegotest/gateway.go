package zegotest

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/fake"
)

const maxDeviation = 10 * time.Minute

// answer is what goes back. An empty page means an envelope.
type answer struct {
	status  int
	code    zegocensor.Code
	message string
	data    any
	page    string
}

// ServeHTTP is the gateway, and below /_/ the page and the control API.
func (s *Server) ServeHTTP(w http.ResponseWriter, httpRequest *http.Request) {
	switch path := httpRequest.URL.Path; {
	case strings.HasPrefix(path, controlPath):
		s.controls.ServeHTTP(w, httpRequest)
		return
	case path != "/":
		http.NotFound(w, httpRequest)
		return
	}
	// What a page of another site has a browser send is refused before it is
	// recorded or uses a fault.
	if foreign(httpRequest) {
		http.Error(w, "zegotest: refused: a page of another site sent this", http.StatusForbidden)
		return
	}
	if !s.knownHost(httpRequest.Host) && !zegoHost(httpRequest.Host) {
		a := answer{status: s.guesses.refusalStatus, code: zegocensor.CodeWrongHost, message: meaning("", zegocensor.CodeWrongHost)}
		s.write(w, &Request{}, a, Fault{}, s.Now())
		return
	}
	query, queryErr := url.ParseQuery(httpRequest.URL.RawQuery)
	r := s.record(httpRequest, query)

	if f := s.fault(r, true); f.Cut == CutBeforeRead {
		s.markFault(r)
		fake.Hold(s.ctx, httpRequest, f.Hang, f.Latency)
		fake.Cut(w)
		return
	}
	body, err := io.ReadAll(io.LimitReader(httpRequest.Body, fake.MaxBody+1))
	s.mu.Lock()
	r.Body = body
	s.boundRequestsLocked()
	s.mu.Unlock()
	unreadable := err != nil || len(body) > fake.MaxBody

	f := s.fault(r, false)
	if f.Hang || f.Cut != CutNone || f.ClockSkew != 0 {
		s.markFault(r)
	}
	if !fake.Hold(s.ctx, httpRequest, f.Hang, f.Latency) {
		fake.Cut(w)
		return
	}
	now := s.Now().Add(f.ClockSkew)
	a, canned := f.answer(r.Action, s.guesses.refusalStatus)
	if canned {
		s.markFault(r)
	} else {
		a = s.decide(now, r, query, queryErr, unreadable)
	}
	if f.Cut == CutAfterRead {
		fake.Cut(w)
		return
	}
	s.write(w, r, a, f, now)
}

// record keeps what is known of a request from its first line and headers.
func (s *Server) record(httpRequest *http.Request, query url.Values) *Request {
	r := &Request{
		Action:    query.Get("Action"),
		Method:    httpRequest.Method,
		Nonce:     query.Get("SignatureNonce"),
		Signature: query.Get("Signature"),
		IsTest:    strings.EqualFold(query.Get("IsTest"), "true"),
		Query:     url.Values{},
		Header:    httpRequest.Header,
		Received:  s.Now(),
	}
	if id, err := strconv.ParseUint(query.Get("AppId"), 10, 32); err == nil {
		r.AppID = uint32(id)
	}
	if ts, err := strconv.ParseInt(query.Get("Timestamp"), 10, 64); err == nil {
		r.Timestamp = time.Unix(ts, 0)
	}
	for name, values := range query {
		if !isPublic(name) {
			r.Query[name] = values
		}
	}
	for _, all := range []map[string][]string{r.Query, r.Header} {
		for name, values := range all {
			for _, v := range values {
				r.head += len(name) + len(v)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	s.boundRequestsLocked()
	return r
}

func (s *Server) boundRequestsLocked() {
	s.requests = fake.Last(s.requests, s.history, historyBytes, func(r *Request) int { return r.head + len(r.Body) })
}

func (s *Server) markFault(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Fault = true
}

func isPublic(name string) bool {
	switch name {
	case "Action", "AppId", "SignatureNonce", "Timestamp", "Signature", "SignatureVersion", "IsTest":
		return true
	}
	return false
}

// answer is what the fault itself says, if it does.
func (f *Fault) answer(action string, refusalStatus int) (answer, bool) {
	a := answer{status: f.HTTPStatus, code: f.Code, message: f.Message, page: f.Body}
	switch {
	case f.Body != "":
		first(&a.status, http.StatusOK)
	case f.Code != 0:
		first(&a.status, refusalStatus)
		if a.message == "" {
			a.message = meaning(action, f.Code)
		}
	case f.HTTPStatus != 0:
		a.page = "<html><head><title>" + strconv.Itoa(f.HTTPStatus) + "</title></head><body>" + http.StatusText(f.HTTPStatus) + "</body></html>\n"
	default:
		return answer{}, false
	}
	return a, true
}

// meaning is the text for a code in an answer to the action.
func meaning(action string, code zegocensor.Code) string {
	return cmp.Or(code.Meaning(action), code.String())
}

// decide checks a request and carries it out.
func (s *Server) decide(now time.Time, r *Request, query url.Values, queryErr error, unreadable bool) answer {
	refuse := func(code zegocensor.Code) answer {
		return answer{status: s.guesses.refusalStatus, code: code, message: meaning(r.Action, code)}
	}
	if unreadable {
		return refuse(zegocensor.CodeBodyUnreadable)
	}
	if queryErr != nil {
		return refuse(zegocensor.CodeDecodingFailed)
	}
	if code := s.checkPublic(now, r, query); code != zegocensor.CodeOK {
		return refuse(code)
	}
	s.mu.Lock()
	act := s.actions[r.Action]
	s.mu.Unlock()
	if code := s.accept(act, r); code != zegocensor.CodeOK {
		return refuse(code)
	}
	data, code, why := act.call(now, *r)
	if code != zegocensor.CodeOK {
		a := refuse(code)
		if why != "" {
			a.message += ": " + why
		}
		return a
	}
	return answer{status: http.StatusOK, message: "success", data: data}
}

// accept counts a call, unless it exceeds the rate of the action or of its room.
func (s *Server) accept(act action, r *Request) zegocensor.Code {
	env := zegocensor.EnvironmentProduction
	if r.IsTest {
		env = zegocensor.EnvironmentTest
	}
	limit := zegocensor.DocumentedRate(r.Action, env)
	if s.fixedRate {
		limit = zegocensor.Limit{PerSecond: s.rateLimit}
	}
	now := s.schedule.Flow()
	if !s.accepted.Accept(r.Action, limit.PerSecond, now) {
		return act.throttled
	}
	if room := r.Query.Get("RoomId"); limit.PerRoom > 0 && !s.accepted.AcceptEach(r.Action+" "+room, limit.PerRoom, now) {
		return zegocensor.CodeRoomRateLimited
	}
	return zegocensor.CodeOK
}

// call is do, whose panic is the gateway's internal error.
func (a action) call(now time.Time, r Request) (data any, code zegocensor.Code, why string) {
	defer func() {
		if recover() != nil {
			data, code, why = nil, zegocensor.CodeGatewayInternal, ""
		}
	}()
	return a.do(now, r)
}

// knownHost reports whether a Host header names the server in a way that another
// site cannot: an IP address, localhost, or a name of [WithHosts].
func (s *Server) knownHost(host string) bool {
	host = hostName(host)
	return host == "localhost" || net.ParseIP(host) != nil || slices.ContainsFunc(s.hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// zegoHost reports whether a Host header is of ZEGO's API.
func zegoHost(host string) bool {
	host = hostName(host)
	return strings.HasPrefix(host, "rtc-api") && strings.HasSuffix(host, ".zego.im")
}

// hostName is a host without its port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// foreign reports whether a browser says that a page of another site sent a request.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	return origin != "" && (err != nil || u.Host != r.Host)
}

// checkPublic checks the public parameters, in the order of the package
// documentation.
func (s *Server) checkPublic(now time.Time, r *Request, query url.Values) zegocensor.Code {
	missing := func(name string) bool { return query.Get(name) == "" }
	single := func(name string) bool { return len(query[name]) == 1 }

	appID, err := strconv.ParseUint(query.Get("AppId"), 10, 32)
	if err != nil || !single("AppId") {
		return zegocensor.CodeAppIDMalformed
	}
	if missing("Timestamp") {
		return zegocensor.CodeTimestampMissing
	}
	timestamp, err := strconv.ParseInt(query.Get("Timestamp"), 10, 64)
	if err != nil || !single("Timestamp") {
		return zegocensor.CodeTimestampMalformed
	}
	if missing("Action") {
		return zegocensor.CodeActionMissing
	}
	s.mu.Lock()
	act, known := s.actions[r.Action]
	s.mu.Unlock()
	if !known || act.method != r.Method || !single("Action") {
		return zegocensor.CodeActionUnsupported
	}
	if missing("SignatureNonce") {
		return zegocensor.CodeNonceMissing
	}
	if missing("Signature") {
		return zegocensor.CodeSignatureMissing
	}
	if missing("SignatureVersion") {
		return zegocensor.CodeSignatureVersionMissing
	}
	if query.Get("SignatureVersion") != "2.0" || !single("SignatureVersion") {
		return zegocensor.CodeSignatureVersionUnsupported
	}
	if uint32(appID) != s.appID {
		return zegocensor.CodeAppNotConfigured
	}
	if s.secret == "" {
		return zegocensor.CodeNoServerSecret
	}
	if now.Sub(time.Unix(timestamp, 0)).Abs() > maxDeviation {
		return zegocensor.CodeSignatureExpired
	}
	want := zegocensor.Sign(s.appID, s.secret, r.Nonce, timestamp)
	if subtle.ConstantTimeCompare([]byte(want), []byte(r.Signature)) != 1 || !single("Signature") || !single("SignatureNonce") {
		return zegocensor.CodeSignatureWrong
	}
	if query.Has("IsTest") {
		v := strings.ToLower(query.Get("IsTest"))
		if v != "true" && v != "false" || !single("IsTest") {
			return zegocensor.CodeInvalidParameter
		}
	}
	switch {
	case s.guesses.testEnvironment && !r.IsTest:
		return zegocensor.CodeProductionNotConfigured
	case slices.Contains(s.guesses.disabled, r.Action):
		return zegocensor.CodeServiceNotEnabled
	}
	return zegocensor.CodeOK
}

// write sends an answer, or the first half of it.
func (s *Server) write(w http.ResponseWriter, r *Request, a answer, f Fault, now time.Time) {
	body := []byte(a.page)
	if a.page == "" {
		body, _ = json.Marshal(struct {
			Code      zegocensor.Code
			Message   string
			RequestID string `json:"RequestId"`
			Data      any    `json:",omitempty"`
		}{a.code, a.message, s.requestID(), a.data})
	}
	s.mu.Lock()
	r.Code, r.HTTPStatus = a.code, a.status
	s.mu.Unlock()
	fake.Answer{Status: a.status, Page: a.page != "", Date: f.Date, Now: now, RetryAfter: f.RetryAfter, Header: f.Header, Body: body, Half: f.Cut == CutBody}.Write(w)
}

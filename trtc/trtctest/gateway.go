package trtctest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/fake"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// Fault makes calls fail. Its first part says which calls, the rest what becomes of
// them. A fault that names no answer and no cut lets the call proceed: later, or by a
// wrong clock. Of several faults that fit a call, the first is taken; those that cut
// it before it is read come before the others.
type Fault struct {
	Action string             // only this action; "" = every action
	Match  func(Request) bool // only what it returns true for; nil = everything. It may not call the Server, and of what is cut before it is read there is no body
	Times  int                // only the next calls; 0 = until it is removed

	Code       trtc.Code // refuse with this code
	Message    string    // with Code
	HTTPStatus int       // with Code or Body the status of that answer; alone, an HTML page as a proxy sends it
	Body       string    // answer with exactly this
	RetryAfter string    // the header of that name, on any answer

	Latency time.Duration // before the call is looked at
	Hang    bool          // never answer: the call waits for the client or the server to give up
	Cut     zegotest.Cut  // close the connection

	ClockSkew time.Duration // how far the gateway's clock is ahead, in its checks and its Date header
	Date      string        // the Date header; "-" = none
}

// Inject adds a fault. remove takes it out again. It panics when the fault makes no
// sense.
func (s *Server) Inject(f Fault) (remove func()) {
	if f.Times < 0 || f.Latency < 0 || f.Cut < zegotest.CutNone || f.Cut > zegotest.CutBody || f.HTTPStatus != 0 && (f.HTTPStatus < 200 || f.HTTPStatus > 999) {
		panic("trtctest: a fault's Times and Latency must not be negative, its Cut one of the constants, and its HTTPStatus final")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.faults.add(f, f.Times)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults.remove(id)
	}
}

const maxDeviation = 5 * time.Minute

// answer is what goes back. An empty page means an envelope.
type answer struct {
	status  int
	code    trtc.Code
	message string
	data    any
	page    string
}

// ServeHTTP is the gateway.
func (s *Server) ServeHTTP(w http.ResponseWriter, httpRequest *http.Request) {
	r := &Request{Action: httpRequest.Header.Get("X-TC-Action"), Header: httpRequest.Header, Received: s.Now()}
	s.mu.Lock()
	s.requests = append(s.requests, r)
	f := s.faultLocked(*r, true)
	s.mu.Unlock()
	if f.Cut == zegotest.CutBeforeRead {
		fake.Hold(s.ctx, httpRequest, f.Hang, f.Latency)
		fake.Cut(w)
		return
	}
	body, err := io.ReadAll(io.LimitReader(httpRequest.Body, fake.MaxBody))
	if err != nil {
		fake.Cut(w) // the client broke off
		return
	}
	s.mu.Lock()
	r.Body = body
	f = s.faultLocked(*r, false)
	s.mu.Unlock()
	if !fake.Hold(s.ctx, httpRequest, f.Hang, f.Latency) {
		fake.Cut(w)
		return
	}
	now := s.Now().Add(f.ClockSkew)
	a, canned := f.answer()
	if !canned {
		a = s.decide(now, httpRequest, *r)
	}
	if f.Cut == zegotest.CutAfterRead {
		fake.Cut(w)
		return
	}
	s.write(w, r, a, f, now)
}

// faultLocked takes the fault of a request, of those that cut it before it is read,
// or of the others.
func (s *Server) faultLocked(r Request, beforeRead bool) Fault {
	return s.faults.take(func(f Fault) bool {
		return (f.Cut == zegotest.CutBeforeRead) == beforeRead && (f.Action == "" || f.Action == r.Action) && (f.Match == nil || f.Match(r))
	})
}

// answer is what the fault itself says, if it does.
func (f *Fault) answer() (answer, bool) {
	a := answer{status: cmp.Or(f.HTTPStatus, http.StatusOK), code: f.Code, message: cmp.Or(f.Message, "injected"), page: f.Body}
	switch {
	case f.Body != "" || f.Code != "":
	case f.HTTPStatus != 0:
		a.page = "<html><body>" + http.StatusText(f.HTTPStatus) + "</body></html>\n"
	default:
		return answer{}, false
	}
	return a, true
}

func refuse(code trtc.Code, format string, args ...any) answer {
	return answer{status: http.StatusOK, code: code, message: fmt.Sprintf(format, args...)}
}

// decide checks a request and carries it out.
func (s *Server) decide(now time.Time, httpRequest *http.Request, r Request) answer {
	if a := s.authenticate(now, httpRequest, r); a.code != "" {
		return a
	}
	s.mu.Lock()
	do := s.actions[r.Action]
	s.mu.Unlock()
	switch {
	case httpRequest.Header.Get("X-TC-Version") != "2019-07-22":
		return refuse("NoSuchVersion", "X-TC-Version is not 2019-07-22")
	case do == nil:
		return refuse("InvalidAction", "there is no such action")
	case httpRequest.Header.Get("X-TC-Region") == "":
		return refuse("MissingParameter.Region", "X-TC-Region is missing")
	case !s.accepted.Accept(r.Action, s.rateLimit, s.schedule.Flow()):
		return refuse(trtc.CodeRequestLimitExceeded, "more than %d calls a second", s.rateLimit)
	}
	data, code := do(r)
	if code != "" {
		return refuse(code, "refused by the action")
	}
	return answer{status: http.StatusOK, data: data}
}

// authenticate checks the signature: TC3-HMAC-SHA256, for any list of signed headers
// that has those that must be in it. It has nothing in common with the client's.
func (s *Server) authenticate(now time.Time, httpRequest *http.Request, r Request) answer {
	h := httpRequest.Header
	if httpRequest.Method != http.MethodPost || httpRequest.URL.Path != "/" || httpRequest.URL.RawQuery != "" {
		return refuse("UnsupportedProtocol", "only POST / is known here")
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		return refuse("UnsupportedProtocol", "the Content-Type is not application/json")
	}
	timestamp, err := strconv.ParseInt(h.Get("X-TC-Timestamp"), 10, 64)
	if err != nil {
		return refuse("MissingParameter.Timestamp", "X-TC-Timestamp is missing or malformed")
	}
	algorithm, rest, _ := strings.Cut(h.Get("Authorization"), " ")
	fields := make(map[string]string)
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[k] = v
	}
	scope := strings.Split(fields["Credential"], "/")
	signed := strings.Split(fields["SignedHeaders"], ";")
	if algorithm != "TC3-HMAC-SHA256" || len(scope) != 4 || !slices.Contains(signed, "content-type") || !slices.Contains(signed, "host") || !slices.IsSorted(signed) {
		return refuse("AuthFailure.InvalidAuthorization", "the Authorization header is malformed")
	}
	if scope[0] != SecretID {
		return refuse(trtc.CodeSecretIDNotFound, "the SecretId is not found")
	}
	if now.Sub(time.Unix(timestamp, 0)).Abs() > maxDeviation {
		return refuse(trtc.CodeSignatureExpire, "the signature has expired")
	}
	if scope[1] != time.Unix(timestamp, 0).UTC().Format("2006-01-02") || scope[2] != "trtc" || scope[3] != "tc3_request" {
		return refuse(trtc.CodeSignatureFailure, "the credential scope is wrong")
	}
	var canonical strings.Builder
	for _, name := range signed {
		value := h.Get(name)
		if name == "host" {
			value = httpRequest.Host
		}
		fmt.Fprintf(&canonical, "%s:%s\n", name, strings.ToLower(strings.TrimSpace(value)))
	}
	payload := sum(string(r.Body))
	request := strings.Join([]string{"POST", "/", "", canonical.String(), fields["SignedHeaders"], payload}, "\n")
	text := strings.Join([]string{algorithm, strconv.FormatInt(timestamp, 10), strings.Join(scope[1:], "/"), sum(request)}, "\n")
	key := "TC3" + SecretKey
	for _, part := range scope[1:] {
		key = keyed(key, part)
	}
	if want := hex.EncodeToString([]byte(keyed(key, text))); !hmac.Equal([]byte(want), []byte(fields["Signature"])) {
		return refuse(trtc.CodeSignatureFailure, "the signature is wrong")
	}
	return answer{}
}

func sum(text string) string {
	b := sha256.Sum256([]byte(text))
	return hex.EncodeToString(b[:])
}

func keyed(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, text)
	return string(h.Sum(nil))
}

// write sends an answer, or the first half of it.
func (s *Server) write(w http.ResponseWriter, r *Request, a answer, f Fault, now time.Time) {
	body := []byte(a.page)
	if a.page == "" {
		body = s.envelope(a)
	}
	s.mu.Lock()
	r.Code, r.HTTPStatus = a.code, a.status
	s.mu.Unlock()
	fake.Answer{Status: a.status, Page: a.page != "", Date: f.Date, Now: now, RetryAfter: f.RetryAfter, Body: body, Half: f.Cut == zegotest.CutBody}.Write(w)
}

func (s *Server) envelope(a answer) []byte {
	response := make(map[string]any)
	b, err := json.Marshal(a.data)
	if err == nil && string(b) != "null" {
		err = json.Unmarshal(b, &response)
	}
	if err != nil {
		a = refuse("InternalError", "what HandleAction was given returned no JSON object: %v", err)
	}
	s.mu.Lock()
	s.serial++
	response["RequestId"] = fmt.Sprintf("trtctest-request-%d", s.serial)
	s.mu.Unlock()
	if a.code != "" {
		response["Error"] = map[string]string{"Code": string(a.code), "Message": a.message}
	}
	body, _ := json.Marshal(map[string]any{"Response": response})
	return body
}

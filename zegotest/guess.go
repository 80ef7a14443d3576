package zegotest

// guesses are what ZEGO does where its documentation is silent.
type guesses struct {
	secondStart        SecondStart
	unknownTaskRefused bool
	missingRoomRefused bool
	refusalStatus      int
	testEnvironment    bool
	passWithheld       bool
	rulesDisabled      bool
	silenceWithheld    bool
	disabled           []string
}

// SecondStart is what becomes of a Start for a room in which a task of the same
// action is running.
type SecondStart int

// What it can be.
const (
	SecondStartNewTask  SecondStart = iota // a second task runs in addition to the first: the default, and the most expensive mistake
	SecondStartSameTask                    // it succeeds with the TaskId of the first
	SecondStartRefused                     // code 1, request failed
)

// WithSecondStart says what becomes of a second Start. ZEGO does not document
// it.
func WithSecondStart(how SecondStart) Option { return func(s *Server) { s.guesses.secondStart = how } }

// WithUnknownTaskRefused has a Stop of a task that never was, or that has ended,
// refused with code 2. By default it succeeds. ZEGO does not document it.
func WithUnknownTaskRefused() Option { return func(s *Server) { s.guesses.unknownTaskRefused = true } }

// WithMissingRoomRefused has a Start for a room that [Server.OpenRoom] has not
// opened refused with code 104, and DescribeSimpleStreamList too. By default rooms are not looked up. ZEGO
// documents the code, not when a Start gets it.
func WithMissingRoomRefused() Option { return func(s *Server) { s.guesses.missingRoomRefused = true } }

// WithoutPassResults has results of what passes never sent, not even if the Start
// asked for them by ReturnAllText or ReturnAllImg. By default they are sent only
// if it did. ZEGO documents which texts and frames are returned, not whether a
// callback is sent without them.
func WithoutPassResults() Option { return func(s *Server) { s.guesses.passWithheld = true } }

// WithoutSilentResults has results of segments in which nothing was heard
// (VadStatus 0) never sent. By default they are sent like others that pass. ZEGO
// documents what such a result contains, not when it is sent.
func WithoutSilentResults() Option { return func(s *Server) { s.guesses.silenceWithheld = true } }

// WithRefusalStatus sets the HTTP status of refusals. The default is 200. ZEGO
// does not document it.
func WithRefusalStatus(status int) Option {
	return func(s *Server) { s.guesses.refusalStatus = status }
}

// WithTestEnvironment makes the project one that is not in production yet: a
// request without IsTest=true is refused with code 100000016.
func WithTestEnvironment() Option { return func(s *Server) { s.guesses.testEnvironment = true } }

// WithForbidRulesDisabled makes the project one for which ZEGO's support has not
// enabled rules for users and streams: SetForbidUserRule, SetForbidStreamRule and
// the actions that delete and describe rules are refused with code 9, as ZEGO
// documents it.
func WithForbidRulesDisabled() Option { return func(s *Server) { s.guesses.rulesDisabled = true } }

// WithNotEnabled names actions whose service the project has not bought: they
// are refused with code 100000017.
func WithNotEnabled(actions ...string) Option {
	return func(s *Server) { s.guesses.disabled = append(s.guesses.disabled, actions...) }
}

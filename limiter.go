package zegocensor

import (
	"context"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/limit"
)

// LimitRequest describes the call that waits for a [Limiter].
type LimitRequest struct {
	Action string // such as "StartCensorAudioV2"
	RoomID string // the room that the call is about; empty if it is about none or several
}

// Limiter delays calls so that they do not exceed a rate. Wait returns nil as soon
// as one call may be sent, or an error, and then the call is not sent. Wait must
// return when ctx ends, and should return immediately if the deadline of ctx comes
// before the call's turn. It is called before each attempt, from many goroutines.
type Limiter interface {
	Wait(ctx context.Context, r LimitRequest) error
}

// Limit is how often an action may be called.
type Limit struct {
	// PerSecond is the number of calls in any second, for all rooms of a project.
	PerSecond int
	// PerRoom is the shortest time between two calls for the same room; 0 means
	// that a room has no limit of its own.
	PerRoom time.Duration
}

// documentedRate is a line of ZEGO's documentation.
type documentedRate struct {
	perSecond int
	inTest    int // calls a second in the test environment; 0 = the same
	perRoom   time.Duration
}

// The actions whose pages name anything but 100 calls a second.
var documentedRates = map[string]documentedRate{
	"AddStream":                 {perSecond: 10, inTest: 1},
	"CloseRoom":                 {perSecond: 1},
	"DelForbidStreamRule":       {perSecond: 10},
	"DelForbidUserRule":         {perSecond: 10},
	"DeleteStream":              {perSecond: 10, inTest: 1},
	"DescribeForbidStreamRules": {perSecond: 10},
	"DescribeForbidUserRules":   {perSecond: 10},
	"DescribeRTCStreamState":    {perSecond: 40, inTest: 10},
	"DescribeSimpleStreamList":  {perSecond: 50, perRoom: 10 * time.Second},
	"DescribeUserList":          {perSecond: 200, perRoom: time.Second},
	"DescribeUserNum":           {perSecond: 10, inTest: 1},
	"DescribeUsers":             {perSecond: 10},
	"ForbidCDNLiveStream":       {perSecond: 20},
	"ForbidRTCStream":           {perSecond: 20, inTest: 5},
	"ForbidRTCStreams":          {perSecond: 20, inTest: 5},
	"KickoutUser":               {perSecond: 50},
	"QueryForbidCDNLiveStream":  {perSecond: 20},
	"ResumeCDNLiveStream":       {perSecond: 20},
	"ResumeRTCStream":           {perSecond: 20, inTest: 5},
	"ResumeRTCStreams":          {perSecond: 20, inTest: 5},
	"RTMPDispatchV2":            {perSecond: 40},
	"SendBarrageMessage":        {perSecond: 100, inTest: 10},
	"SendBroadcastMessage":      {perSecond: 100, inTest: 10},
	"SendCustomCommand":         {perSecond: 100, inTest: 10},
	"SetForbidStreamRule":       {perSecond: 10},
	"SetForbidUserRule":         {perSecond: 10},
	"SetSceneTemplate":          {perSecond: 50},
}

// DocumentedRate returns the rate limit that ZEGO documents for an action of its
// server API. The limits of [EnvironmentTest] are lower for some actions; any other
// env is taken for production. The moderation actions allow 100 calls a second, and
// so does the result for an action that the table does not contain.
//
// Each action's own page has its rate, such as
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/room/kick-out-user;
// the pages are listed in
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/overview
func DocumentedRate(action string, env Environment) Limit {
	r, ok := documentedRates[action]
	if !ok {
		return Limit{PerSecond: 100}
	}
	if env == EnvironmentTest && r.inTest > 0 {
		r.perSecond = r.inTest
	}
	return Limit{PerSecond: r.perSecond, PerRoom: r.perRoom}
}

// NewLimiter returns the limiter that a [Client] of this environment has by default:
// each action at its [DocumentedRate], in this process. Use it to share one limiter
// among several clients of a project, or to wrap it.
//
// Calls of an action pass first come, first served, evenly spaced, and about 2 %
// slower than the rate, so that no second has more calls than ZEGO allows even if some
// arrive a little late. A call that gives up costs nothing: its turn goes to the next
// one. A call fails immediately if its deadline comes before its turn. Calls for a room
// that has to wait do not delay calls for other rooms.
func NewLimiter(env Environment) Limiter {
	return limiter{limit.New(func(action string) limit.Limit { return limit.Limit(DocumentedRate(action, env)) })}
}

type limiter struct{ actions *limit.Limiter }

func (l limiter) Wait(ctx context.Context, r LimitRequest) error {
	return l.actions.Wait(ctx, r.Action, r.RoomID)
}

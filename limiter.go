package zegocensor

import (
	"context"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Limiter holds calls back. Wait returns nil when action may be sent once, or
// an error, which ends the call unsent. It must return when ctx ends, and
// should fail at once when ctx cannot outlive the wait.
type Limiter interface {
	Wait(ctx context.Context, action string) error
}

// Rate is how many calls a second ZEGO documents for an action, for all rooms of
// a project: 100, and less for some that are often called after a moderation
// result, with [Client.Do].
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/accessing-server-apis
func Rate(action string) int {
	switch action {
	case "KickoutUser", "DescribeSimpleStreamList":
		return 50
	case "ForbidRTCStream", "ResumeRTCStream":
		return 20
	case "SetForbidStreamRule":
		return 10
	}
	return 100
}

// NewLimiter makes the limiter that a [Client] has by default: each action at its
// [Rate], in this process. It is for programs that wrap it, or that share it
// among clients of the same project.
func NewLimiter() Limiter { return attempt.NewLimiter(Rate) }

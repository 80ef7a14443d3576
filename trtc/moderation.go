package trtc

import (
	"context"
	"errors"

	"github.com/zegocensor/zegocensor-go/internal/check"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

var (
	describeCloudModeration = Action{Name: "DescribeCloudModeration", Idempotent: true}
	modifyCloudModeration   = Action{Name: "ModifyCloudModeration", Idempotent: true}
	deleteCloudModeration   = Action{Name: "DeleteCloudModeration", Idempotent: true}
)

// TaskStatus is the state of a task.
type TaskStatus string

// The documented states.
const (
	StatusIdle       TaskStatus = "Idle" // nobody publishes
	StatusInProgress TaskStatus = "InProgress"
	StatusExited     TaskStatus = "Exited" // it is ending
)

// DescribeCloudModerationRequest names the task to describe.
type DescribeCloudModerationRequest struct {
	TaskID string // from CreateCloudModeration. Required.
}

// DescribeCloudModerationResponse describes a task.
type DescribeCloudModerationResponse struct {
	Response
	TaskID                 string
	Status                 TaskStatus
	SubscribeStreamUserIDs SubscribeModerationUserIDs
}

// DescribeCloudModeration tells how a task is doing. Of one that has ended, or
// whose ID has expired, it is refused, and the error matches [ErrTaskNotFound].
// Errors: as of [Client.CreateCloudModeration].
//
// https://www.tencentcloud.com/document/api/647/72646
func (c *Client) DescribeCloudModeration(ctx context.Context, req *DescribeCloudModerationRequest) (*DescribeCloudModerationResponse, error) {
	p := nilRequest
	if req != nil {
		p = c.taskPayload(req.TaskID, nil)
	}
	out := new(DescribeCloudModerationResponse)
	resp, err := c.call(ctx, describeCloudModeration, p, out.decode)
	if err != nil {
		return nil, err
	}
	out.Response = *resp
	return out, nil
}

func (r *DescribeCloudModerationResponse) decode(response string) error {
	for k, v := range rawjson.Members(response) {
		switch k {
		case "TaskId":
			r.TaskID = rawjson.Text(v)
		case "Status":
			r.Status = TaskStatus(rawjson.Text(v))
		case "SubscribeStreamUserIds":
			for k, v := range rawjson.Members(v) {
				var ids []string
				for id := range rawjson.Elements(v) {
					ids = append(ids, rawjson.Text(id))
				}
				switch k {
				case "SubscribeAudioUserIds":
					r.SubscribeStreamUserIDs.SubscribeAudioUserIDs = ids
				case "UnSubscribeAudioUserIds":
					r.SubscribeStreamUserIDs.UnSubscribeAudioUserIDs = ids
				case "SubscribeVideoUserIds":
					r.SubscribeStreamUserIDs.SubscribeVideoUserIDs = ids
				case "UnSubscribeVideoUserIds":
					r.SubscribeStreamUserIDs.UnSubscribeVideoUserIDs = ids
				}
			}
		}
	}
	if r.Status == "" {
		return errors.New("no Error, but no Status either")
	}
	return nil
}

// ModifyCloudModerationRequest says whose streams a task moderates from now on:
// those of all, where the lists are empty.
type ModifyCloudModerationRequest struct {
	TaskID                 string // from CreateCloudModeration. Required.
	SubscribeStreamUserIDs SubscribeModerationUserIDs
}

// ModifyCloudModerationResponse tells that a task was modified.
type ModifyCloudModerationResponse struct {
	Response
	TaskID string
}

// ModifyCloudModeration changes whose streams a task moderates. Errors: as of
// [Client.CreateCloudModeration]; of a task that has ended [ErrTaskNotFound].
//
// https://www.tencentcloud.com/document/api/647/72645
func (c *Client) ModifyCloudModeration(ctx context.Context, req *ModifyCloudModerationRequest) (*ModifyCloudModerationResponse, error) {
	p := nilRequest
	if req != nil {
		p = c.taskPayload(req.TaskID, &req.SubscribeStreamUserIDs)
	}
	id, resp, err := c.taskCall(ctx, modifyCloudModeration, p)
	if err != nil {
		return nil, err
	}
	return &ModifyCloudModerationResponse{*resp, id}, nil
}

// DeleteCloudModerationRequest names the task to stop.
type DeleteCloudModerationRequest struct {
	TaskID string // from CreateCloudModeration. Required.
}

// DeleteCloudModerationResponse tells that a task was stopped.
type DeleteCloudModerationResponse struct {
	Response
	TaskID string
}

// DeleteCloudModeration ends a task. It is tried again where it may have been lost,
// so that [ErrTaskNotFound] can also mean that the first try ended it. Errors: as
// of [Client.CreateCloudModeration].
//
// https://www.tencentcloud.com/document/api/647/72647
func (c *Client) DeleteCloudModeration(ctx context.Context, req *DeleteCloudModerationRequest) (*DeleteCloudModerationResponse, error) {
	p := nilRequest
	if req != nil {
		p = c.taskPayload(req.TaskID, nil)
	}
	id, resp, err := c.taskCall(ctx, deleteCloudModeration, p)
	if err != nil {
		return nil, err
	}
	return &DeleteCloudModerationResponse{*resp, id}, nil
}

// wireTask is what concerns a task, on the wire.
type wireTask struct {
	SdkAppID               uint32       `json:"SdkAppId"`
	TaskID                 string       `json:"TaskId"`
	SubscribeStreamUserIDs *wireUserIDs `json:"SubscribeStreamUserIds,omitempty"`
}

// taskPayload is the payload of what concerns a task.
func (c *Client) taskPayload(taskID string, users *SubscribeModerationUserIDs) payload {
	var f faults
	f.reason("TaskID", check.Text(taskID))
	if users != nil {
		users.check(&f, "SubscribeStreamUserIDs.")
	}
	if f != nil {
		return payload{faults: f}
	}
	return payloadOf(&wireTask{c.sdkAppID, taskID, (*wireUserIDs)(users)})
}

// taskCall is a call whose answer tells a task, which a Create must.
func (c *Client) taskCall(ctx context.Context, a Action, p payload) (taskID string, resp *Response, err error) {
	resp, err = c.call(ctx, a, p, func(response string) error {
		requestID := ""
		for k, v := range rawjson.Members(response) {
			switch k {
			case "TaskId":
				taskID = rawjson.Text(v)
			case "RequestId":
				requestID = rawjson.Text(v)
			}
		}
		if taskID == "" && (a == createCloudModeration || requestID == "") {
			return errors.New("no Error, but no TaskId either")
		}
		return nil
	})
	return taskID, resp, err
}

package zegotest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// sequenceWindow is for how long the numbers of a stream must rise.
const sequenceWindow = 10 * time.Second

// publishing is what ForbidRTCStream and ResumeRTCStream said last of a stream.
type publishing struct {
	forbidden bool
	sequence  uint64
	at        time.Time
}

// forbidRTCStream is ForbidRTCStream, ResumeRTCStream or, for several streams, one
// of their siblings.
func (s *Server) forbidRTCStream(forbid, several bool) func(time.Time, Request) (any, zegocensor.Code, string) {
	return func(now time.Time, r Request) (any, zegocensor.Code, string) {
		name, most, code := "StreamId", 1, zegocensor.CodeMediaInvalidStreamID
		if several {
			name, most, code = "StreamId[]", 20, zegocensor.CodeMediaInvalidStreamIDs
		}
		streams := r.Query[name]
		if len(streams) < 1 || len(streams) > most || slices.ContainsFunc(streams, func(id string) bool { return !s.mediaStreamID(id, r.IsTest) }) {
			return nil, code, name
		}
		p := read(r)
		sequence, err := strconv.ParseUint(p.required("Sequence", maxIdentifier), 10, 64)
		if err != nil {
			p.wrong(zegocensor.CodeInvalidParameter, "Sequence")
		}
		if !p.ok() {
			return p.refuse()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range streams {
			if before, ok := s.publishing[id]; ok && now.Sub(before.at) < sequenceWindow && sequence <= before.sequence {
				return invalid("Sequence does not rise within 10 s")
			}
		}
		for _, id := range streams {
			s.publishing[id] = publishing{forbid, sequence, now}
		}
		return nil, zegocensor.CodeOK, ""
	}
}

// mediaStreamID reports whether the media service takes an ID.
func (s *Server) mediaStreamID(id string, test bool) bool {
	if test && !strings.HasPrefix(id, "zegotest-"+unsigned(uint64(s.appID))+"-") {
		return false
	}
	return id != "" && len(id) <= maxStreamID
}

// ForbiddenStreams returns the IDs of the streams that ForbidRTCStream or
// ForbidRTCStreams has forbidden, until ResumeRTCStream or ResumeRTCStreams, in
// their order. ZEGO keeps the IDs of unknown streams too.
func (s *Server) ForbiddenStreams() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []string
	for id, p := range s.publishing {
		if p.forbidden {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

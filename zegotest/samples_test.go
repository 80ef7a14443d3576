package zegotest_test

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ZEGO's documentation calls DescribeUserNum and StartMix in Go, Python, Java,
// PHP and Node. What those programs put on the wire differs in the order and
// escaping of the parameters, in IsTest, and in what their HTTP libraries add.
// sampleRequests has each request as bytes; {…} stands for what changes.
var sampleRequests = map[string]string{
	"Go GET": "GET /?Action=DescribeUserNum&AppId={appid}&Signature={signature}&SignatureNonce={nonce}&SignatureVersion=2.0&Timestamp={timestamp}&RoomId%5B%5D=1 HTTP/1.1\r\n" +
		"Host: {host}\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n",
	"Python GET": "GET /?Action=DescribeUserNum&AppId={appid}&Signature={signature}&SignatureNonce={nonce}&SignatureVersion=2.0&Timestamp={timestamp}&RoomId%5B%5D=room1 HTTP/1.1\r\n" +
		"Host: {host}\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
	"Java GET": "GET /?SignatureNonce={nonce}&Action=DescribeUserNum&RoomId[]=room1&Signature={signature}&AppId={appid}&SignatureVersion=2.0&Timestamp={timestamp} HTTP/1.1\r\n" +
		"User-Agent: Java/17.0.15\r\nHost: {host}\r\nAccept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\nConnection: keep-alive\r\n\r\n",
	"PHP GET": "GET /?Action=DescribeUserNum&RoomId[]=room1&AppId={appid}&SignatureNonce={nonce}&Timestamp={timestamp}&Signature={signature}&SignatureVersion=2.0&IsTest=false HTTP/1.1\r\n" +
		"Host: {host}\r\nAccept: */*\r\n\r\n",
	"Node GET": "GET /?Action=DescribeUserNum&RoomId[]=room1&AppId={appid}&SignatureNonce={nonce}&Timestamp={timestamp}&Signature={signature}&SignatureVersion=2.0&IsTest=false HTTP/1.1\r\n" +
		"host: {host}\r\nConnection: close\r\n\r\n",

	"Go POST": "POST /?Action=StartMix&AppId={appid}&Signature={signature}&SignatureNonce={nonce}&SignatureVersion=2.0&Timestamp={timestamp} HTTP/1.1\r\n" +
		"Host: {host}\r\nUser-Agent: Go-http-client/1.1\r\nConnection: close\r\nContent-Length: {length}\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n{mix}",
	"Python POST": "POST /?Action=StartMix&AppId={appid}&Signature={signature}&SignatureNonce={nonce}&SignatureVersion=2.0&Timestamp={timestamp}&IsTest=False HTTP/1.1\r\n" +
		"Host: {host}\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n\r\n{mix}",
	"Java POST": "POST /?SignatureNonce={nonce}&Action=StartMix&Signature={signature}&AppId={appid}&SignatureVersion=2.0&Timestamp={timestamp} HTTP/1.1\r\n" +
		"Content-Type: application/json\r\nUser-Agent: Java/17.0.15\r\nHost: {host}\r\nAccept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\nConnection: keep-alive\r\nContent-Length: {length}\r\n\r\n{mix}",
	"PHP POST": "POST /?Action=StartMix&AppId={appid}&SignatureNonce={nonce}&Timestamp={timestamp}&Signature={signature}&SignatureVersion=2.0&IsTest=false HTTP/1.1\r\n" +
		"Host: {host}\r\nAccept: */*\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{mix}",
	"Node POST": "POST /?Action=StartMix&AppId={appid}&SignatureNonce={nonce}&Timestamp={timestamp}&Signature={signature}&SignatureVersion=2.0&IsTest=false HTTP/1.1\r\n" +
		"content-type: application/json\r\nhost: {host}\r\naccept: application/json\r\ncontent-length: {length}\r\nConnection: close\r\n\r\n{mix}",
}

const mix = `{"TaskId": "123", "Sequence": 123, "UserId": "123", "MixInput": [{"StreamId": "stream1", "RectInfo": {"Top": 70, "Bottom": 160, "Left": 100, "Right": 260}}], "MixOutput": [{"StreamId": "stream3", "Width": 360}]}`

func TestSamplesOfFiveLanguages(t *testing.T) {
	s := newServer(t)
	wrong := map[string]struct {
		change func(p map[string]string)
		code   int
	}{
		"right":     {func(map[string]string) {}, 0},
		"secret":    {func(p map[string]string) { p["secret"] = "Z" + p["secret"][1:] }, 100000005},
		"nonce":     {func(p map[string]string) { p["sent nonce"] = "d" + p["nonce"][1:] }, 100000005},
		"version":   {func(p map[string]string) { p["version"] = "2.1" }, 100000014},
		"timestamp": {func(p map[string]string) { p["sent timestamp"] = "x" + p["timestamp"][1:] }, 100000003},
		"signature": {func(p map[string]string) { p["other signature"] = "yes" }, 100000005},
	}
	for language, sample := range sampleRequests {
		for name, tt := range wrong {
			t.Run(language+"/"+name, func(t *testing.T) {
				p := map[string]string{"secret": s.ServerSecret(), "nonce": "c6b3e1f0a2d49788", "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "version": "2.0"}
				tt.change(p)
				appID := strconv.Itoa(int(s.AppID()))
				sum := md5.Sum([]byte(appID + p["nonce"] + p["secret"] + p["timestamp"]))
				signature := hex.EncodeToString(sum[:])
				if p["other signature"] != "" {
					signature = signature[1:] + "g"
				}
				nonce, timestamp := p["nonce"], p["timestamp"]
				if p["sent nonce"] != "" {
					nonce = p["sent nonce"]
				}
				if p["sent timestamp"] != "" {
					timestamp = p["sent timestamp"]
				}
				host := strings.TrimPrefix(s.URL(), "http://")
				raw := strings.NewReplacer("{appid}", appID, "{nonce}", nonce, "{timestamp}", timestamp, "{signature}", signature, "{host}", host,
					"{mix}", mix, "{length}", strconv.Itoa(len(mix)), "SignatureVersion=2.0", "SignatureVersion="+p["version"]).Replace(sample)
				conn, err := net.Dial("tcp", host)
				require.NoError(t, err)
				defer conn.Close()
				_, err = io.WriteString(conn, raw)
				require.NoError(t, err)
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, 200, response.StatusCode)
				assert.Contains(t, string(body), fmt.Sprintf(`{"Code":%d,`, tt.code))
			})
		}
	}
}

// TestProgramsOfOtherLanguages runs programs that sign and send as their
// languages are used to, where the languages are installed.
func TestProgramsOfOtherLanguages(t *testing.T) {
	for name, command := range map[string][]string{
		"Python": {"python3", "call.py"},
		"Node":   {"node", "call.js"},
		"PHP":    {"php", "call.php"},
		"Java":   {"java", "Call.java"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(err)
			}
			s := newServer(t)
			program := exec.CommandContext(t.Context(), command[0], filepath.Join("testdata", command[1]))
			program.Env = append(os.Environ(), "ZEGO_URL="+s.URL(), "ZEGO_APP_ID="+strconv.Itoa(int(s.AppID())), "ZEGO_SERVER_SECRET="+s.ServerSecret())
			out, err := program.CombinedOutput()
			require.NoError(t, err, string(out))
			require.Len(t, s.Requests(), 2, string(out))
			for _, r := range s.Requests() {
				assert.Zero(t, r.Code, string(out))
			}
			require.Len(t, s.Tasks(), 1)
			assert.Equal(t, "房间 1", s.Tasks()[0].RoomID)
			assert.Empty(t, s.Running(), string(out))
		})
	}
}

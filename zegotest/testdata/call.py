"""Starts and stops the moderation of a room, without an SDK."""
import hashlib
import json
import os
import secrets
import time
import urllib.parse
import urllib.request


def call(action, body):
    app_id, secret = os.environ["ZEGO_APP_ID"], os.environ["ZEGO_SERVER_SECRET"]
    nonce, now = secrets.token_hex(8), str(int(time.time()))
    query = urllib.parse.urlencode({
        "Action": action,
        "AppId": app_id,
        "SignatureNonce": nonce,
        "Timestamp": now,
        "Signature": hashlib.md5((app_id + nonce + secret + now).encode()).hexdigest(),
        "SignatureVersion": "2.0",
        "IsTest": "False",
    })
    request = urllib.request.Request(os.environ["ZEGO_URL"] + "?" + query, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    if answer["Code"] != 0:
        raise SystemExit(answer)
    return answer.get("Data")


task = call("StartCensorAudioV2", {"RoomId": "房间 1", "EventId": "audio_room", "AudioLanguage": "zh", "RiskTypeList": ["DIRTY"]})
call("StopCensorAudioV2", {"TaskId": task["TaskId"]})

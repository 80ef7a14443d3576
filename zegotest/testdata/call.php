<?php
// Starts and stops the moderation of a room, without an SDK.

function call($action, $body)
{
    $appId = getenv('ZEGO_APP_ID');
    $nonce = bin2hex(random_bytes(8));
    $now = round(microtime(true));
    $signature = md5($appId . $nonce . getenv('ZEGO_SERVER_SECRET') . $now);
    $url = getenv('ZEGO_URL') . "/?Action=$action&AppId=$appId&SignatureNonce=$nonce&Timestamp=$now&Signature=$signature&SignatureVersion=2.0&IsTest=false";
    $options = ['http' => ['method' => 'POST', 'header' => 'Content-Type: application/json; charset=utf-8', 'content' => json_encode($body)]];
    $answer = json_decode(file_get_contents($url, false, stream_context_create($options)), true);
    if ($answer['Code'] !== 0) {
        fwrite(STDERR, json_encode($answer));
        exit(1);
    }
    return $answer['Data'] ?? null;
}

$task = call('StartCensorAudioV2', ['RoomId' => '房间 1', 'EventId' => 'audio_room', 'AudioLanguage' => 'zh', 'RiskTypeList' => ['DIRTY']]);
call('StopCensorAudioV2', ['TaskId' => $task['TaskId']]);

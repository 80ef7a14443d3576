// Starts and stops the moderation of a room, without an SDK.
'use strict';
const crypto = require('crypto');
const http = require('http');

const { ZEGO_URL, ZEGO_APP_ID, ZEGO_SERVER_SECRET } = process.env;

function call(action, body) {
  const nonce = crypto.randomBytes(8).toString('hex');
  const now = Math.round(Date.now() / 1000);
  const signature = crypto.createHash('md5').update(ZEGO_APP_ID + nonce + ZEGO_SERVER_SECRET + now).digest('hex');
  const url = `${ZEGO_URL}/?Action=${action}&AppId=${ZEGO_APP_ID}&SignatureNonce=${nonce}&Timestamp=${now}&Signature=${signature}&SignatureVersion=2.0&IsTest=false`;
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.on('data', (part) => { text += part; });
      response.on('end', () => {
        const answer = JSON.parse(text);
        if (answer.Code === 0) resolve(answer.Data);
        else reject(new Error(text));
      });
    });
    request.on('error', reject);
    request.end(JSON.stringify(body)); // without a length: chunked
  });
}

(async () => {
  const task = await call('StartCensorAudioV2', { RoomId: '房间 1', EventId: 'audio_room', AudioLanguage: 'zh', RiskTypeList: ['DIRTY'] });
  await call('StopCensorAudioV2', { TaskId: task.TaskId });
})();

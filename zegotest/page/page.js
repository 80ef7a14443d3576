'use strict';

const $ = (id) => document.getElementById(id);

async function call(method, path, body) {
  $('error').textContent = '';
  try {
    const response = await fetch('api/' + path, { method, body: body && JSON.stringify(body) });
    if (!response.ok) $('error').textContent = (await response.json()).Error;
  } catch (e) {
    $('error').textContent = String(e);
  }
}

function button(text, label, act) {
  const b = document.createElement('button');
  b.type = 'button';
  b.textContent = text;
  b.setAttribute('aria-label', label);
  b.dataset.key = label;
  b.onclick = act;
  return b;
}

// cell takes a text, an element, a list of them, or {text, kind}.
function cell(content) {
  const td = document.createElement('td');
  if (content && content.kind !== undefined) {
    td.className = content.kind;
    content = content.text;
  }
  td.append(...[content].flat());
  return td;
}

// fill replaces the rows of a table, and leaves the focus where it was.
function fill(id, rows) {
  const body = $(id).tBodies[0];
  const focused = body.contains(document.activeElement) && document.activeElement.dataset.key;
  body.replaceChildren(...rows.map((cells) => {
    const tr = document.createElement('tr');
    tr.append(...cells.map(cell));
    return tr;
  }));
  if (focused) body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

const time = (t) => (t ? new Date(t).toLocaleTimeString([], { hour12: false }) : '');
const part = encodeURIComponent;

const levels = {
  PASS: { RiskLevel: 'PASS', Text: 'good evening', UserId: 'user_1' },
  REVIEW: { RiskLevel: 'REVIEW', Text: 'visit my shop', RiskLabel1: 'advert', UserId: 'user_1' },
  REJECT: { RiskLevel: 'REJECT', Text: 'an insult', RiskLabel1: 'dirty', UserId: 'user_1' },
};

const faults = {
  'Refuse the next call (code 1)': { Code: 1, Times: 1 },
  'Rate exceeded, once (code 206)': { Code: 206, Times: 1 },
  'No such room, once (code 104)': { Code: 104, Times: 1 },
  'A proxy’s 502, once': { HTTPStatus: 502, Times: 1 },
  'Cut before the call, once': { Cut: 'before-read', Times: 1 },
  'Cut after the call, once': { Cut: 'after-read', Times: 1 },
  'Answer late, once (3 s)': { Latency: '3s', Times: 1 },
  'Clock 11 minutes ahead': { ClockSkew: '11m' },
};

function rooms(list) {
  fill('rooms', list.map((r) => [
    r.RoomId, time(r.Created), time(r.Closed),
    r.Streams.map((s) => button(s.StreamId + ' ✕', `end stream ${s.StreamId} of ${r.RoomId}`,
      () => call('DELETE', `rooms/${part(r.RoomId)}/streams/${part(s.StreamId)}`))),
    r.Closed ? '' : [
      button('Publish', `publish a stream in ${r.RoomId}`,
        () => call('POST', `rooms/${part(r.RoomId)}/streams`, { StreamId: `stream_${Date.now() % 100000}` })),
      button('Close', `close ${r.RoomId}`, () => call('DELETE', `rooms/${part(r.RoomId)}`)),
    ],
  ]));
}

function tasks(list) {
  fill('tasks', list.map((t) => [
    t.RoomId, t.Action, time(t.Started),
    t.Stopped ? `${t.Idle ? 'ended by itself' : 'stopped'} ${time(t.Stopped)}` : { text: 'running', kind: 'good' },
    Object.keys(levels).map((level) => button(level, `emit ${level} for ${t.RoomId}, task ${t.TaskId}`,
      () => call('POST', `tasks/${part(t.TaskId)}/results`, levels[level]))),
  ]));
}

function injected(state) {
  const describe = (f) => Object.entries(f).filter(([k]) => k !== 'Id').map(([k, v]) => `${k} ${typeof v === 'object' ? JSON.stringify(v) : v}`).join(', ');
  const row = (kind, f) => [describe(f), button('Remove', `remove ${kind} ${f.Id}`, () => call('DELETE', `${kind}/${f.Id}`))];
  fill('faults', [
    ...state.Faults.map((f) => row('faults', f)),
    ...state.Deliveries.map((d) => row('deliveries', d)),
    ...state.Plays.map((p) => [`Play ${p.RoomId || 'every room'}`, button('Remove', `remove plays ${p.Id}`, () => call('DELETE', `plays/${p.Id}`))]),
  ]);
}

function callbacks(list) {
  fill('callbacks', list.map((c) => {
    const last = c.Tries.at(-1);
    return [
      c.Event, c.RoomId || '',
      { text: c.State, kind: { delivered: 'good', 'given up': 'bad' }[c.State] || '' },
      String(c.Tries.length), last ? String(last.HTTPStatus || last.Error) : c.Error || '',
    ];
  }));
}

function requests(list) {
  fill('requests', list.map((r) => [
    time(r.Received), r.Action, r.HTTPStatus ? String(r.HTTPStatus) : { text: 'no answer', kind: 'bad' },
    String(r.Code), { text: r.HTTPStatus || r.Fault ? r.Meaning : '', kind: r.Code || r.Fault ? 'bad' : 'good' },
  ]));
}

function show(state) {
  $('app').textContent = state.AppId;
  $('url').textContent = state.CallbackUrl || 'nowhere';
  $('turned').textContent = state.Turned;
  $('warning').textContent = state.Warning || '';
  rooms(state.Rooms);
  tasks(state.Tasks);
  injected(state);
  callbacks(state.Callbacks);
  requests(state.Requests);
}

$('open-room').onsubmit = (e) => {
  e.preventDefault();
  call('POST', 'rooms', Object.fromEntries(new FormData(e.target)));
};
for (const [name, fault] of Object.entries(faults)) {
  $('common').append(button(name, name, () => call('POST', 'faults', fault)));
}
for (const d of ['2s', '1m', '5m']) {
  $('clock').append(button('+' + d, 'turn the clock by ' + d, () => call('POST', 'clock', { Advance: d })));
}

$('clock').append(
  button('Play results', 'play results of every room', () => call('POST', 'plays', {})),
  button('Reset', 'reset everything', () => call('POST', 'reset')),
);

const events = new EventSource('api/events');
events.onopen = () => { $('live').textContent = 'live'; };
events.onerror = () => { $('live').textContent = 'no connection'; };
events.onmessage = (e) => show(JSON.parse(e.data));

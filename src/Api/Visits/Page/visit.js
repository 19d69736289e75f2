import { Peers } from './peers.js';
import { Room } from './room.js';
import { Session } from './session.js';

const { fhir, client } = document.body.dataset;
const element = id => document.getElementById(id);
const session = new Session(fhir, client, `${location.origin}/visit/signed-in`);
const scope = 'openid fhirUser online_access user/Encounter.ru';
const guestMark = 'telefhir.visit.guest';
const ownChannel = 'telefhir-webrtc';
const placePeriod = 10_000;

const state = { visit: null, code: null, isGuest: false, media: null, tracks: {}, screen: null, room: null, peers: null, names: new Map(), isOver: false };

const stage = name => ['check', 'lobby', 'room', 'over'].forEach(id => { element(id).hidden = id !== name; });
const status = text => { element('status').textContent = text; };
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

function fail(text) {
  element('error').textContent = text;
  element('error').hidden = !text;
}

/** What an OperationOutcome says, or the status of an answer without one. */
async function reasonOf(answer) {
  try {
    return (await answer.json()).issue[0].details.text;
  } catch {
    return `The server answered ${answer.status}.`;
  }
}

const parameters = (...values) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/fhir+json' },
  body: JSON.stringify({ resourceType: 'Parameters', ...(values.length > 0 ? { parameter: values } : {}) }),
});

const operation = (name, ...values) => session.fetch(`Encounter/${state.visit}/$${name}`, parameters(...values));

async function start() {
  const path = location.pathname.split('/')[2];
  if (path === 'signed-in') {
    state.visit = await session.complete();
    history.replaceState(null, '', `/visit/${state.visit}`);
  } else {
    state.visit = path;
    const invited = /^#invite=([\w-]+)$/.exec(location.hash);
    if (invited) {
      // The code opens the room: it must not stay in the address, nor in the history of this browser.
      history.replaceState(null, '', location.pathname);
      state.code = invited[1];
    }
    state.isGuest = invited !== null || sessionStorage.getItem(guestMark) === state.visit;
    if (!state.isGuest && client) {
      await session.begin(scope, state.visit);
    }
  }
  if (!state.isGuest) {
    const answer = await session.fetch(`Encounter/${state.visit}`);
    if (!answer.ok) {
      status('Not available');
      fail(answer.status === 404 ? 'There is no such visit, or it is not yours.' : await reasonOf(answer));
      return;
    }
    const encounter = await answer.json();
    if (['finished', 'cancelled', 'entered-in-error'].includes(encounter.status)) {
      finish('The visit is over.', false);
      return;
    }
  }
  await check();
}

/** Shows the person their own camera and microphone before anybody else sees them. */
async function check() {
  stage('check');
  status('Not connected');
  for (const wish of [{ audio: true, video: true }, { audio: true }, { video: true }]) {
    try {
      state.media = await navigator.mediaDevices.getUserMedia(wish);
      break;
    } catch {
      // Less, then.
    }
  }
  const [audio, video] = ['Audio', 'Video'].map(kind => state.media?.[`get${kind}Tracks`]()[0] ?? null);
  state.tracks = { audio, video };
  element('preview').srcObject = state.media;
  element('self').srcObject = state.media;
  element('devices').textContent = video && audio ? 'Camera and microphone work.'
    : `${video ? 'No microphone' : audio ? 'No camera' : 'No camera and no microphone'} could be used. Allow it in your browser, or join without.`;
  element('mute').disabled = !audio;
  element('camera').disabled = !video;
  if (audio) {
    listen(state.media);
  }
}

function listen(media) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(media).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (element('check').hidden) {
      clearInterval(timer);
      context.close();
      return;
    }
    analyser.getFloatTimeDomainData(samples);
    element('level').value = Math.min(1, 4 * Math.max(...samples.map(Math.abs)));
  }, 200);
}

/** Asks for what opens the room. */
async function ask() {
  if (!state.isGuest) {
    return await operation('join', { name: 'device-check', valueBoolean: Boolean(state.media) });
  }
  const answer = await fetch(`/visit/${state.visit}/guest`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(state.code ? { code: state.code } : {}),
  });
  if (answer.ok) {
    state.code = null;
    sessionStorage.setItem(guestMark, state.visit);
  }
  return answer;
}

/** Comes in, and comes in again whenever the connection is lost: every time with a token of its own. */
async function enter() {
  fail('');
  state.isOver = false;
  status('Connecting');
  for (let tries = 0; !state.isOver; tries++) {
    let answer = null;
    try {
      answer = await ask();
    } catch {
      // The server or the network is away.
    }
    if (answer?.ok) {
      const lasted = await stay(await answer.json());
      tries = lasted ? 0 : tries;
    } else if (answer && answer.status < 500 && answer.status !== 429) {
      finish(await reasonOf(answer), answer.status !== 410);
      return;
    }
    if (!state.isOver) {
      status('Connection lost. Connecting again');
      await wait(Math.min(8000, 500 * 2 ** tries));
    }
  }
}

/** One connection, from its start to its end; whether there was one. */
function stay(answer) {
  const all = name => answer.parameter.filter(one => one.name === name);
  const part = (of, name) => of.part?.find(one => one.name === name);
  const presence = all('presence')[0];
  const url = presence ? part(presence, 'url').valueUrl : all('url')[0].valueUrl;
  const token = presence ? part(presence, 'token').valueString : all('token')[0].valueString;
  const servers = all('iceServer').map(one => ({
    urls: part(one, 'urls').valueString, username: part(one, 'username')?.valueString, credential: part(one, 'credential')?.valueString,
  }));
  if (all('channel')[0].valueCoding.code !== ownChannel) {
    outside(all('url')[0].valueUrl);
  }
  return new Promise(resolve => {
    let joined = false;
    const meet = (self, role, peers) => {
      stage('room');
      status('Connected');
      element('end').hidden = element('invite').hidden = role !== 'host';
      peers.forEach(peer => state.names.set(peer.id, peer));
      if (!presence) {
        state.peers = new Peers(self, servers, state.tracks, signal, show);
        peers.filter(peer => peer.role !== 'lobby').forEach(peer => state.peers.call(peer.id));
      }
      showWaiting();
    };
    let self = null;
    state.names.clear();
    state.room = new Room(url, token, {
      joined: message => {
        joined = true;
        self = message.self;
        state.names.set(self, { id: self, name: 'You', role: 'self' });
        if (message.role === 'lobby') {
          stage('lobby');
          status('In the waiting room');
          tellPlace();
        } else {
          meet(self, message.role, message.peers);
        }
      },
      admitted: message => presence || all('channel')[0].valueCoding.code === ownChannel ? meet(self, message.role, message.peers) : state.room.close(),
      participantJoined: peer => {
        state.names.set(peer.id, peer);
        showWaiting();
      },
      participantLeft: ({ id }) => {
        state.peers?.drop(id);
        state.names.delete(id);
        showWaiting();
      },
      signal: message => state.peers?.take(message).catch(error => console.warn('A signal could not be used', error.name)),
      chat: say,
      recording: ({ active }) => {
        element('recording').hidden = !active;
      },
      ended: ({ reason }) => {
        state.isOver = true;
        finish(reason === 'left' ? 'You have left the visit.' : reason === 'revoked' ? 'Your invitation was taken back.' : 'The visit is over.', reason === 'left');
      },
      closed: () => {
        state.peers?.close();
        state.peers = null;
        resolve(joined);
      },
    });
  });
}

const signal = (to, type, data) => state.room.call('Signal', to, type, data).catch(() => { });

function show(id, stream) {
  const known = element(`peer-${id}`);
  if (!stream) {
    known?.remove();
    return;
  }
  if (!known) {
    const figure = document.createElement('figure');
    figure.id = `peer-${id}`;
    figure.className = 'peer';
    const video = document.createElement('video');
    video.autoplay = true;
    video.playsInline = true;
    video.srcObject = stream;
    const caption = document.createElement('figcaption');
    caption.textContent = state.names.get(id)?.name ?? '';
    figure.append(video, caption);
    element('videos').prepend(figure);
  }
}

function showWaiting() {
  const names = [...state.names.values()].filter(peer => peer.role === 'lobby').map(peer => peer.name);
  element('waiting').hidden = names.length === 0 || element('end').hidden;
  element('waiting-names').textContent = `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} waiting.`;
}

/** The media are elsewhere; who may come in and when it is over is told here all the same. */
function outside(url) {
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.textContent = 'Open the video room';
  element('videos').replaceChildren(link);
}

async function tellPlace() {
  while (!element('lobby').hidden && !state.isGuest) {
    try {
      const encounter = await (await session.fetch(`Encounter/${state.visit}`)).json();
      const waiting = encounter.extension?.find(one => one.url.endsWith('/StructureDefinition/waiting'));
      const value = name => waiting?.extension.find(one => one.url === name);
      element('place').textContent = waiting
        ? `You are number ${value('position').valuePositiveInt}. It takes about ${value('estimatedMinutes').valueUnsignedInt} minutes.`
        : 'Your clinician will let you in.';
    } catch {
      // Told again in a while.
    }
    await wait(placePeriod);
  }
}

function say({ from, text, at }) {
  const line = document.createElement('li');
  line.textContent = `${new Date(at).toLocaleTimeString([], { timeStyle: 'short' })} ${state.names.get(from)?.name ?? 'Somebody'}: ${text}`;
  element('messages').append(line);
  line.scrollIntoView({ block: 'nearest' });
}

function finish(text, canReturn) {
  state.isOver = true;
  state.peers?.close();
  state.screen?.getTracks().forEach(track => track.stop());
  stage('over');
  status('Not connected');
  element('over-title').textContent = canReturn ? 'You are out of the room' : 'Goodbye';
  element('over-text').textContent = text;
  element('again').hidden = !canReturn;
  if (!canReturn) {
    state.media?.getTracks().forEach(track => track.stop());
  }
}

function leave() {
  finish('You have left the visit. It goes on without you.', true);
  state.room?.call('Leave').catch(() => { });
  state.room?.close();
}

function toggle(button, kind, on, off) {
  const track = state.tracks[kind];
  if (track) {
    track.enabled = !track.enabled;
    button.setAttribute('aria-pressed', String(!track.enabled));
    button.textContent = track.enabled ? on : off;
  }
}

async function share() {
  const button = element('share');
  if (state.screen) {
    state.screen.getTracks().forEach(track => track.stop());
    state.screen = null;
    state.tracks.video = state.media?.getVideoTracks()[0] ?? null;
  } else {
    state.screen = await navigator.mediaDevices.getDisplayMedia({ video: true });
    state.tracks.video = state.screen.getVideoTracks()[0];
    state.tracks.video.onended = () => state.screen && share();
  }
  button.setAttribute('aria-pressed', String(state.screen !== null));
  button.textContent = state.screen ? 'Stop sharing' : 'Share screen';
  element('self').srcObject = state.screen ?? state.media;
  await state.peers?.replace('video', state.tracks.video);
}

/** Does what a button says and tells where that fails. */
const on = (id, action, event = 'click') => element(id).addEventListener(event, async happened => {
  happened.preventDefault();
  fail('');
  try {
    await action();
  } catch (error) {
    fail(error.message);
  }
});

const demand = async answer => {
  if (!answer.ok) {
    throw new Error(await reasonOf(answer));
  }
  return answer;
};

on('join', enter);
on('again', enter);
on('leave', leave);
on('lobby-leave', leave);
on('mute', () => toggle(element('mute'), 'audio', 'Mute', 'Unmute'));
on('camera', () => toggle(element('camera'), 'video', 'Camera off', 'Camera on'));
on('share', share);
on('admit', async () => demand(await operation('admit')));
on('end', async () => {
  if (confirm('End the visit for everybody?')) {
    await demand(await operation('end'));
  }
});
on('chat', async () => {
  const text = element('text').value.trim();
  if (text) {
    await state.room.call('Chat', text);
    element('text').value = '';
  }
}, 'submit');
on('invite', async () => {
  const relationship = element('guest-interprets').checked ? [{ name: 'relationship', valueCodeableConcept: { text: 'translator' } }] : [];
  const answer = await demand(await operation('invite', { name: 'name', valueString: element('guest-name').value }, ...relationship));
  element('invite-link').textContent = (await answer.json()).parameter.find(one => one.name === 'url').valueUrl;
}, 'submit');

start().catch(error => {
  status('Not available');
  fail(error.message);
});

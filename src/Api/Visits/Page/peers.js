// Media go from browser to browser. Who comes into a room calls those who are there; if two call each other at once, the one with the
// smaller id gives way (https://www.w3.org/TR/webrtc/#perfect-negotiation-example).

// After so many milliseconds without a connection what may have been lost on the way is said again.
const patience = 8_000;

export class Peers {
  #self; #servers; #send; #show; #tracks; #all = new Map();

  /** `send(to, type, data)` passes a signal on; `show(id, stream)` shows a peer's media, or that it is gone where `stream` is null. */
  constructor(self, servers, tracks, send, show) {
    this.#self = self;
    this.#servers = servers;
    this.#tracks = tracks;
    this.#send = send;
    this.#show = show;
  }

  /** Calls a peer. */
  call(id) {
    if (!this.#all.has(id)) {
      const peer = this.#open(id);
      for (const kind of ['audio', 'video']) {
        peer.connection.addTransceiver(this.#tracks[kind] ?? kind, { direction: 'sendrecv', streams: [new MediaStream()] });
      }
    }
  }

  async take({ from, type, data }) {
    const peer = this.#all.get(from) ?? this.#open(from);
    try {
      if (type === 'ice') {
        await peer.connection.addIceCandidate(data);
      } else {
        await this.#describe(peer, from, data);
      }
    } catch (error) {
      if (!peer.ignores) {
        throw error;
      }
    }
  }

  /** Sends another track in the place of the one of its kind, or nothing. */
  async replace(kind, track) {
    this.#tracks[kind] = track;
    for (const { connection } of this.#all.values()) {
      for (const transceiver of connection.getTransceivers().filter(one => one.receiver.track.kind === kind)) {
        await transceiver.sender.replaceTrack(track);
      }
    }
  }

  drop(id) {
    clearInterval(this.#all.get(id)?.timer);
    this.#all.get(id)?.connection.close();
    if (this.#all.delete(id)) {
      this.#show(id, null);
    }
  }

  close() {
    [...this.#all.keys()].forEach(id => this.drop(id));
  }

  #open(id) {
    const connection = new RTCPeerConnection({ iceServers: this.#servers });
    const peer = { connection, calling: false, ignores: false, stream: new MediaStream() };
    this.#all.set(id, peer);
    connection.ontrack = ({ track }) => {
      peer.stream.addTrack(track);
      this.#show(id, peer.stream);
    };
    connection.onicecandidate = ({ candidate }) => candidate && this.#send(id, 'ice', candidate);
    connection.onnegotiationneeded = async () => {
      peer.calling = true;
      try {
        await connection.setLocalDescription();
        this.#send(id, connection.localDescription.type, connection.localDescription);
      } finally {
        peer.calling = false;
      }
    };
    connection.onconnectionstatechange = () => connection.connectionState === 'failed' && connection.restartIce();
    peer.timer = setInterval(() => this.#tend(id, peer.connection), patience);
    return peer;
  }

  #tend(id, connection) {
    if (connection.connectionState !== 'connected' && connection.signalingState === 'have-local-offer') {
      this.#send(id, connection.localDescription.type, connection.localDescription);
    }
  }

  async #describe(peer, from, description) {
    const { connection } = peer;
    const collides = description.type === 'offer' && (peer.calling || connection.signalingState !== 'stable');
    peer.ignores = collides && this.#self > from;
    if (peer.ignores) {
      return;
    }
    await connection.setRemoteDescription(description);
    if (description.type === 'offer') {
      // What was called for is answered in kind, with a camera or without.
      for (const transceiver of connection.getTransceivers()) {
        transceiver.direction = 'sendrecv';
        await transceiver.sender.replaceTrack(this.#tracks[transceiver.receiver.track.kind] ?? null);
      }
      await connection.setLocalDescription();
      this.#send(from, 'answer', connection.localDescription);
    }
  }
}

// One connection to the room of a visit: a WebSocket that speaks SignalR's JSON protocol
// (https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md), whose messages end with a record separator.
const end = '\u001e';
const ping = 10_000;
const silence = 35_000;

export class Room {
  #socket; #timer; #heard = Date.now(); #calls = new Map(); #last = 0;

  /** `on` has a function for each message by its name, and `closed`. */
  constructor(url, token, on) {
    // Scripts cannot set headers of a socket. The token has worked once when the socket is open, and never again.
    this.#socket = new WebSocket(`${url}?access_token=${encodeURIComponent(token)}`);
    this.#socket.onopen = () => this.#send({ protocol: 'json', version: 1 });
    this.#socket.onmessage = event => this.#take(event.data, on);
    this.#socket.onclose = () => {
      clearInterval(this.#timer);
      for (const { reject } of this.#calls.values()) {
        reject(new Error('The connection was lost.'));
      }
      on.closed();
    };
    this.#timer = setInterval(() => this.#keep(), ping);
  }

  /** Calls a method of the server. */
  call(target, ...parameters) {
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) {
        reject(new Error('There is no connection.'));
        return;
      }
      const id = String(++this.#last);
      this.#calls.set(id, { resolve, reject });
      this.#send({ type: 1, invocationId: id, target, arguments: parameters });
    });
  }

  close() {
    this.#socket.close();
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message) + end);
  }

  #keep() {
    if (Date.now() - this.#heard > silence) {
      this.#socket.close();
    } else if (this.#socket.readyState === WebSocket.OPEN) {
      this.#send({ type: 6 });
    }
  }

  #take(data, on) {
    this.#heard = Date.now();
    for (const text of data.split(end).filter(part => part.length > 0)) {
      const message = JSON.parse(text);
      switch (message.type) {
        case 1:
          on[message.target]?.(...message.arguments);
          break;
        case 3: {
          const call = this.#calls.get(message.invocationId);
          this.#calls.delete(message.invocationId);
          message.error ? call?.reject(new Error(message.error)) : call?.resolve(message.result);
          break;
        }
        case 7:
          this.#socket.close();
          break;
      }
    }
  }
}

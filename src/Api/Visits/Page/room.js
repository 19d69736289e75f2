// One connection to the room of a visit, by Microsoft's client of SignalR, which puts itself where scripts find it.
import './signalr.min.js';

const { HttpTransportType, HubConnectionBuilder, LogLevel } = globalThis.signalR;
const ping = 10_000;
const silence = 35_000;

export class Room {
  #connection;

  /** `on` has a function for each message by its name, and `closed`. */
  constructor(url, token, on) {
    // The token has worked once when the socket is open, and never again: who has lost the connection asks for another.
    this.#connection = new HubConnectionBuilder()
      .withUrl(url.replace(/^ws/, 'http'), { transport: HttpTransportType.WebSockets, skipNegotiation: true, accessTokenFactory: () => token })
      .configureLogging(LogLevel.None)
      .build();
    this.#connection.keepAliveIntervalInMilliseconds = ping;
    this.#connection.serverTimeoutInMilliseconds = silence;
    for (const [name, take] of Object.entries(on)) {
      if (name !== 'closed') {
        this.#connection.on(name, take);
      }
    }
    this.#connection.onclose(() => on.closed());
    this.#connection.start().catch(() => on.closed());
  }

  /** Calls a method of the server. */
  async call(target, ...parameters) {
    return await this.#connection.invoke(target, ...parameters);
  }

  close() {
    this.#connection.stop().catch(() => { });
  }
}

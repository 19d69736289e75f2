// Signing in as a SMART app without a secret (https://hl7.org/fhir/smart-app-launch/app-launch.html): a code, exchanged with PKCE.
// Tokens stay in memory; what the way to the sign-in page and back needs is kept for this tab only.

const encode = bytes => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));
const decode = text => new TextDecoder().decode(Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0)));

export class Session {
  #fhir; #client; #returnAddress; #key; #configured = null; #tokens = null; #refreshing = null;

  /** A session of a client at a FHIR base; the sign-in page sends people back to the address. */
  constructor(fhir, client, returnAddress) {
    this.#fhir = fhir;
    this.#client = client;
    this.#returnAddress = returnAddress;
    this.#key = `${client}.pending`;
  }

  /** Who signed in, as a reference like Patient/x; null where the server did not say. */
  get user() {
    const token = this.#tokens?.id_token;
    const named = token ? JSON.parse(decode(token.split('.')[1])).fhirUser : null;
    return named?.split('/').slice(-2).join('/') ?? null;
  }

  /** The patient whom the EHR had open, by id; null where there was none. */
  get patient() {
    return this.#tokens?.patient ?? null;
  }

  /** Whether the address is that of a person who comes back from the sign-in page. */
  get isReturning() {
    const answer = new URLSearchParams(location.search);
    return answer.has('state') && (answer.has('code') || answer.has('error'));
  }

  /** Goes to the sign-in page, with more parameters where there are any; what is kept is given back after it. */
  async begin(scope, kept, more = {}) {
    const { authorization_endpoint } = await this.#configuration();
    const [state, verifier] = [random(), random()];
    sessionStorage.setItem(this.#key, JSON.stringify({ state, verifier, kept }));
    const challenge = encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
    location.assign(`${authorization_endpoint}?${new URLSearchParams({
      response_type: 'code', client_id: this.#client, redirect_uri: this.#returnAddress, aud: this.#fhir, state, scope,
      code_challenge: challenge, code_challenge_method: 'S256', ...more,
    })}`);
    return new Promise(() => { });
  }

  /** Takes what the sign-in page sent along, out of the address; gives back what was kept. */
  async complete() {
    const answer = new URLSearchParams(location.search);
    const begun = JSON.parse(sessionStorage.getItem(this.#key) ?? 'null');
    sessionStorage.removeItem(this.#key);
    history.replaceState(null, '', this.#returnAddress);
    if (!begun || answer.get('state') !== begun.state) {
      throw new Error('This sign-in was not begun in this tab. Sign in again.');
    }
    if (!answer.get('code')) {
      throw new Error('You were not signed in.');
    }
    await this.#fetchTokens({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: this.#returnAddress, code_verifier: begun.verifier });
    return begun.kept;
  }

  /** Calls the FHIR server, by a path or by an address that it gave; an answer 401 means that the person has to sign in again. */
  async fetch(path, options = {}) {
    const address = new URL(path, `${this.#fhir}/`).href;
    if (!address.startsWith(`${this.#fhir}/`)) {
      throw new Error('The token is for the FHIR server alone.');
    }
    const send = () => fetch(address, {
      ...options,
      headers: { Accept: 'application/fhir+json', ...options.headers, ...(this.#tokens ? { Authorization: `Bearer ${this.#tokens.access_token}` } : {}) },
    });
    const answer = await send();
    if (answer.status !== 401 || !this.#tokens?.refresh_token) {
      return answer;
    }
    // A refresh token works once, so all who need a new token wait for the same one.
    this.#refreshing ??= this.#fetchTokens({ grant_type: 'refresh_token', refresh_token: this.#tokens.refresh_token })
      .finally(() => { this.#refreshing = null; });
    try {
      await this.#refreshing;
    } catch {
      return answer;
    }
    return await send();
  }

  /** Gives the tokens back. */
  async end() {
    const { revocation_endpoint } = await this.#configuration();
    const token = this.#tokens?.refresh_token ?? this.#tokens?.access_token;
    this.#tokens = null;
    if (token && revocation_endpoint) {
      await fetch(revocation_endpoint, { method: 'POST', body: new URLSearchParams({ token, client_id: this.#client }) });
    }
  }

  async #configuration() {
    this.#configured ??= await (await fetch(`${this.#fhir}/.well-known/smart-configuration`)).json();
    return this.#configured;
  }

  async #fetchTokens(form) {
    const { token_endpoint } = await this.#configuration();
    const answer = await fetch(token_endpoint, { method: 'POST', body: new URLSearchParams({ ...form, client_id: this.#client }) });
    if (!answer.ok) {
      throw new Error('Your sign-in has ended. Sign in again.');
    }
    this.#tokens = { ...this.#tokens, ...await answer.json() };
  }
}

// Signing in as a SMART app without a secret (https://hl7.org/fhir/smart-app-launch/app-launch.html): a code, exchanged with PKCE.
// Tokens stay in memory; what the way to the sign-in page and back needs is kept for this tab only.
const pending = 'telefhir.visit.pending';

const encode = bytes => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));

export class Session {
  #fhir; #client; #tokens = null;

  constructor(fhir, client) {
    this.#fhir = fhir;
    this.#client = client;
  }

  get #returnAddress() {
    return `${location.origin}/visit/signed-in`;
  }

  /** Goes to the sign-in page and comes back to this visit. */
  async begin(visit) {
    const { authorization_endpoint } = await this.#configuration();
    const [state, verifier] = [random(), random()];
    sessionStorage.setItem(pending, JSON.stringify({ state, verifier, visit }));
    const challenge = encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
    location.assign(`${authorization_endpoint}?${new URLSearchParams({
      response_type: 'code', client_id: this.#client, redirect_uri: this.#returnAddress, aud: this.#fhir, state,
      scope: 'openid fhirUser online_access user/Encounter.ru', code_challenge: challenge, code_challenge_method: 'S256',
    })}`);
    return new Promise(() => { });
  }

  /** Takes what the sign-in page sent along; gives the visit that it was for. */
  async complete() {
    const answer = new URLSearchParams(location.search);
    const begun = JSON.parse(sessionStorage.getItem(pending) ?? 'null');
    sessionStorage.removeItem(pending);
    if (begun) {
      history.replaceState(null, '', `/visit/${begun.visit}`);
    }
    if (!begun || answer.get('state') !== begun.state) {
      throw new Error('This sign-in does not belong to this tab. Open the address of your visit again.');
    }
    if (!answer.get('code')) {
      throw new Error('You were not signed in.');
    }
    await this.#fetchTokens({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: this.#returnAddress, code_verifier: begun.verifier });
    return begun.visit;
  }

  /** Calls the FHIR server; signs in anew where that is needed. */
  async fetch(path, options = {}) {
    const send = () => fetch(`${this.#fhir}/${path}`, {
      ...options,
      headers: { ...options.headers, ...(this.#tokens ? { Authorization: `Bearer ${this.#tokens.access_token}` } : {}) },
    });
    let answer = await send();
    if (answer.status === 401 && this.#tokens?.refresh_token) {
      await this.#fetchTokens({ grant_type: 'refresh_token', refresh_token: this.#tokens.refresh_token });
      answer = await send();
    }
    return answer;
  }

  async #configuration() {
    return await (await fetch(`${this.#fhir}/.well-known/smart-configuration`)).json();
  }

  async #fetchTokens(form) {
    const { token_endpoint } = await this.#configuration();
    const answer = await fetch(token_endpoint, { method: 'POST', body: new URLSearchParams({ ...form, client_id: this.#client }) });
    if (!answer.ok) {
      throw new Error('Your sign-in has ended. Open the address of your visit again.');
    }
    this.#tokens = await answer.json();
  }
}

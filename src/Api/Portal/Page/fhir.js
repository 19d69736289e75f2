// The FHIR interface as the pages use it: resources in, resources out, and every refusal as an error with sentences.

/** What the server refused, in the words of its OperationOutcome. */
export class Refused extends Error {
  constructor(status, outcome) {
    const issues = (outcome?.issue ?? []).filter(issue => ['error', 'fatal'].includes(issue.severity));
    const texts = issues.map(issue => issue.details?.text).filter(Boolean);
    super(texts.length > 0 ? [...new Set(texts)].join(' ') : `The server answered ${status}.`);
    this.status = status;
    this.codes = issues.flatMap(issue => issue.details?.coding ?? []).map(coding => coding.code);
  }
}

const json = 'application/fhir+json';
const keyed = /\$(hold|book|cancel|reschedule)$/;
const mostPages = 10;

export class Fhir {
  #session; #onSignedOut;

  constructor(session, onSignedOut) {
    this.#session = session;
    this.#onSignedOut = onSignedOut;
  }

  async read(reference) {
    return await this.#send(reference);
  }

  /** A resource that may be out of reach: null then. */
  async find(reference) {
    try {
      return await this.read(reference);
    } catch (error) {
      if (error instanceof Refused && [403, 404, 410].includes(error.status)) {
        return null;
      }
      throw error;
    }
  }

  /** The resources of a search, those that it includes too. Parameters are pairs, since names may come twice. */
  async search(type, ...parameters) {
    const found = new Map();
    let next = `${type}?${new URLSearchParams(parameters)}`;
    for (let page = 0; next && page < mostPages; page++) {
      const bundle = await this.#send(next);
      (bundle.entry ?? []).forEach(({ resource }) => found.set(`${resource.resourceType}/${resource.id}`, resource));
      next = bundle.link?.find(link => link.relation === 'next')?.url;
    }
    return [...found.values()].filter(resource => resource.resourceType !== 'OperationOutcome');
  }

  async update(resource) {
    return await this.#send(`${resource.resourceType}/${resource.id}`, {
      method: 'PUT', headers: { 'Content-Type': json, 'If-Match': versionOf(resource) }, body: JSON.stringify(resource),
    });
  }

  /** Writes several resources, all or none. */
  async transaction(entries) {
    return await this.#send('', { method: 'POST', headers: { 'Content-Type': json }, body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries }) });
  }

  /** A file as it is, by the address of its Binary. */
  async file(address, type) {
    const answer = await this.#session.fetch(address, { headers: { Accept: type } });
    if (!answer.ok) {
      throw new Refused(answer.status, await answer.json().catch(() => null));
    }
    return await answer.blob();
  }

  /** Calls an operation. Where the answer gets lost on the way, what has a key is asked again: by its key it is done once. */
  async call(path, parameters = [], headers = {}) {
    const isKeyed = keyed.test(path);
    const options = {
      method: 'POST',
      headers: { 'Content-Type': json, ...(isKeyed ? { 'Idempotency-Key': crypto.randomUUID() } : {}), ...headers },
      body: JSON.stringify({ resourceType: 'Parameters', ...(parameters.length > 0 ? { parameter: parameters } : {}) }),
    };
    try {
      return await this.#send(path, options);
    } catch (error) {
      if (!isKeyed || error instanceof Refused) {
        throw error;
      }
      return await this.#send(path, options);
    }
  }

  async #send(path, options) {
    let answer;
    try {
      answer = await this.#session.fetch(path, options);
    } catch {
      throw new Error('The server cannot be reached. Look at your connection and try again.');
    }
    const resource = await answer.json().catch(() => null);
    if (answer.status === 401) {
      await this.#onSignedOut();
    }
    if (!answer.ok) {
      throw new Refused(answer.status, resource);
    }
    return resource;
  }
}

/** A resource's version, as If-Match names it. */
export const versionOf = resource => `W/"${resource.meta.versionId}"`;

/** The extension whose address ends like this; what it is under depends on the server's settings. */
export const extensionOf = (resource, name) => resource?.extension?.find(one => one.url.endsWith(`/StructureDefinition/${name}`));

/** The relative references of those who take part in an Appointment and are of a type. */
export const actorsOf = (appointment, ...types) => (appointment.participant ?? [])
  .map(one => one.actor?.reference)
  .filter(reference => reference && types.includes(reference.split('/')[0]));

/** How a person is called. */
export function nameOf(resource) {
  const name = resource?.name?.find(one => one.use === 'official') ?? resource?.name?.[0];
  return name ? name.text ?? [...name.prefix ?? [], ...(name.given ?? []).slice(0, 1), name.family].filter(Boolean).join(' ') : null;
}

// E-consults: questions of other clinicians that are answered in writing.
import { button, element, make, tell } from './elements.js';
import { nameOf, versionOf } from './fhir.js';
import { takenAt, titleOf, valueOf } from './readings.js';

const period = 10_000;
const open = 'requested,received,accepted,in-progress';
const picture = /^image\/(png|jpeg|webp|gif)$/;

const requestOf = task => [task.focus, ...task.basedOn ?? []].map(one => one?.reference).find(reference => reference?.startsWith('ServiceRequest/'));

export class ConsultsPage {
  #fhir; #self; #zone; #shown = null; #chosen = null;

  constructor(fhir, self, zone) {
    this.#fhir = fhir;
    this.#self = self;
    this.#zone = zone;
  }

  async start() {
    this.#watch();
  }

  async #watch() {
    for (; ; await new Promise(resolve => setTimeout(resolve, period))) {
      if (document.hidden || element('consults').hidden) {
        continue;
      }
      try {
        await this.#look();
      } catch (error) {
        element('consults-summary').textContent = `E-consults cannot be seen at the moment. ${error.message}`;
      }
    }
  }

  async #look() {
    const found = await this.#fhir.search('Task', ['status', open], ['_include', 'Task:focus:ServiceRequest'], ['_include', 'Task:based-on:ServiceRequest'],
      ['_include', 'Task:patient'], ['_sort', '-priority,authored-on'], ['_count', '100']);
    const named = new Map(found.map(one => [`${one.resourceType}/${one.id}`, one]));
    const consults = found.filter(one => one.resourceType === 'Task' && requestOf(one))
      .map(task => ({ task, request: named.get(requestOf(task)), patient: named.get(task.for?.reference) }));
    const text = consults.length === 0 ? 'No question is open.' : `${consults.length} ${consults.length === 1 ? 'question is' : 'questions are'} open.`;
    if (element('consults-summary').textContent !== text) {
      element('consults-summary').textContent = text;
    }
    const key = consults.map(({ task }) => `${task.id}/${task.meta.versionId}`).join();
    if (key !== this.#shown) {
      element('consult-list').replaceChildren(...consults.map(consult => this.#entry(consult)));
      this.#shown = key;
    }
  }

  #entry({ task, request, patient }) {
    const what = request?.code?.text ?? request?.code?.coding?.find(one => one.display)?.display ?? task.description ?? 'E-consult';
    const due = task.restriction?.period?.end;
    const isLate = due && Date.parse(due) < Date.now();
    const owner = task.owner?.reference;
    return make('li', { className: 'entry' },
      make('h3', { textContent: what }),
      make('p', { textContent: nameOf(patient) ?? task.for?.display ?? 'A patient' }),
      make('p', { className: 'soft' },
        make('span', { className: `badge ${isLate ? 'urgent' : ''}`, textContent: isLate ? 'overdue' : owner ? owner === this.#self ? 'yours' : 'taken' : 'open' }),
        due ? ` to be answered until ${this.#zone.moment(due)}` : ''),
      make('div', { className: 'actions' },
        button('Read it', () => this.#open({ task, request, patient }, what), { className: 'second small', 'aria-label': `Read it: ${what}` }),
        !owner && button('Take it', () => this.#take({ task, request, patient }, what), { className: 'small', 'aria-label': `Take it: ${what}` })));
  }

  async #take(consult, what) {
    // Of several who take it at the same moment the server gives it to one.
    const accepted = await this.#fhir.update({ ...consult.task, status: 'accepted', owner: { reference: this.#self } });
    await this.#look();
    await this.#open({ ...consult, task: accepted }, what);
    tell('It is yours. Answer when you are ready.');
  }

  async #open({ task, request, patient }, what) {
    this.#chosen = task.id;
    const place = element('consult');
    const [support, messages] = await Promise.all([
      Promise.all((request?.supportingInfo ?? []).map(one => this.#support(one))),
      request ? this.#fhir.search('Communication', ['based-on', `ServiceRequest/${request.id}`], ['_sort', 'sent'], ['_count', '100']) : [],
    ]);
    if (this.#chosen !== task.id) {
      return;
    }
    const reasons = (request?.reasonCode ?? []).map(one => one.text ?? one.coding?.find(coding => coding.display)?.display).filter(Boolean);
    place.replaceChildren(...[
      make('h2', { id: 'consult-title', textContent: `${what}: ${nameOf(patient) ?? 'a patient'}`, tabIndex: -1 }),
      make('p', { className: 'soft', textContent: [request?.requester?.display && `Asked by ${request.requester.display}`, request?.authoredOn && this.#zone.moment(request.authoredOn)].filter(Boolean).join(', ') }),
      ...reasons.map(text => make('p', { textContent: text })),
      ...(request?.note ?? []).map(note => make('p', { textContent: note.text })),
      support.length > 0 && make('ul', { className: 'list' }, ...support),
      messages.length > 0 && make('ul', { className: 'list' }, ...messages.map(message => this.#message(message))),
      task.owner?.reference === this.#self && this.#answer({ task, request, patient }, what, messages.at(-1)),
    ].filter(Boolean));
    place.hidden = false;
    element('consult-title').focus();
  }

  #message(message) {
    return make('li', {},
      make('span', { className: 'soft', textContent: [message.sender?.display ?? (message.sender?.reference === this.#self ? 'You' : 'They'), message.sent && this.#zone.moment(message.sent)].filter(Boolean).join(', ') }),
      ...(message.payload ?? []).filter(part => part.contentString).map(part => make('p', { textContent: part.contentString })));
  }

  async #support(reference) {
    const found = reference.reference ? await this.#fhir.find(reference.reference) : null;
    if (!found) {
      return make('li', { className: 'soft', textContent: reference.display ?? 'Something that you may not see' });
    }
    if (found.resourceType === 'Observation') {
      return make('li', { textContent: `${titleOf(found)}: ${valueOf(found)}, ${this.#zone.moment(takenAt(found))}` });
    }
    const attachment = found.content?.[0]?.attachment ?? (found.resourceType === 'Media' ? found.content : null);
    const title = attachment?.title ?? found.description ?? found.type?.text ?? found.resourceType;
    if (attachment?.url && picture.test(attachment.contentType)) {
      const file = await this.#fhir.file(attachment.url, attachment.contentType);
      return make('li', {}, make('figure', {}, make('img', { src: URL.createObjectURL(file), alt: title }), make('figcaption', { className: 'soft', textContent: title })));
    }
    return make('li', { textContent: title });
  }

  #answer({ task, request, patient }, what, last) {
    const text = make('textarea', { id: 'answer', required: true, maxLength: 20_000 });
    const send = async close => {
      if (!text.reportValidity()) {
        return;
      }
      const uuid = `urn:uuid:${crypto.randomUUID()}`;
      const message = {
        resourceType: 'Communication', status: 'completed', sent: new Date().toISOString(), sender: { reference: this.#self },
        subject: task.for, basedOn: request ? [{ reference: `ServiceRequest/${request.id}` }] : undefined, payload: [{ contentString: text.value }],
        ...(request?.requester?.reference ? { recipient: [{ reference: request.requester.reference }] } : {}),
        ...(last ? { inResponseTo: [{ reference: `Communication/${last.id}` }] } : {}),
      };
      const entries = [{ fullUrl: uuid, resource: message, request: { method: 'POST', url: 'Communication' } }];
      // What has begun can be completed; what was only accepted begins with its first message.
      let current = task;
      if (task.status === 'accepted') {
        current = await this.#fhir.update({ ...task, status: 'in-progress', executionPeriod: { start: new Date().toISOString() } });
      }
      if (close) {
        const completed = {
          ...current, status: 'completed', executionPeriod: { ...current.executionPeriod, end: new Date().toISOString() },
          output: [...current.output ?? [], { type: { text: 'Answer' }, valueReference: { reference: uuid } }],
        };
        entries.push({ resource: completed, request: { method: 'PUT', url: `Task/${task.id}`, ifMatch: versionOf(current) } });
      }
      await this.#fhir.transaction(entries);
      await this.#look();
      if (close) {
        element('consult').hidden = true;
        tell(`Answered: ${what}.`);
      } else {
        await this.#open({ task: current, request, patient }, what);
        tell('Your message is sent. The question stays open.');
      }
    };
    return make('div', {},
      make('label', { className: 'field' }, 'Your answer', text),
      make('div', { className: 'actions' },
        button('Send the answer and close', () => send(true)),
        button('Ask back', () => send(false), { className: 'second' })));
  }
}

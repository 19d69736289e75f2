// Who waits for a clinician, looked at every few seconds while the page is seen.
import { button, element, make, tell } from './elements.js';
import { extensionOf, nameOf, Refused } from './fhir.js';

const period = 4000;
const minute = 60_000;

export class WaitingRoom {
  #fhir; #practitioner; #onChange; #shown = null; #names = new Map();

  constructor(fhir, practitioner, onChange) {
    this.#fhir = fhir;
    this.#practitioner = practitioner;
    this.#onChange = onChange;
  }

  async watch() {
    for (; ; await new Promise(resolve => setTimeout(resolve, period))) {
      if (document.hidden) {
        continue;
      }
      try {
        await this.#look();
      } catch (error) {
        if (error instanceof Refused && [400, 404, 405, 501].includes(error.status)) {
          this.#say('This server does not offer a waiting room.');
          return;
        }
        this.#say(`The waiting room cannot be seen at the moment. ${error.message}`);
      }
    }
  }

  async #look() {
    const waiting = await this.#fhir.search('Encounter/$waiting-room', ['practitioner', this.#practitioner]);
    this.#say(waiting.length === 0 ? 'Nobody waits.' : `${waiting.length} ${waiting.length === 1 ? 'patient waits' : 'patients wait'}.`);
    const key = waiting.map(encounter => encounter.id).join();
    if (this.#shown !== null && key !== this.#shown) {
      await this.#onChange();
    }
    if (key !== this.#shown) {
      // Not made anew every time: a button that somebody is about to press must stay.
      element('waiting').replaceChildren(...await Promise.all(waiting.map(encounter => this.#entry(encounter))));
      this.#shown = key;
    }
    waiting.forEach(encounter => this.#refresh(encounter));
  }

  /** Said anew only when it is another thing, so that screen readers do not repeat it. */
  #say(text) {
    if (element('waiting-summary').textContent !== text) {
      element('waiting-summary').textContent = text;
    }
  }

  async #entry(encounter) {
    const name = await this.#nameOf(encounter.subject);
    return make('li', { className: 'entry', id: `waiting-${encounter.id}` },
      make('h3', { textContent: name }),
      make('p', { className: 'soft' }),
      make('div', { className: 'actions' },
        button('Admit', () => this.#admit(encounter, name), { 'aria-label': `Admit ${name}` }),
        make('a', { className: 'button second', href: `/visit/${encounter.id}`, textContent: 'Open the visit', 'aria-label': `Open the visit of ${name}` })));
  }

  async #nameOf(subject) {
    if (subject?.display || !subject?.reference) {
      return subject?.display ?? 'A patient';
    }
    if (!this.#names.has(subject.reference)) {
      this.#names.set(subject.reference, nameOf(await this.#fhir.find(subject.reference)) ?? 'A patient');
    }
    return this.#names.get(subject.reference);
  }

  #refresh(encounter) {
    const value = name => extensionOf(encounter, 'waiting')?.extension?.find(one => one.url === name);
    const since = value('waitingSince');
    const waited = Math.max(0, Math.floor((Date.now() - Date.parse(since?.valueInstant ?? since?.valueDateTime)) / minute));
    const place = value('position')?.valuePositiveInt;
    element(`waiting-${encounter.id}`).querySelector('p').textContent =
      [place ? `Number ${place}` : null, Number.isNaN(waited) ? null : `waits for ${waited} ${waited === 1 ? 'minute' : 'minutes'}`].filter(Boolean).join(', ');
  }

  async #admit(encounter, name) {
    await this.#fhir.call(`Encounter/${encounter.id}/$admit`);
    await this.#look();
    tell(`${name} is admitted. Open the visit to talk.`);
  }
}

// The link by which a calendar elsewhere shows appointments.
import { button, element, make, on, tell } from './elements.js';
import { Refused } from './fhir.js';

export class CalendarFeed {
  #fhir; #owner;

  constructor(fhir, owner) {
    this.#fhir = fhir;
    this.#owner = owner;
  }

  show() {
    on('make-feed', 'click', () => this.#make());
  }

  async #make() {
    let answer;
    try {
      answer = await this.#fhir.call(`${this.#owner}/$calendar-feed`);
    } catch (error) {
      throw error instanceof Refused && [400, 404, 405, 501].includes(error.status) ? new Error('This server does not offer calendar links.') : error;
    }
    const url = answer.parameter.find(one => one.name === 'url').valueUrl;
    const link = make('input', { type: 'text', id: 'feed-link', readOnly: true, value: url });
    element('feed').replaceChildren(
      make('label', { className: 'field', htmlFor: 'feed-link' }, 'Your calendar link', make('small', { textContent: 'Add it to your calendar as a subscription.' }), link),
      make('div', { className: 'actions' },
        button('Copy', async () => {
          await navigator.clipboard.writeText(url);
          tell('The link is copied.');
        }, { className: 'second' }),
        button('Make it useless', () => this.#revoke(), { className: 'danger' })));
    link.focus();
    link.select();
  }

  async #revoke() {
    await this.#fhir.call(`${this.#owner}/$revoke-calendar-feed`);
    const again = make('button', { id: 'make-feed', className: 'second', type: 'button', textContent: 'Make a calendar link' });
    element('feed').replaceChildren(again);
    this.show();
    tell('The link no longer works.');
  }
}

// The time that is kept for a patient, and how long it still is.
import { cancel } from './appointments.js';
import { button, element, make, tell } from './elements.js';
import { extensionOf } from './fhir.js';

const second = 1000;

export class Held {
  #fhir; #zone; #withWhom; #reload; #timer = null; #shown = null;

  constructor(fhir, zone, withWhom, reload) {
    this.#fhir = fhir;
    this.#zone = zone;
    this.#withWhom = withWhom;
    this.#reload = reload;
  }

  /** Shows an appointment that is held, or nothing. */
  show(appointment) {
    const panel = element('held');
    if (!appointment) {
      this.#clear();
      return;
    }
    if (this.#shown === appointment.id) {
      return;
    }
    this.#clear();
    this.#shown = appointment.id;
    const expires = Date.parse(extensionOf(appointment, 'hold-expires').valueInstant);
    const left = make('span', { className: 'countdown', role: 'timer', 'aria-label': 'Time left' });
    const remark = make('input', { type: 'text', id: 'remark', maxLength: 500, autocomplete: 'off' });
    panel.replaceChildren(
      make('h2', { id: 'held-title', textContent: 'Held for you' }),
      make('p', { className: 'when', textContent: `${this.#zone.moment(appointment.start)} with ${this.#withWhom(appointment)}` }),
      make('p', {}, left, ` left. Book it before ${this.#zone.time(expires)}.`),
      make('label', { className: 'field', htmlFor: 'remark' }, 'What is it about?', make('small', { textContent: 'May stay empty.' }), remark),
      make('div', { className: 'actions' },
        button('Book it', () => this.#book(appointment, remark.value.trim())),
        button('Let it go', () => this.#letGo(appointment), { className: 'second' })));
    panel.hidden = false;
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((expires - Date.now()) / second));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      if (seconds === 0) {
        this.#clear();
        tell('The time is no longer held for you. Pick it again if it is still free.');
      }
    };
    this.#timer = setInterval(tick, second);
    tick();
  }

  focus() {
    element('held').scrollIntoView({ block: 'nearest' });
    element('held').focus();
  }

  #clear() {
    clearInterval(this.#timer);
    this.#shown = null;
    element('held').hidden = true;
    element('held').replaceChildren();
  }

  async #book(appointment, comment) {
    await this.#fhir.call('Appointment/$book', [
      { name: 'appointment-reference', valueReference: { reference: `Appointment/${appointment.id}` } },
      ...(comment ? [{ name: 'comment', valueString: comment }] : []),
    ]);
    this.#clear();
    await this.#reload();
    tell(`Booked: ${this.#zone.moment(appointment.start)} with ${this.#withWhom(appointment)}.`);
  }

  async #letGo(appointment) {
    await cancel(this.#fhir, appointment, { code: 'pat-cpp', text: 'Not wanted after all' }, 'patient');
    this.#clear();
    await this.#reload();
    tell('The time is free again.');
  }
}

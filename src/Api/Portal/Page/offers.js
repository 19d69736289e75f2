// Times that are free, week by week: to hold one, or to move an appointment to it.
import { cliniciansOf } from './appointments.js';
import { act, button, element, make, on, tell } from './elements.js';
import { nameOf, Refused, versionOf } from './fhir.js';
import { addDays } from './times.js';

const daysShown = 7;
const most = 400;

export class Offers {
  #fhir; #zone; #directory; #held; #withWhom; #reload; #moving = null; #asked = 0;

  constructor(fhir, zone, directory, held, withWhom, reload) {
    this.#fhir = fhir;
    this.#zone = zone;
    this.#directory = directory;
    this.#held = held;
    this.#withWhom = withWhom;
    this.#reload = reload;
    const entries = [...new Set(directory.values())].map(entry => ({ ...entry, name: nameOf(entry.person) ?? entry.reference }));
    element('clinician-choice').append(...entries.toSorted((one, other) => one.name.localeCompare(other.name))
      .map(entry => make('option', { value: entry.reference, textContent: entry.specialty ? `${entry.name}, ${entry.specialty}` : entry.name })));
    element('week').value = element('week').min = this.#today;
    on('find-form', 'submit', () => this.show());
    element('clinician-choice').addEventListener('change', () => act(element('find-form'), () => this.show()));
    on('earlier', 'click', () => this.#turn(-daysShown));
    on('later', 'click', () => this.#turn(daysShown));
  }

  get #today() {
    return this.#zone.date(Date.now());
  }

  /** Looks for times by what the form says. */
  async show() {
    const from = element('week').value || this.#today;
    const [start, end] = [this.#zone.startOf(from), this.#zone.startOf(addDays(from, daysShown))];
    const practitioner = element('clinician-choice').value;
    const asked = ++this.#asked;
    element('found').textContent = 'Looking for times';
    const parameters = [
      ['start', new Date(Math.max(start, Date.now())).toISOString()], ['end', end.toISOString()], ['_count', String(most)],
      ...(practitioner ? [['practitioner', practitioner]] : []),
      ...(this.#moving ? [['ignore-appointment', `Appointment/${this.#moving.id}`]] : []),
    ];
    try {
      const found = end > Date.now() ? await this.#fhir.search('Appointment/$find', ...parameters) : [];
      if (asked === this.#asked) {
        // Else something else has been asked for in between.
        this.#list(found.filter(offer => offer.start !== this.#moving?.start));
      }
    } catch (error) {
      element('found').textContent = '';
      element('times').replaceChildren();
      throw error;
    }
  }

  /** Looks for another time for an appointment. */
  async move(appointment) {
    this.#moving = appointment;
    const [clinician] = cliniciansOf(appointment, this.#directory);
    element('clinician-choice').value = clinician?.reference ?? '';
    element('find-title').textContent = 'Find another time';
    element('moving').replaceChildren(
      `Your appointment on ${this.#zone.moment(appointment.start)} with ${this.#withWhom(appointment)} stays as it is until you pick another time. `,
      button('Keep it', () => this.#stay(), { className: 'plain' }));
    element('moving').hidden = false;
    await this.show();
    element('find').scrollIntoView();
    element('find').focus();
  }

  async #stay() {
    this.#moving = null;
    element('find-title').textContent = 'Find a time';
    element('moving').hidden = true;
    await this.show();
  }

  async #turn(days) {
    const week = addDays(element('week').value || this.#today, days);
    element('week').value = week < this.#today ? this.#today : week;
    await this.show();
  }

  #list(offers) {
    const days = Map.groupBy(offers, offer => this.#zone.day(offer.start));
    element('found').textContent = offers.length === 0 ? 'Nothing is free in this week. Try another one, or anyone.'
      : `${offers.length} ${offers.length === 1 ? 'time is' : 'times are'} free on ${days.size} ${days.size === 1 ? 'day' : 'days'}.`;
    element('times').replaceChildren(...[...days].map(([day, ofDay], at) => make('details', { className: 'day', open: at === 0 },
      make('summary', {}, make('strong', { textContent: day }), make('span', { className: 'soft', textContent: ` ${ofDay.length} free` })),
      ...[...Map.groupBy(ofDay, this.#withWhom)].map(([name, ofClinician]) => make('div', {},
        make('h3', { className: 'soft', textContent: name }),
        make('ul', { className: 'times' }, ...ofClinician.map(offer => make('li', {}, button(
          this.#zone.time(offer.start), () => this.#pick(offer), { className: 'second', 'aria-label': `${this.#zone.moment(offer.start)} with ${name}` })))))))));
  }

  async #pick(offer) {
    try {
      await (this.#moving ? this.#moveTo(offer) : this.#hold(offer));
    } catch (error) {
      if (error instanceof Refused && [404, 409, 410].includes(error.status)) {
        // Somebody was faster, or the page has been open for long: what is shown is no longer true.
        await Promise.all([this.#reload(), this.show()]);
      }
      throw error;
    }
  }

  async #hold(offer) {
    await this.#fhir.call('Appointment/$hold', [{ name: 'appointment-reference', valueReference: { reference: `Appointment/${offer.id}` } }]);
    await Promise.all([this.#reload(), this.show()]);
    tell('');
    this.#held.focus();
  }

  async #moveTo(offer) {
    const moved = await this.#fhir.call(
      `Appointment/${this.#moving.id}/$reschedule`, offer.slot.map(slot => ({ name: 'slot', valueReference: slot })), { 'If-Match': versionOf(this.#moving) });
    await this.#reload();
    await this.#stay();
    tell(`Moved to ${this.#zone.moment(moved.start)}.`);
    element('done').scrollIntoView({ block: 'nearest' });
  }
}

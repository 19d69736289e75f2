// A clinician books a time of their own for a patient: whom the EHR has open, or whom they look for by name.
import { button, element, make, on, tell } from './elements.js';
import { nameOf, Refused } from './fhir.js';
import { addDays } from './times.js';

const daysShown = 7;
const mostPatients = '10';
const mostTimes = '200';

export class Booking {
  #fhir; #zone; #self; #reload; #patient = null;

  constructor(fhir, zone, self, reload) {
    this.#fhir = fhir;
    this.#zone = zone;
    this.#self = self;
    this.#reload = reload;
    element('booking-week').value = element('booking-week').min = zone.date(Date.now());
    on('booking-search', 'submit', () => this.#find());
    on('booking-form', 'submit', () => this.#show());
  }

  /** Begins with a patient whom somebody else has chosen. */
  async open(id) {
    const patient = await this.#fhir.find(`Patient/${id}`);
    if (!patient) {
      throw new Error('The record of the patient is not open to you.');
    }
    await this.#choose(patient);
  }

  async #find() {
    const found = await this.#fhir.search('Patient', ['name', element('booking-name').value.trim()], ['_sort', 'family'], ['_count', mostPatients]);
    element('booking-patients').replaceChildren(...found.slice(0, Number(mostPatients)).map(patient => make('li', {}, button(
      [nameOf(patient) ?? 'Without a name', patient.birthDate && `born ${patient.birthDate}`].filter(Boolean).join(', '), () => this.#choose(patient), { className: 'second' }))));
    if (found.length === 0) {
      element('booking-patients').append(make('li', { textContent: 'Nobody of that name is known to you.' }));
    }
  }

  async #choose(patient) {
    this.#patient = patient;
    element('booking-patients').replaceChildren();
    element('booking-for').textContent = `For ${nameOf(patient) ?? 'this patient'}`;
    element('booking').hidden = false;
    await this.#show();
  }

  async #show() {
    const from = element('booking-week').value || this.#zone.date(Date.now());
    const [start, end] = [this.#zone.startOf(from), this.#zone.startOf(addDays(from, daysShown))];
    element('booking-found').textContent = 'Looking for times';
    const offers = end <= Date.now() ? [] : await this.#fhir.search(
      'Appointment/$find', ['start', new Date(Math.max(start, Date.now())).toISOString()], ['end', end.toISOString()], ['practitioner', this.#self],
      ['patient-reference', `Patient/${this.#patient.id}`], ['_count', mostTimes]);
    const days = Map.groupBy(offers, offer => this.#zone.day(offer.start));
    element('booking-found').textContent = offers.length === 0 ? 'Nothing is free in this week.' : `${offers.length} ${offers.length === 1 ? 'time is' : 'times are'} free.`;
    const name = nameOf(this.#patient) ?? 'this patient';
    element('booking-times').replaceChildren(...[...days].map(([day, ofDay], at) => make('details', { className: 'day', open: at === 0 },
      make('summary', {}, make('strong', { textContent: day }), make('span', { className: 'soft', textContent: ` ${ofDay.length} free` })),
      make('ul', { className: 'times' }, ...ofDay.map(offer => make('li', {}, button(
        this.#zone.time(offer.start), () => this.#book(offer, name), { className: 'second', 'aria-label': `Book ${this.#zone.moment(offer.start)} for ${name}` })))))));
  }

  async #book(offer, name) {
    try {
      await this.#fhir.call('Appointment/$book', [{ name: 'appointment-reference', valueReference: { reference: `Appointment/${offer.id}` } }]);
      tell(`Booked for ${name}: ${this.#zone.moment(offer.start)}.`);
      await Promise.all([this.#reload(), this.#show()]);
    } catch (error) {
      if (error instanceof Refused && [404, 409, 410].includes(error.status)) {
        // Somebody was faster, or the page has been open for long.
        await this.#show();
      }
      throw error;
    }
  }
}

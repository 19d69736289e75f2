// A patient's appointments: what comes up, what to do before it, and the way in.
import { cancel, cliniciansOf, directoryOf, isGoingOn, isOpen, roomOf, statusOf, visitsIn } from './appointments.js';
import { CalendarFeed } from './feed.js';
import { askWhy, button, element, make, tell } from './elements.js';
import { extensionOf, nameOf, Refused } from './fhir.js';
import { Held } from './held.js';
import { Offers } from './offers.js';
import { addDays } from './times.js';

const reasons = [
  ['pat-cpp', 'The time does not suit me any more'], ['pat-fb', 'I feel better'], ['pat-mv', 'I moved away'], ['pat-uwp', 'I cannot pay for it'], ['oth', 'Another reason'],
];
const daysBack = 90;

export class PatientPage {
  #fhir; #patient; #zone; #directory; #forms = new Map(); #held; #offers;

  constructor(fhir, patient, zone) {
    this.#fhir = fhir;
    this.#patient = patient;
    this.#zone = zone;
  }

  async start() {
    element('title').textContent = 'My appointments';
    this.#directory = await directoryOf(this.#fhir);
    const reload = () => this.#load();
    const withWhom = appointment => this.#withWhom(appointment);
    this.#held = new Held(this.#fhir, this.#zone, withWhom, reload);
    this.#offers = new Offers(this.#fhir, this.#zone, this.#directory, this.#held, withWhom, reload);
    new CalendarFeed(this.#fhir, this.#patient).show();
    await this.#load();
    await this.#offers.show();
  }

  async #load() {
    const from = this.#zone.startOf(addDays(this.#zone.date(Date.now()), -daysBack)).toISOString();
    const found = await this.#fhir.search(
      'Appointment', ['patient', this.#patient], ['date', `ge${from}`], ['_sort', 'date'], ['_revinclude', 'Encounter:appointment'], ['_count', '200']);
    const appointments = found.filter(one => one.resourceType === 'Appointment' && one.start);
    const visits = visitsIn(found);
    await this.#loadForms(appointments.filter(isOpen));
    const now = Date.now();
    const visitOf = one => visits.get(`Appointment/${one.id}`);
    const isComing = one => isGoingOn(visitOf(one)) || (isOpen(one) && (Date.parse(one.end) > now || roomOf(visitOf(one))));
    const [held, rest] = [[], []];
    appointments.forEach(one => (one.status === 'pending' ? held : rest).push(one));
    this.#held.show(held.findLast(one => Date.parse(extensionOf(one, 'hold-expires')?.valueInstant) > now) ?? null);
    const coming = rest.filter(isComing);
    element('appointments').replaceChildren(...coming.map(one => this.#card(one, visitOf(one))));
    if (coming.length === 0) {
      element('appointments').append(make('li', { textContent: 'Nothing is booked. Find a time and book a visit.' }));
    }
    const past = rest.filter(one => !isComing(one)).reverse();
    element('past').hidden = past.length === 0;
    element('past-appointments').replaceChildren(...past.slice(0, 20).map(one => this.#line(one, visitOf(one))));
  }

  /** The questionnaires to be filled in before appointments, and whether they have been. */
  async #loadForms(appointments) {
    const references = [...new Set(appointments.flatMap(formsOf))];
    this.#forms.clear();
    for (const reference of references) {
      const form = await this.#fhir.find(reference);
      const name = form?.url ?? reference;
      const answers = await this.#fhir.search('QuestionnaireResponse', ['subject', this.#patient], ['questionnaire', name], ['status', 'completed,amended'], ['_count', '1']);
      this.#forms.set(reference, { title: form?.title ?? form?.name ?? reference, isDone: answers.length > 0 });
    }
  }

  #line(appointment, encounter) {
    return make('li', { className: 'card entry' }, ...this.#heading(appointment, encounter));
  }

  #heading(appointment, encounter) {
    return [
      make('h3', {}, make('time', { dateTime: appointment.start, textContent: this.#zone.day(appointment.start) })),
      make('p', { className: 'when' }, `${this.#zone.span(appointment.start, appointment.end)} with ${this.#withWhom(appointment)}`),
      make('p', { className: 'soft' }, make('span', { className: `badge ${appointment.status}`, textContent: statusOf(appointment, encounter) }),
        appointment.description ? ` ${appointment.description}` : ''),
    ];
  }

  #card(appointment, encounter) {
    const forms = formsOf(appointment).map(reference => this.#forms.get(reference)).filter(Boolean);
    const room = roomOf(encounter);
    const [isBooked, isLeft] = [appointment.status === 'booked', Date.parse(appointment.end) > Date.now()];
    const label = name => ({ 'aria-label': `${name}: ${this.#zone.moment(appointment.start)}` });
    return make('li', { className: 'card entry' },
      ...this.#heading(appointment, encounter),
      forms.length > 0 && make('div', {}, make('p', { className: 'due', textContent: 'To fill in before:' }),
        make('ul', {}, ...forms.map(form => make('li', { textContent: `${form.title} (${form.isDone ? 'done' : 'missing'})` })))),
      make('div', { className: 'actions' },
        room && make('a', { className: 'button', href: room, textContent: 'Join', ...label('Join') }),
        (isBooked || appointment.status === 'arrived') && isLeft && button('Check in', () => this.#checkIn(appointment), { className: 'second', ...label('Check in') }),
        isBooked && isLeft && button('Move', () => this.#offers.move(appointment), { className: 'second', ...label('Move') }),
        isOpen(appointment) && !isGoingOn(encounter)
          && button('Cancel', () => this.#cancel(appointment), { className: 'danger', ...label('Cancel') })));
  }

  #withWhom(appointment) {
    return cliniciansOf(appointment, this.#directory).map(entry => nameOf(entry.person)).join(', ') || 'the clinic';
  }

  async #checkIn(appointment) {
    try {
      await this.#fhir.call(`Appointment/${appointment.id}/$check-in`);
    } catch (error) {
      if (error instanceof Refused && error.codes.includes('checkin-incomplete')) {
        await this.#load();
        const missing = formsOf(appointment).map(reference => this.#forms.get(reference)).filter(form => form && !form.isDone);
        throw new Error(missing.length > 0 ? `Before you check in, fill in: ${missing.map(form => form.title).join(', ')}.` : error.message);
      }
      throw error;
    }
    await this.#load();
    tell('You are checked in. Join the visit and wait to be let in.');
  }

  async #cancel(appointment) {
    const what = `${this.#zone.moment(appointment.start)} with ${this.#withWhom(appointment)}`;
    const why = await askWhy(what, reasons);
    if (why) {
      await cancel(this.#fhir, appointment, why, 'patient');
      await this.#load();
      await this.#offers.show();
      tell(`Your appointment on ${what} is cancelled.`);
    }
  }
}

const formsOf = appointment => (appointment.supportingInformation ?? []).map(one => one.reference).filter(reference => reference?.startsWith('Questionnaire/'));

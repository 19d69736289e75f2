// A clinician's day: who comes when, what is free, and who waits.
import { cancel, isGoingOn, isOpen, roomOf, statusOf, visitsIn } from './appointments.js';
import { Booking } from './booking.js';
import { askWhy, button, element, make, on, tell } from './elements.js';
import { actorsOf, nameOf } from './fhir.js';
import { addDays } from './times.js';
import { WaitingRoom } from './waiting-room.js';

const reasons = [
  ['prov', 'The clinician cannot make it'], ['prov-pers', 'A personal reason of the clinician'], ['pat', 'The patient asked for it'],
  ['oth-err', 'It was booked by mistake'], ['oth', 'Another reason'],
];
const most = '500';

export class ClinicianPage {
  #fhir; #self; #zone; #patient; #references = ''; #waitingRoom;

  /** The patient is the one whom the EHR has open, by id; null where there is none. */
  constructor(fhir, self, zone, patient) {
    this.#fhir = fhir;
    this.#self = self;
    this.#zone = zone;
    this.#patient = patient;
  }

  async start() {
    const roles = await this.#fhir.search('PractitionerRole', ['practitioner', this.#self]);
    this.#references = [this.#self, ...roles.map(role => `PractitionerRole/${role.id}`)].join(',');
    element('day').value = this.#zone.date(Date.now());
    on('day-form', 'submit', () => this.#load());
    on('day-before', 'click', () => this.#turn(-1));
    on('day-after', 'click', () => this.#turn(1));
    element('day').addEventListener('change', () => element('day').value && element('day-form').requestSubmit());
    this.#waitingRoom = new WaitingRoom(this.#fhir, this.#self, () => this.#load());
    const booking = new Booking(this.#fhir, this.#zone, this.#self, () => this.#load());
    await this.#load();
    this.#waitingRoom.watch();
    if (this.#patient) {
      await booking.open(this.#patient);
    }
  }

  async #turn(days) {
    element('day').value = addDays(element('day').value, days);
    await this.#load();
  }

  async #load() {
    const day = element('day').value;
    const [from, to] = [this.#zone.startOf(day).toISOString(), this.#zone.startOf(addDays(day, 1)).toISOString()];
    const [found, slots] = await Promise.all([
      this.#fhir.search('Appointment', ['actor', this.#references], ['date', `ge${from}`], ['date', `lt${to}`], ['_sort', 'date'],
        ['_include', 'Appointment:patient'], ['_revinclude', 'Encounter:appointment'], ['_count', most]),
      this.#slots(from, to),
    ]);
    const visits = visitsIn(found);
    const patients = new Map(found.filter(one => one.resourceType === 'Patient').map(one => [`Patient/${one.id}`, one]));
    const nameIn = appointment => actorsOf(appointment, 'Patient')
      .map(reference => nameOf(patients.get(reference)) ?? appointment.participant.find(one => one.actor?.reference === reference).actor.display)
      .filter(Boolean).join(', ') || 'Nobody named';
    const entries = [
      ...found.filter(one => one.resourceType === 'Appointment' && one.start && one.status !== 'entered-in-error')
        .map(one => ({ start: one.start, made: this.#appointment(one, visits.get(`Appointment/${one.id}`), nameIn(one)) })),
      ...slots.map(slot => ({ start: slot.start, made: this.#slot(slot) })),
    ].toSorted((one, other) => Date.parse(one.start) - Date.parse(other.start));
    const isToday = day === this.#zone.date(Date.now());
    element('day-title').textContent = isToday ? 'Today' : this.#zone.day(from);
    element('schedule').replaceChildren(...entries.map(entry => entry.made));
    if (entries.length === 0) {
      element('schedule').append(make('li', { textContent: isToday ? 'Nothing more is planned for today.' : 'Nothing is planned for this day.' }));
    }
  }

  /** What is free or blocked on a day, so far as it can still be changed. */
  async #slots(from, to) {
    const schedules = await this.#fhir.search('Schedule', ['actor', this.#references], ['_count', most]);
    const now = Date.now();
    return schedules.length === 0 ? [] : (await this.#fhir.search(
      'Slot', ['schedule', schedules.map(schedule => `Schedule/${schedule.id}`).join(',')], ['status', 'free,busy-unavailable'],
      ['start', `ge${from}`], ['start', `lt${to}`], ['_sort', 'start'], ['_count', most])).filter(slot => Date.parse(slot.start) > now);
  }

  #appointment(appointment, encounter, name) {
    const room = roomOf(encounter);
    const time = this.#zone.time(appointment.start);
    const canCancel = isOpen(appointment) && !isGoingOn(encounter);
    return make('li', { className: `card entry row-entry ${isOpen(appointment) || room ? '' : 'gone'}` },
      make('div', {},
        make('h3', {}, make('time', { dateTime: appointment.start, textContent: this.#zone.span(appointment.start, appointment.end) }), ` ${name}`),
        make('p', { className: 'soft' }, make('span', { className: `badge ${appointment.status}`, textContent: statusOf(appointment, encounter) }),
          appointment.description ?? appointment.comment ? ` ${appointment.description ?? appointment.comment}` : '')),
      (room || canCancel) && make('div', { className: 'actions' },
        room && make('a', { className: 'button', href: room, textContent: 'Open the visit', 'aria-label': `Open the visit: ${name}, ${time}` }),
        canCancel && button('Cancel', () => this.#cancel(appointment, name), { className: 'danger', 'aria-label': `Cancel: ${name}, ${time}` })));
  }

  #slot(slot) {
    const isFree = slot.status === 'free';
    const time = this.#zone.span(slot.start, slot.end);
    return make('li', { className: 'entry slot' },
      make('span', {}, make('time', { dateTime: slot.start, textContent: time }), make('span', { className: 'soft', textContent: isFree ? ' Free' : ' Unavailable' })),
      button(isFree ? 'Block' : 'Unblock', () => this.#mark(slot, isFree ? 'busy-unavailable' : 'free', time),
        { className: 'second small', 'aria-label': `${isFree ? 'Block' : 'Unblock'}: ${time}` }));
  }

  async #mark(slot, status, time) {
    try {
      await this.#fhir.update({ ...slot, status });
      tell(`${time} is ${status === 'free' ? 'free' : 'unavailable'} now.`);
    } finally {
      await this.#load();
    }
  }

  async #cancel(appointment, name) {
    const what = `${name}, ${this.#zone.moment(appointment.start)}`;
    const why = await askWhy(what, reasons);
    if (why) {
      await cancel(this.#fhir, appointment, why, 'provider');
      await this.#load();
      tell(`Cancelled: ${what}.`);
    }
  }
}

// What patients and clinicians both do with an Appointment and the Encounter that belongs to it.
import { actorsOf } from './fhir.js';

const reasons = 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason';

const words = {
  proposed: 'Proposed', pending: 'Held', booked: 'Booked', arrived: 'Arrived', 'checked-in': 'Checked in', fulfilled: 'Taken place',
  cancelled: 'Cancelled', noshow: 'Missed', waitlist: 'On the waiting list', 'entered-in-error': 'Entered in error',
};

/** The status of an appointment in words; one whose visit goes on has not taken place yet. */
export const statusOf = (appointment, encounter) =>
  isGoingOn(encounter) ? 'In the visit' : words[appointment.status] ?? appointment.status;

/** Whether somebody is in the visit of an Encounter, or will be back at once. */
export const isGoingOn = encounter => ['in-progress', 'onleave'].includes(encounter?.status);

export const isOpen = appointment => ['pending', 'booked', 'arrived', 'checked-in'].includes(appointment.status);

/** Encounters of a search by the appointment that each belongs to. */
export const visitsIn = resources => new Map(resources.filter(one => one.resourceType === 'Encounter')
  .flatMap(encounter => (encounter.appointment ?? []).map(appointment => [appointment.reference, encounter])));

/** Where the visit of an Encounter takes place; null where it is not virtual or over. */
export const roomOf = encounter => encounter?.class?.code === 'VR' && ['planned', 'arrived', 'triaged', 'in-progress', 'onleave'].includes(encounter.status)
  ? `/visit/${encounter.id}`
  : null;

export async function cancel(fhir, appointment, why, by) {
  return await fhir.call(`Appointment/${appointment.id}/$cancel`, [
    { name: 'reason', valueCodeableConcept: { coding: [{ system: reasons, code: why.code }], text: why.text } },
    { name: 'cancelled-by', valueCode: by },
    ...(why.comment ? [{ name: 'comment', valueString: why.comment }] : []),
  ]);
}

/** Clinicians who can be seen, by every reference that an appointment may name them with. */
export async function directoryOf(fhir) {
  const found = await fhir.search('PractitionerRole', ['_include', 'PractitionerRole:practitioner'], ['_count', '200']);
  const people = new Map(found.filter(one => one.resourceType === 'Practitioner').map(one => [`Practitioner/${one.id}`, one]));
  const directory = new Map([...people].map(([reference, person]) => [reference, { reference, person, specialty: null }]));
  for (const role of found.filter(one => one.resourceType === 'PractitionerRole' && one.active !== false)) {
    const entry = directory.get(role.practitioner?.reference);
    if (entry) {
      const concept = role.specialty?.[0];
      entry.specialty ??= concept?.text ?? concept?.coding?.[0]?.display ?? null;
      directory.set(`PractitionerRole/${role.id}`, entry);
    }
  }
  return directory;
}

/** Whom an appointment is with: the clinicians of the directory, each once. */
export const cliniciansOf = (appointment, directory) =>
  [...new Set(actorsOf(appointment, 'Practitioner', 'PractitionerRole').map(reference => directory.get(reference)).filter(Boolean))];

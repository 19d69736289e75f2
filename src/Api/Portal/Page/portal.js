// Starts the pages: who signs in, and what they then see.
import { element, fail, on } from './elements.js';
import { Fhir, nameOf } from './fhir.js';
import { PatientPage } from './patient.js';
import { ClinicianViews } from './views.js';
import { Session } from './session.js';
import { Zone } from './times.js';

const { fhir: base, client } = document.body.dataset;
const roleKey = 'telefhir.app.role';
const common = 'openid fhirUser online_access user/Practitioner.rs user/PractitionerRole.rs user/Patient.rs';
const scopes = {
  Patient: `${common} user/Appointment.crus user/Encounter.rus user/Questionnaire.rs user/QuestionnaireResponse.rs`,
  Practitioner: `${common} user/Appointment.crus user/Binary.rs user/Communication.crs user/DocumentReference.rs user/Encounter.rus user/Goal.rs user/Media.rs`
    + ' user/Observation.rs user/Schedule.rs user/ServiceRequest.rs user/Slot.rus user/Task.rus',
};

const home = `${new URL(base).origin}/app/`;
const session = new Session(base, client, home);

let isLeaving = false;

function signIn(role) {
  if (isLeaving) {
    // Whatever is still on its way without a token must not bring back who signs out.
    return new Promise(() => { });
  }
  sessionStorage.setItem(roleKey, role);
  return session.begin(scopes[role], role);
}

function welcome() {
  sessionStorage.removeItem(roleKey);
  element('loading').hidden = true;
  element('welcome').hidden = false;
}

async function open() {
  const asked = await session.complete();
  const user = session.user;
  const role = user?.split('/')[0] === 'Practitioner' ? 'Practitioner' : 'Patient';
  if (!user || !['Patient', 'Practitioner'].includes(user.split('/')[0])) {
    throw new Error('These pages are for patients and clinicians, and your account is neither of them.');
  }
  if (role !== asked) {
    // What was asked for was meant for the other kind of account.
    await signIn(role);
  }
  const fhir = new Fhir(session, () => signIn(role));
  const person = await fhir.read(user);
  const zone = Zone.of(person);
  element('who').textContent = nameOf(person) ?? '';
  element('account').hidden = false;
  element('zone').textContent = `Times are in ${zone.called(Date.now())} (${zone.name.replaceAll('_', ' ')}).`;
  const page = role === 'Patient' ? new PatientPage(fhir, user, zone) : new ClinicianViews(fhir, user, zone, session.patient);
  await page.start();
  element('loading').hidden = true;
  element('zone').hidden = element(role === 'Patient' ? 'patient' : 'views').hidden = false;
}

/** Where an EHR opens the page, with what it has open: its user signs in, and its patient comes with the token. */
async function launch() {
  const asked = new URLSearchParams(location.search);
  if (asked.get('iss')?.replace(/\/$/, '') !== base) {
    throw new Error('The page was opened for another server.');
  }
  sessionStorage.setItem(roleKey, 'Practitioner');
  await session.begin(`launch ${scopes.Practitioner}`, 'Practitioner', { launch: asked.get('launch') });
}

async function start() {
  if (location.origin !== new URL(home).origin) {
    // The sign-in page sends people to this address alone.
    location.replace(home);
  } else if (!client) {
    element('loading').hidden = true;
    throw new Error('Sign-in is switched off on this server (Auth:Mode None), so there is nobody whose appointments could be shown.');
  } else if (session.isReturning) {
    await open();
  } else if (location.pathname === '/app/launch' && new URLSearchParams(location.search).has('launch')) {
    await launch();
  } else if (sessionStorage.getItem(roleKey)) {
    await signIn(sessionStorage.getItem(roleKey));
  } else {
    welcome();
  }
}

on('as-patient', 'click', () => signIn('Patient'));
on('as-clinician', 'click', () => signIn('Practitioner'));
on('sign-out', 'click', async () => {
  isLeaving = true;
  sessionStorage.removeItem(roleKey);
  await session.end();
  location.assign('/auth/logout');
});

start().catch(error => {
  if (client) {
    welcome();
  }
  fail(error);
});

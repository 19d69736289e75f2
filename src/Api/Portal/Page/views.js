// What a clinician sees: one view at a time, named in the address behind #. A view begins when it is first looked at.
import { ClinicianPage } from './clinician.js';
import { ConsultsPage } from './consults.js';
import { element, fail, tell } from './elements.js';
import { MonitoringPage } from './monitoring.js';

const views = {
  schedule: { title: 'Your schedule', place: 'clinician', page: ClinicianPage },
  monitoring: { title: 'Remote monitoring', place: 'monitoring', page: MonitoringPage },
  consults: { title: 'E-consults', place: 'consults', page: ConsultsPage },
};

const key = 'telefhir.app.view';

export class ClinicianViews {
  #fhir; #self; #zone; #patient; #begun = new Set();

  /** The patient is the one whom the EHR has open, by id, for whom one looks for a time first; null where there is none. */
  constructor(fhir, self, zone, patient) {
    this.#fhir = fhir;
    this.#self = self;
    this.#zone = zone;
    this.#patient = patient;
    if (patient) {
      sessionStorage.setItem(key, 'schedule');
    }
  }

  async start() {
    window.addEventListener('hashchange', () => this.#show().then(() => tell(''), fail));
    await this.#show();
  }

  async #show() {
    // The way to the sign-in page and back leaves nothing behind #.
    const name = [location.hash.slice(1), sessionStorage.getItem(key)].find(wanted => wanted && Object.hasOwn(views, wanted)) ?? 'schedule';
    sessionStorage.setItem(key, name);
    for (const [other, { place }] of Object.entries(views)) {
      element(place).hidden = other !== name;
    }
    document.querySelectorAll('#views a').forEach(link => {
      if (link.hash === `#${name}`) {
        link.setAttribute('aria-current', 'page');
      } else {
        link.removeAttribute('aria-current');
      }
    });
    element('title').textContent = views[name].title;
    if (!this.#begun.has(name)) {
      this.#begun.add(name);
      try {
        await new views[name].page(this.#fhir, this.#self, this.#zone, this.#patient).start();
      } catch (error) {
        this.#begun.delete(name);
        throw error;
      }
    }
  }
}

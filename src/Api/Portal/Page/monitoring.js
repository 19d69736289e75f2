// Remote monitoring: what somebody should look at, and readings over the patient's limits.
import { Chart } from './chart.js';
import { button, element, make, on, tell } from './elements.js';
import { nameOf } from './fhir.js';
import { measureOf, measures, seriesOf, takenAt, titleOf, valueOf } from './readings.js';
import { addDays } from './times.js';

const period = 10_000;
const open = 'requested,received,accepted,in-progress';
const urgency = { stat: 0, asap: 1, urgent: 2, routine: 3 };
const mostRows = 200;

export class MonitoringPage {
  #fhir; #self; #zone; #chart; #shown = null; #patients = new Map(); #asked = 0; #loads = 0;

  constructor(fhir, self, zone) {
    this.#fhir = fhir;
    this.#self = self;
    this.#zone = zone;
  }

  async start() {
    this.#chart = new Chart(element('chart'));
    element('measure').replaceChildren(...measures.map(measure => make('option', { value: measure.code, textContent: measure.name })));
    on('patient-form', 'submit', () => this.#find(element('patient-name').value.trim()));
    ['readings-patient', 'measure', 'readings-days'].forEach(id => on(id, 'change', () => this.#load()));
    await this.#find('');
    this.#watch();
  }

  /** Alerts are looked at every few seconds while they are seen. */
  async #watch() {
    for (; ; await new Promise(resolve => setTimeout(resolve, period))) {
      if (document.hidden || element('monitoring').hidden) {
        continue;
      }
      try {
        await this.#look();
      } catch (error) {
        element('alerts-summary').textContent = `Alerts cannot be seen at the moment. ${error.message}`;
      }
    }
  }

  async #look() {
    const found = await this.#fhir.search('Task', ['code', 'review-reading,rpm-missing-data'], ['status', open],
      ['_include', 'Task:focus'], ['_include', 'Task:patient'], ['_sort', '-authored-on'], ['_count', '100']);
    const named = new Map(found.map(one => [`${one.resourceType}/${one.id}`, one]));
    const tasks = found.filter(one => one.resourceType === 'Task')
      .toSorted((one, other) => (urgency[one.priority] ?? 4) - (urgency[other.priority] ?? 4));
    const text = tasks.length === 0 ? 'Nothing needs a look.' : `${tasks.length} ${tasks.length === 1 ? 'alert is' : 'alerts are'} open.`;
    if (element('alerts-summary').textContent !== text) {
      element('alerts-summary').textContent = text;
    }
    const key = tasks.map(task => `${task.id}/${task.meta.versionId}`).join();
    if (key !== this.#shown) {
      // Not made anew every time: a button that somebody is about to press must stay.
      element('alerts').replaceChildren(...tasks.map(task => this.#alert(task, named.get(task.for?.reference), named.get(task.focus?.reference))));
      this.#shown = key;
    }
  }

  #alert(task, patient, reading) {
    const name = nameOf(patient) ?? task.for?.display ?? 'A patient';
    const measure = reading && measureOf(reading);
    const what = reading ? `${titleOf(reading)} ${valueOf(reading)}, ${this.#zone.moment(takenAt(reading))}` : task.description ?? task.code?.text ?? 'No readings came';
    const more = (task.input ?? []).length;
    const isMine = task.owner?.reference === this.#self;
    const notes = (task.note ?? []).map(note => note.text).filter(Boolean);
    return make('li', { className: 'entry' },
      make('h3', { textContent: name }),
      make('p', {}, make('span', { className: `badge ${['stat', 'asap', 'urgent'].includes(task.priority) ? 'urgent' : ''}`, textContent: task.priority ?? 'routine' }), ` ${what}`),
      more > 0 && make('p', { className: 'soft', textContent: `${more} more ${more === 1 ? 'reading is' : 'readings are'} out of range.` }),
      notes.length > 0 && make('p', { className: 'soft', textContent: notes.at(-1) }),
      task.owner && make('p', { className: 'soft', textContent: isMine ? 'You look at it.' : `${task.owner.display ?? 'A colleague'} looks at it.` }),
      make('div', { className: 'actions' },
        patient && button('Show readings', () => this.#show(patient, measure), { className: 'second small', 'aria-label': `Show readings of ${name}` }),
        !task.owner && button('Begin review', () => this.#begin(task, name), { className: 'small', 'aria-label': `Begin review: ${name}` }),
        isMine && button('Done', () => this.#done(task, name), { className: 'small', 'aria-label': `Done: ${name}` })));
  }

  async #begin(task, name) {
    // Whoever is first has it; the server refuses the second.
    const accepted = task.status === 'accepted' ? task : await this.#fhir.update({ ...task, status: 'accepted', owner: { reference: this.#self } });
    await this.#fhir.update({ ...accepted, status: 'in-progress', executionPeriod: { start: new Date().toISOString() } });
    await this.#look();
    tell(`You look at the readings of ${name}. The time counts until you say that you are done.`);
  }

  async #done(task, name) {
    await this.#fhir.update({ ...task, status: 'completed', executionPeriod: { ...task.executionPeriod, end: new Date().toISOString() } });
    await this.#look();
    tell(`Reviewed: ${name}.`);
  }

  async #find(text) {
    const asked = ++this.#asked;
    const found = await this.#fhir.search('Patient', ...(text ? [['name', text]] : []), ['_sort', 'family'], ['_elements', 'name,birthDate'], ['_count', '100']);
    if (asked !== this.#asked) {
      // Somebody else has been asked for meanwhile.
      return;
    }
    this.#keep(found);
    element('readings-patient').replaceChildren(...found.map(patient => this.#choice(patient)));
    if (found.length === 0) {
      throw new Error('There is no patient of this name.');
    }
    await this.#load();
  }

  #keep(patients) {
    patients.forEach(patient => this.#patients.set(`Patient/${patient.id}`, patient));
  }

  #choice(patient) {
    return make('option', { value: `Patient/${patient.id}`, textContent: [nameOf(patient) ?? 'Nobody named', patient.birthDate].filter(Boolean).join(', ') });
  }

  async #show(patient, measure) {
    this.#asked++;
    const reference = `Patient/${patient.id}`;
    const select = element('readings-patient');
    if (![...select.options].some(option => option.value === reference)) {
      this.#keep([patient]);
      select.append(this.#choice(patient));
    }
    select.value = reference;
    element('measure').value = (measure ?? measures[0]).code;
    await this.#load();
    element('readings-title').scrollIntoView({ block: 'nearest' });
  }

  async #load() {
    const load = ++this.#loads;
    const patient = element('readings-patient').value;
    if (!patient) {
      // Nobody has been found yet.
      return;
    }
    const measure = measures.find(one => one.code === element('measure').value);
    const to = Date.now();
    // Whole days: what is shown does not hang on the hour.
    const from = this.#zone.startOf(addDays(this.#zone.date(to), -Number(element('readings-days').value))).getTime();
    const [observations, goals] = await Promise.all([
      this.#fhir.search('Observation', ['patient', patient], ['code', `http://loinc.org|${measure.code}`], ['date', `ge${new Date(from).toISOString()}`],
        ['status:not', 'entered-in-error'], ['_sort', '-date'], ['_elements', 'code,status,effective,value,component,device'], ['_count', '500']),
      this.#fhir.search('Goal', ['patient', patient], ['lifecycle-status', 'active,accepted']),
    ]);
    if (load !== this.#loads) {
      return;
    }
    const series = seriesOf(measure, observations, goals);
    const name = nameOf(this.#patients.get(patient)) ?? 'The patient';
    const out = series.reduce((count, one) => count + one.points.filter(({ value }) => value < one.low || value > one.high).length, 0);
    const limits = series.some(one => one.low !== undefined || one.high !== undefined);
    element('chart-summary').textContent = observations.length === 0
      ? `${name} has no ${measure.name.toLowerCase()} readings in this time.`
      : `${observations.length} ${observations.length === 1 ? 'reading' : 'readings'}${limits ? `, ${out} out of the range of the patient's goals` : '; no goal sets limits'}.`;
    element('chart').hidden = observations.length === 0;
    element('chart').setAttribute('aria-label', `${measure.name} of ${name}. ${element('chart-summary').textContent}`);
    element('readings').replaceChildren(...observations.slice(0, mostRows).map(one => make('tr', {},
      make('td', { textContent: Number.isNaN(takenAt(one)) ? '' : this.#zone.moment(takenAt(one)) }), make('td', { textContent: valueOf(one) }))));
    if (observations.length > 0) {
      await this.#chart.draw(series, from, to, this.#zone);
    }
  }
}

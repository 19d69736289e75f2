// Days and hours in the zone of whoever looks at them, which need not be that of the browser.

const dayLength = 86_400_000;

export class Zone {
  #formats = new Map();

  /** An IANA zone; that of the browser where it is not said or not known. */
  constructor(name) {
    try {
      this.name = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    } catch {
      this.name = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    }
  }

  /** The zone that a Patient or Practitioner is at home in. */
  static of(person) {
    return new Zone(person?.extension?.find(one => one.url === 'http://hl7.org/fhir/StructureDefinition/timezone')?.valueCode);
  }

  time(instant) {
    return this.#format({ hour: 'numeric', minute: '2-digit' }, instant);
  }

  day(instant) {
    return this.#format({ weekday: 'long', month: 'long', day: 'numeric' }, instant);
  }

  /** Like "Thursday, November 26, 9:00 AM". */
  moment(instant) {
    return `${this.day(instant)}, ${this.time(instant)}`;
  }

  /** Like "9:00 AM to 9:30 AM". */
  span(start, end) {
    return `${this.time(start)} to ${this.time(end)}`;
  }

  /** The zone as people call it at a moment, like "Eastern Standard Time". */
  called(instant) {
    return new Intl.DateTimeFormat('en-US', { timeZone: this.name, timeZoneName: 'long' }).formatToParts(new Date(instant))
      .find(part => part.type === 'timeZoneName').value;
  }

  /** The date at a moment, like 2026-11-26. */
  date(instant) {
    return new Intl.DateTimeFormat('en-CA', { timeZone: this.name, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(instant));
  }

  /** When a date begins here. */
  startOf(date) {
    const wall = Date.parse(`${date}T00:00:00Z`);
    let instant = wall;
    // The offset that holds at the first guess may not hold at the second, where the clock is changed in between.
    for (let tries = 0; tries < 2; tries++) {
      instant = wall - this.#offset(instant);
    }
    return new Date(instant);
  }

  #offset(instant) {
    const parts = Object.fromEntries(new Intl.DateTimeFormat('en-US', {
      timeZone: this.name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    }).formatToParts(new Date(instant)).map(part => [part.type, Number(part.value)]));
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(instant / 1000) * 1000;
  }

  #format(options, instant) {
    const key = JSON.stringify(options);
    if (!this.#formats.has(key)) {
      this.#formats.set(key, new Intl.DateTimeFormat('en-US', { ...options, timeZone: this.name }));
    }
    return this.#formats.get(key).format(new Date(instant));
  }
}

/** The date so many days after another. */
export const addDays = (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * dayLength).toISOString().slice(0, 10);

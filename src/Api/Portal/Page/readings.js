// Readings as the pages show them: what is measured, its values, and the limits that a patient's Goals set.

const loinc = 'http://loinc.org';

/** What can be charted: the name, the code that is searched for, and for panels the codes of their parts. */
export const measures = [
  { code: '85354-9', name: 'Blood pressure', parts: [['8480-6', 'Systolic'], ['8462-4', 'Diastolic']] },
  { code: '8867-4', name: 'Heart rate' },
  { code: '59408-5', name: 'Oxygen saturation' },
  { code: '29463-7', name: 'Weight' },
  { code: '8310-5', name: 'Temperature' },
  { code: '41653-7', name: 'Glucose' },
  { code: '9279-1', name: 'Respiratory rate' },
  { code: '41950-7', name: 'Steps a day' },
];

const has = (concept, code) => concept?.coding?.some(one => one.system === loinc && one.code === code) ?? false;

/** The measure that a reading is of; undefined for others. */
export const measureOf = observation => measures.find(measure => has(observation.code, measure.code));

/** When a reading was taken, as milliseconds; NaN where that is not said. */
export const takenAt = observation => Date.parse(observation.effectiveDateTime ?? observation.effectiveInstant ?? observation.effectivePeriod?.start);

const quantityOf = (observation, code) => (has(observation.code, code) ? observation.valueQuantity : undefined)
  ?? observation.component?.find(one => has(one.code, code))?.valueQuantity;

/** A reading's value in words, like "131/84 mmHg". */
export function valueOf(observation) {
  const measure = measureOf(observation);
  const parts = (measure?.parts?.map(([code]) => quantityOf(observation, code)) ?? [observation.valueQuantity]).filter(one => one?.value !== undefined);
  return parts.length > 0 ? `${parts.map(one => one.value).join('/')} ${parts[0].unit ?? parts[0].code ?? ''}`.trim() : observation.valueString ?? 'no value';
}

/** What a reading is called. */
export const titleOf = observation => measureOf(observation)?.name ?? observation.code?.text ?? observation.code?.coding?.find(one => one.display)?.display ?? 'Reading';

/** A limit of a Goal's target, in its own unit. */
function limitsOf(goals, code) {
  const target = goals.flatMap(goal => goal.target ?? []).find(one => has(one.measure, code) && (one.detailRange || one.detailQuantity));
  const { comparator, value } = target?.detailQuantity ?? {};
  return {
    unit: target?.detailRange ? (target.detailRange.high ?? target.detailRange.low)?.code : target?.detailQuantity?.code,
    low: target?.detailRange?.low?.value ?? (['>', '>='].includes(comparator) ? value : undefined),
    high: target?.detailRange?.high?.value ?? (['<', '<='].includes(comparator) ? value : undefined),
  };
}

/** What a chart draws of readings of one measure. Readings in another unit than the newest are left to the table. */
export function seriesOf(measure, observations, goals) {
  const sorted = observations.filter(one => !Number.isNaN(takenAt(one))).toSorted((one, other) => takenAt(one) - takenAt(other));
  return (measure.parts ?? [[measure.code, measure.name]]).map(([code, name]) => {
    const points = sorted.map(one => ({ at: takenAt(one), quantity: quantityOf(one, code) })).filter(one => one.quantity?.value !== undefined);
    const unit = points.at(-1)?.quantity.code;
    const limits = limitsOf(goals, code);
    const isSame = limits.unit === unit;
    return {
      name,
      unit: points.at(-1)?.quantity.unit ?? unit ?? '',
      low: isSame ? limits.low : undefined,
      high: isSame ? limits.high : undefined,
      points: points.filter(one => one.quantity.code === unit).map(one => ({ at: one.at, value: one.quantity.value })),
    };
  });
}

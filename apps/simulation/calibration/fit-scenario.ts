import { number } from '../../../libs/cli/rendering/table.js';
import { DAY_MS, WEEK_MS } from '../../../libs/kernel/clock.js';
import { counted } from '../../../libs/kernel/counted.js';
import { GatehouseError } from '../../../libs/kernel/errors.js';
import { HOLD_OUT } from '../../../libs/kernel/reserved-classes.js';
import type { CalibrationAnswer } from '../../../libs/rollout/index.js';
import type { Before, Behaviour, Scenario } from '../scenario.js';
import { sumOf } from '../sum-of.js';
import { activityByWeek } from './activity.js';
import { type Estimate, meanCount, meanDelay, pooledShare, shrunkShare } from './estimates.js';
import { fitClasses } from './fit-classes.js';
import { fitReviewers } from './fit-reviewers.js';
import type { Calibration, FittedParameter, Source } from './fitted.js';

/** Weeks of joins that count: people come as they have come lately. */
const LATE_WEEKS = 4;
/** Without a single flag. */
const USUAL_DELAY_DAYS = 1;
const OTHERS = 'others';
/** As many as a scenario describes. */
const MOST_CLASSES = 20;
/** Alpha is spent long before. */
const MOST_STAGES = 100;

/**
 * The scenario of an installation, from totals of its history. The same totals give the same scenario.
 * @param days that it is to last
 * @throws GatehouseError if the history shows too little
 */
export function fitScenario(totals: CalibrationAnswer, days: number): Calibration {
  refuseWithoutHistory(totals);
  const parameters: FittedParameter[] = [];
  const note = (parameter: string, source: Source, basis: string, value: number, range?: Partial<Estimate>) => {
    parameters.push({ parameter, value, low: range?.low ?? null, high: range?.high ?? null, source, basis });
    return value;
  };
  const noted = (parameter: string, basis: string, found: Estimate) =>
    note(parameter, 'fitted', basis, found.value, found);

  const { perWeek, joined, weeks: joinWeeks } = fitArrivals(totals);
  const arrivals = noted(
    'arrivals.perWeek',
    `${counted(joined, 'person', 'people')} who joined in the ${lastWeeks(joinWeeks)}`,
    perWeek,
  );
  const activity = activityByWeek(totals);
  for (const [n, { value, low, high, images }] of activity.entries())
    note(`activityByWeek[${n}]`, 'fitted', counted(images, 'image'), value, { low, high });
  const recall = totals.gate.recallLower;
  const classes = classesOf(totals);
  refuseTooMany(classes);
  const fitted = fitClasses(totals, classes, activity, recall);
  const people: Behaviour[] = fitted.behaviours.map((one) => {
    const of = (field: string) => `people.${one.class}.${field}`;
    return {
      class: one.class,
      share: noted(of('share'), one.share.basis, one.share),
      imagesPerWeek: noted(of('imagesPerWeek'), one.imagesPerWeek.basis, one.imagesPerWeek),
      sharedShare: noted(of('sharedShare'), one.sharedShare.basis, one.sharedShare),
      downloadedShare: noted(of('downloadedShare'), one.downloadedShare.basis, one.downloadedShare),
      violationRate: noted(of('violationRate'), one.violationRate.basis, one.violationRate),
      ...(activity.length > 1 && { activityByWeek: activity.map(({ value }) => value) }),
    };
  });
  note('people.violatorShare', 'assumed', 'deactivations end what violators would go on to do', 1);
  const { flagged, byUsers, delayDays } = totals.flags;
  const { labelDelayDays: limit } = totals.gate;
  const ofFlags = `${counted(flagged, 'flag')} within ${counted(limit, 'day')} of the exposure`;
  const users = { hits: byUsers, of: flagged };
  const detection = {
    recall: note('detection.recall', 'set', 'recallLower of the gate: at least this share is found', recall),
    falseAlarmRate: noted('detection.falseAlarmRate', fitted.falseAlarms.basis, fitted.falseAlarms),
    byUsers: noted('detection.byUsers', ofFlags, shrunkShare(users, pooledShare([users]))),
    delayDays:
      flagged > 0
        ? noted('detection.delayDays', ofFlags, meanDelay(flagged, delayDays, limit))
        : note('detection.delayDays', 'assumed', ofFlags, USUAL_DELAY_DAYS),
  };
  const staff = fitReviewers(totals);
  const reviewers = {
    people: note('reviewers.people', staff.isKnown ? 'fitted' : 'assumed', staff.peopleBasis, staff.people),
    casesPerDay: note('reviewers.casesPerDay', staff.source, staff.basis, staff.casesPerDay.value, staff.casesPerDay),
    accuracy: note('reviewers.accuracy', 'assumed', 'what was right is not known', 1),
  };
  const scenario: Scenario = {
    name: 'from-log',
    title: `This installation as of ${totals.at}, fitted to ${counted(totals.weeks, 'week')}`,
    ...{ startsAt: totals.at, days, stepHours: 24, perWeek: Math.max(1, totals.perWeek ?? 1) },
    ...planOf(totals, classes),
    gate: totals.gate,
    arrivals: { atStart: 0, perWeek: Math.round(arrivals) },
    before: beforeOf(totals, classes),
    ...{ people, detection, reviewers },
  };
  return {
    ...{ scenario, parameters, remarks: staff.remarks, perWeek: totals.perWeek ?? 0, position: totals.position },
  };
}

export const lastWeeks = (weeks: number): string => (weeks === 1 ? 'last week' : `last ${number(weeks)} weeks`);

function refuseWithoutHistory({ stays, generated, exposures, gate, weeks }: CalibrationAnswer): void {
  const missing = [
    ...(sumOf(stays, (one) => one.personDays) > 0 ? [] : ['nobody was in']),
    ...(sumOf(generated, (one) => one.images) > 0 ? [] : ['nobody who was in generated an image']),
    ...(sumOf(exposures, (one) => one.exposed) > 0
      ? []
      : [
          `no image that was shared or downloaded is ${counted(gate.labelDelayDays, 'day')} old, as the delay of labels asks for`,
        ]),
  ];
  if (missing.length === 0) return;
  const message = `in the ${lastWeeks(weeks)} ${missing.join(', and ')}: a scenario can't be fitted to that; let more time pass, ask for more --history weeks, or edit the one that "gatehouse simulate --scenario preview-2022 --print" prints`;
  throw new GatehouseError('history-too-short', message, 'refused');
}

function refuseTooMany(classes: readonly string[]): void {
  if (classes.length <= MOST_CLASSES) return;
  const message = `people are in ${classes.length} classes and a scenario has at most ${MOST_CLASSES}: ask for fewer --history weeks, or put people into fewer classes`;
  throw new GatehouseError('too-many-classes', message, 'refused');
}

/** Hold-outs never come in. */
function classesOf({ stays, joins, waiting }: CalibrationAnswer): string[] {
  const names = [...stays, ...joins, ...waiting]
    .map((one) => one.class)
    .filter((name) => name !== HOLD_OUT && name !== '');
  return [...new Set(names)].sort();
}

const isIn =
  (classes: readonly string[]) =>
  (one: { class: string }): boolean =>
    classes.includes(one.class);

/** The first week of the whole line is left out if there are others: it began with those who had waited for that. */
function fitArrivals({ joins, firstJoin, at, weeks }: CalibrationAnswer): {
  perWeek: Estimate;
  joined: number;
  weeks: number;
} {
  const first = firstJoin === null ? 0 : Math.floor((Date.parse(at) - Date.parse(firstJoin)) / WEEK_MS);
  const length = Math.min(LATE_WEEKS, weeks, Math.max(1, first));
  const byWeek = Array.from({ length }, (_, n) =>
    sumOf(
      joins.filter(({ weeksAgo, class: name }) => weeksAgo === n && name !== HOLD_OUT),
      ({ people }) => people,
    ),
  );
  return { perWeek: meanCount(byWeek), joined: sumOf(byWeek), weeks: length };
}

/** The state that it begins with. */
function beforeOf(totals: CalibrationAnswer, classes: readonly string[]): Before {
  const { at, perWeek, stage, reviewDays, waitingCases } = totals;
  const days = stage ? Math.max(0, Math.floor((Date.parse(at) - Date.parse(stage.at)) / DAY_MS)) : 0;
  return {
    ...{ perWeek: Math.max(1, perWeek ?? 1), waitingCases, reviews: reviewDays },
    stage: { ordinal: Math.min(MOST_STAGES, Math.max(1, stage?.ordinal ?? 1)), days },
    people: totals.present.filter(isIn(classes)),
    waiting: totals.waiting.filter(isIn(classes)),
    exposures: totals.stageDays.filter(isIn(classes)),
  };
}

function planOf({ plan }: CalibrationAnswer, classes: readonly string[]): Pick<Scenario, 'plan'> {
  const known = plan.classes.filter((one) => one.class === OTHERS || classes.includes(one.class));
  return known.length === 0 ? {} : { plan: { mode: plan.mode, classes: known } };
}

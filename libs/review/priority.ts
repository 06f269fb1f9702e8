import type { MeasureKind } from '../account/index.js';
import type { DataOf } from '../events/event-definition.js';
import type { Case } from './case.js';
import { type FlaggerRecord, precisionBound } from './flagger-record.js';
import { type CaseRouted, MAX_SEVERITY } from './routing-events.js';

export type PriorityPart = DataOf<typeof CaseRouted>['parts'][number];

/** What the priority of a case depends on beside its own events, as of its routing. */
export interface PriorityFacts {
  /** By clause of any version of the content policy: the highest severity. */
  severities: ReadonlyMap<string, number>;
  /** How often the image was shared or downloaded, up to MAX_REACH. */
  reach: number;
  /** By flagger; absent without a decided flag. */
  records: ReadonlyMap<string, FlaggerRecord>;
  /** What decisions on the account have led to and nobody undid. */
  standing: StandingFacts;
}

/** The account's past, as of the routing. */
export interface StandingFacts {
  /** Those that have not expired and were not rescinded. */
  strikes: number;
  /** By kind: how many, with those that have ended. */
  measures: ReadonlyMap<MeasureKind, number>;
}

export const NO_STANDING: StandingFacts = { strikes: 0, measures: new Map() };

/** The most that counts as reach, as in the view `image-reach`: more than that is as urgent. */
export const MAX_REACH = 16;
/** Of a category that is no clause of the policy. */
export const UNKNOWN_SEVERITY = 1;
/** Of the points of the account. */
const OF_STRIKE = 0.4;
const OF_MEASURE = 0.2;

/** The most points of each part. */
const MOST = { severity: 45, confidence: 15, reach: 20, flaggers: 10, account: 10 } as const;

/** The severity of the most severe clause that flags name. */
export const severityOf = ({ categories }: Case, severities: ReadonlyMap<string, number>): number =>
  worst(categories, severities)?.severity ?? UNKNOWN_SEVERITY;

/** The highest confidence that flags have, or that a case of the sample shows; 0 for none. */
export const confidenceOf = ({ confidence, shownConfidence }: Case): number => Math.max(confidence, shownConfidence);

/** Whose records count: of its flaggers, and of the one whose flag a case of the sample is like. */
export const flaggersOnRecord = ({ flaggers, sample }: Case): string[] => [
  ...flaggers,
  ...(sample?.recordOf === undefined ? [] : [sample.recordOf]),
];

/** Integers, so that the sum is exact and explained. */
export const priorityParts = (state: Case, facts: PriorityFacts): PriorityPart[] => [
  ofSeverity(state, facts),
  ofConfidence(state),
  ofReach(facts),
  ofFlaggers(state, facts),
  ofAccount(facts),
];

const points = (part: keyof typeof MOST, share: number, because: string): PriorityPart => ({
  part,
  points: Math.round(MOST[part] * Math.min(1, share)),
  of: MOST[part],
  because,
});

function worst(categories: Iterable<string>, severities: ReadonlyMap<string, number>) {
  const known = [...categories].flatMap((clause) => {
    const severity = severities.get(clause);
    return severity === undefined ? [] : [{ clause, severity }];
  });
  return known.sort((a, b) => b.severity - a.severity)[0];
}

function ofSeverity({ categories }: Case, { severities }: PriorityFacts): PriorityPart {
  const found = worst(categories, severities);
  const because = found
    ? `clause ${found.clause} has severity ${found.severity} of ${MAX_SEVERITY}`
    : `no category is a clause of the content policy, which counts as severity ${UNKNOWN_SEVERITY} of ${MAX_SEVERITY}`;
  return points('severity', (found?.severity ?? UNKNOWN_SEVERITY) / MAX_SEVERITY, because);
}

function ofConfidence(state: Case): PriorityPart {
  const confidence = confidenceOf(state);
  if (confidence === 0) return points('confidence', 0.5, 'no flag says how confident it is, which counts as 0.5');
  return points('confidence', confidence, `the most confident flag has ${rounded(confidence)}`);
}

function ofReach({ reach }: PriorityFacts): PriorityPart {
  const often = `${reach >= MAX_REACH ? 'at least ' : ''}${reach} ${reach === 1 ? 'time' : 'times'}`;
  const because = reach === 0 ? 'neither shared nor downloaded' : `shared or downloaded ${often}`;
  return points('reach', Math.log2(1 + reach) / Math.log2(1 + MAX_REACH), because);
}

function ofFlaggers(state: Case, { records }: PriorityFacts): PriorityPart {
  const known = flaggersOnRecord(state).flatMap((one) => {
    const record = records.get(one);
    return record && record.decided > 0 ? [{ ...record, bound: precisionBound(record) }] : [];
  });
  const best = known.sort((a, b) => b.bound - a.bound)[0];
  if (!best) return points('flaggers', 0, 'no flag of its flaggers is decided yet');
  const because = `of ${best.decided} decided flags of one flagger ${best.confirmed} were confirmed: a precision of at least ${rounded(best.bound)}`;
  return points('flaggers', best.bound, because);
}

function ofAccount({ standing: { strikes, measures } }: PriorityFacts): PriorityPart {
  const number = [...measures.values()].reduce((sum, one) => sum + one, 0);
  const found = [
    ...(strikes > 0 ? [`${counted(strikes, 'strike')} in force`] : []),
    ...[...measures].sort(byName).map(([kind, many]) => `${counted(many, kind)} not undone`),
  ];
  const because = found.length > 0 ? found.join(', ') : 'no strike in force, and nothing imposed that was not undone';
  return points('account', strikes * OF_STRIKE + number * OF_MEASURE, because);
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MappingEntry } from '../mapping.js';
import { clausesWithout } from './categorised.js';
import { FigureGathering } from './figure-gathering.js';
import type { ModerationEvent } from './moderation-event.js';
import { medianOf } from './report-figures.js';
import { reportTables } from './report-tables.js';
import type { Cell, Table } from './table-parts.js';

const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 0, 1);
const TO = Date.UTC(2027, 0, 1);
const entries: MappingEntry[] = [
  { clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'illegal', legalGround: 'a law' },
  {
    ...{ clause: 'spam', category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', ground: 'terms' },
    keywords: ['KEYWORD_OTHER', 'KEYWORD_PHISHING'],
    otherKeyword: 'resold images',
  },
  { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', ground: 'terms', explanation: 'by hand' },
];
const mapping = { entries };

type Given = { type: string; data: Record<string, unknown>; recordedAt: string };
const event = (type: string, at: number, data: Record<string, unknown>): Given => ({
  ...{ type, data },
  recordedAt: new Date(at).toISOString(),
});
function tablesOf(events: readonly Given[]) {
  const gathering = new FigureGathering({ from: FROM, to: TO }, mapping);
  for (const one of events) gathering.add(one as unknown as ModerationEvent);
  const tables = reportTables(gathering.result(), { service: 'S', period: '2026-01-01/2026-12-31', mapping });
  return { figures: gathering.result(), tables: Object.fromEntries(tables.map((one) => [one.file.slice(0, 1), one])) };
}
const cell = (table: Table | undefined, column: string, is: (row: Record<string, Cell>) => boolean): Cell => {
  const rows = table!.rows.map((row) => Object.fromEntries(table!.head.map((name, n) => [name.trim(), row[n]!])));
  return rows.find((row) => is(row as Record<string, Cell>))![column] as Cell;
};
const ofCategory = (code: string) => (row: Record<string, Cell>) =>
  Object.entries(row).some(([name, value]) => name.startsWith('Category') && value === code);

/** A case from its flag to its measure, and an appeal. */
interface Life {
  n: number;
  at: number;
  flagger: 'user' | 'detector' | 'staff' | 'none';
  outcome: 'violent' | 'spam' | 'dismissed';
  measure: 'strike' | 'restrict' | 'suspend' | 'deactivate';
  hours: number;
  appeal: 'none' | 'open' | 'AppealDenied' | 'AppealPartlyGranted' | 'AppealGranted' | 'AppealLapsed';
}

function eventsOf({ n, at, flagger, outcome, measure, hours, appeal }: Life): Given[] {
  const [caseId, imageId] = [`img-${n}`, `img-${n}`];
  const decidedAt = at + hours * HOUR_MS;
  const flag = { flaggedBy: 'x', flaggerKind: flagger };
  const events = [
    ...(flagger === 'none' ? [] : [event('ContentFlagged', at, { imageId, ...flag, categories: ['violent'] })]),
    event('CaseOpened', at, { caseId, imageId, ...(flagger === 'none' ? { sample: { flaggerKind: 'user' } } : flag) }),
  ];
  if (outcome === 'dismissed') return [...events, event('ReviewDismissed', decidedAt, { caseId, imageId })];
  events.push(
    event('ReviewConfirmed', decidedAt, { caseId, imageId, clause: outcome }),
    event('ImageWithheld', decidedAt, { caseId, imageId }),
    event('EnforcementOrdered', decidedAt, { caseId, measure, clause: outcome, statement: { decidedBy: 'reviewers' } }),
  );
  if (appeal === 'none') return events;
  const appealId = caseId;
  events.push(event('AppealFiled', decidedAt + HOUR_MS, { appealId, number: 1 }));
  if (appeal !== 'open') events.push(event(appeal, decidedAt + (1 + hours) * HOUR_MS, { appealId, number: 1 }));
  return events;
}

const lives = fc.array(
  fc.record({
    at: fc.integer({ min: FROM - 40 * 24 * HOUR_MS, max: TO + 40 * 24 * HOUR_MS }),
    flagger: fc.constantFrom('user' as const, 'detector' as const, 'staff' as const, 'none' as const),
    outcome: fc.constantFrom('violent' as const, 'spam' as const, 'dismissed' as const),
    measure: fc.constantFrom('strike' as const, 'restrict' as const, 'suspend' as const, 'deactivate' as const),
    hours: fc.integer({ min: 1, max: 2_000 }),
    appeal: fc.constantFrom(
      ...(['none', 'open', 'AppealDenied', 'AppealPartlyGranted', 'AppealGranted', 'AppealLapsed'] as const),
    ),
  }),
  { maxLength: 40 },
);
const isIn = (at: number) => at >= FROM && at < TO;
const hourSum = (values: readonly number[]) => (values.length === 0 ? null : Math.round(medianOf(values)! * 100) / 100);

it('has in its tables what a count of the lives of cases has, whenever they were', () => {
  fc.assert(
    fc.property(lives, (given) => {
      const all: Life[] = given.map((life, n) => ({ ...life, n }));
      const events = all.flatMap(eventsOf).sort((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1));
      const { tables } = tablesOf(events);
      const decidedIn = all.filter((one) => isIn(one.at + one.hours * HOUR_MS));
      const confirmedIn = decidedIn.filter(({ outcome }) => outcome !== 'dismissed');
      const restrictions = (of: readonly Life[]) =>
        of.reduce((sum, { measure }) => sum + (measure === 'strike' ? 1 : 2), 0);
      const own = confirmedIn.filter(({ flagger }) => flagger !== 'user');
      const total = ofCategory('TOTAL');
      const measured = "Number of measures taken at the provider's own initiative";
      const ofGround = (clause: string, of: readonly Life[]) => of.filter(({ outcome }) => outcome === clause);
      expect(cell(tables['5'], measured, total)).toBe(restrictions(ofGround('violent', own)));
      expect(cell(tables['6'], measured, total)).toBe(restrictions(ofGround('spam', own)));
      const onNotice = confirmedIn.filter(({ flagger }) => flagger === 'user');
      expect(cell(tables['4'], 'Number of actions taken on the basis of the law', total)).toBe(
        restrictions(ofGround('violent', onNotice)),
      );
      expect(cell(tables['4'], 'Number of notices received', total)).toBe(
        all.filter(({ at, flagger }) => flagger === 'user' && isIn(at)).length,
      );
      expect(cell(tables['4'], 'Median time to take action', total)).toBe(
        hourSum(decidedIn.filter(({ flagger }) => flagger === 'user').map(({ hours }) => hours)),
      );
      const appealed = all.filter(({ outcome, appeal }) => outcome !== 'dismissed' && appeal !== 'none');
      const about = (scope: string) => (row: Record<string, Cell>) =>
        row.Scope === scope && String(row.Indicator).startsWith('Number of complaints submitted');
      expect(cell(tables['7'], 'Value', about('Total number'))).toBe(
        appealed.filter(({ at, hours }) => isIn(at + (hours + 1) * HOUR_MS)).length,
      );
      const answered = appealed.filter(
        ({ at, hours, appeal }) => appeal !== 'open' && isIn(at + (2 * hours + 1) * HOUR_MS),
      );
      for (const [scope, appeal] of Object.entries({
        ...{ 'Decisions upheld': 'AppealDenied', 'Decisions partially reversed': 'AppealPartlyGranted' },
        ...{ 'Decisions reversed': 'AppealGranted', 'Decision omitted': 'AppealLapsed' },
      }))
        expect([scope, cell(tables['7'], 'Value', about(scope))]).toEqual([
          scope,
          answered.filter((one) => one.appeal === appeal).length,
        ]);
      expect(cell(tables['7'], 'Value', about('Median time'))).toBe(
        hourSum(answered.filter(({ appeal }) => appeal !== 'AppealLapsed').map(({ hours }) => hours)),
      );
    }),
    { seed: 2835, numRuns: 150 },
  );
});

it('has rows that sum up: measures by restriction, and the total by category', () => {
  fc.assert(
    fc.property(lives, (given) => {
      const { tables } = tablesOf(given.flatMap((life, n) => eventsOf({ ...life, n })));
      for (const table of [tables['5']!, tables['6']!]) {
        const number = (row: readonly Cell[], n: number) => Number(row[n]);
        for (const row of table.rows) {
          const restrictions = table.head.flatMap((name, n) =>
            /^\w+ (?:restriction|of the service)/.test(name) ? [n] : [],
          );
          expect(restrictions).toHaveLength(14);
          expect(restrictions.reduce((sum, n) => sum + number(row, n), 0)).toBe(number(row, 5));
        }
        const categories = table.rows.filter(([, , , code]) => String(code).startsWith('STATEMENT_CATEGORY'));
        expect(categories.reduce((sum, row) => sum + number(row, 5), 0)).toBe(number(table.rows[0]!, 5));
      }
    }),
    { seed: 2022, numRuns: 60 },
  );
});

it('counts keywords, names what the other one means, and has a width', () => {
  const life: Life = {
    ...{ n: 1, at: FROM, flagger: 'detector', outcome: 'spam', measure: 'deactivate', hours: 1, appeal: 'none' },
  };
  const { tables } = tablesOf(eventsOf(life));
  for (const { head, rows } of Object.values(tables)) for (const row of rows) expect(row).toHaveLength(head.length);
  const other = tables['6']!.rows.find((row) => row[4] === 'resold images')!;
  expect(other.slice(3, 7)).toEqual(['KEYWORD_OTHER', 'resold images', 2, 2]);
  const precise = (row: Record<string, Cell>) =>
    row.Scope === 'Total number' && String(row.Indicator).endsWith('Precision');
  expect(cell(tables['8'], 'Value', precise)).toBe(1);
});

it('names the clauses that the mapping leaves out', () => {
  const { figures } = tablesOf([
    event('EnforcementOrdered', FROM, {
      enforcementId: 'e-1',
      measure: 'suspend',
      statement: { decidedBy: 'operator' },
    }),
    event('EnforcementOrdered', FROM, { caseId: 'img-1', measure: 'suspend', clause: 'hate' }),
  ]);
  expect(clausesWithout(figures, mapping)).toEqual(['hate']);
  expect(clausesWithout(figures, { entries: [] })).toEqual([undefined, 'hate']);
});

it('counts what operators recorded of authorities: orders by category and country, and disputes, as known last', () => {
  const day = 24 * HOUR_MS;
  const iso = (at: number) => new Date(at).toISOString();
  const order = (orderId: string, more: Record<string, unknown>) =>
    event('AuthorityOrderRecorded', TO + day, {
      ...{ orderId, kind: 'act', country: 'DE', items: 1, receivedAt: iso(FROM + day), reason: 'r' },
      ...more,
    });
  const violence = { category: 'STATEMENT_CATEGORY_VIOLENCE', keyword: 'KEYWORD_HUMAN_TRAFFICKING' };
  const dispute = (disputeId: string, more: Record<string, unknown>) =>
    event('DisputeRecorded', TO, { disputeId, submittedAt: iso(FROM + day), reason: 'r', ...more });
  const decidedAt = iso(FROM + 3 * day);
  const { tables } = tablesOf([
    order('o-1', { items: 7 }),
    // Corrected: this is what counts.
    order('o-1', {
      items: 3,
      acknowledgedAt: iso(FROM + day + HOUR_MS),
      carriedOutAt: iso(FROM + 2 * day),
      ...violence,
    }),
    order('o-2', { country: 'FR', acknowledgedAt: iso(FROM + day + 3 * HOUR_MS) }),
    order('o-3', { kind: 'inform', country: 'FR', items: undefined, carriedOutAt: iso(FROM + day + 2 * HOUR_MS) }),
    order('o-4', { receivedAt: iso(FROM - 1) }),
    order('o-5', { receivedAt: iso(TO) }),
    dispute('d-1', { decidedAt, outcome: 'reversed', isImplemented: true }),
    dispute('d-2', { decidedAt, outcome: 'upheld', isImplemented: false }),
    dispute('d-3', { decidedAt, outcome: 'omitted' }),
    dispute('d-4', {}),
    dispute('d-5', { submittedAt: iso(FROM - day), decidedAt, outcome: 'partly-reversed', isImplemented: true }),
    dispute('d-6', { submittedAt: iso(TO), decidedAt: iso(TO + day), outcome: 'upheld', isImplemented: true }),
  ]);
  const values = (code: string, scope: string) => {
    const row = tables['3']!.rows.find((one) => one[3] === code && one[5] === scope)!;
    return row.slice(6, 13);
  };
  expect(values('TOTAL', 'TOTAL')).toEqual([2, 4, 2, 24, 1, null, 2]);
  expect(values('TOTAL', 'DE')).toEqual([1, 3, 1, 24, 0, null, null]);
  expect(values('TOTAL', 'FR')).toEqual([1, 1, 3, null, 1, null, 2]);
  expect(values('STATEMENT_CATEGORY_VIOLENCE', 'TOTAL')).toEqual([1, 3, 1, 24, 0, null, null]);
  expect(values('KEYWORD_HUMAN_TRAFFICKING', 'DE')[0]).toBe(1);
  expect(values('STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER', 'TOTAL')).toEqual([1, 1, 3, null, 1, null, 2]);
  const disputes = tables['7']!.rows.filter(([, , , section]) => String(section).startsWith('Out-of-court'));
  expect(disputes.map(([, , , , , scope, value]) => [scope, value])).toEqual([
    ['Total number', 4],
    ['Decisions upheld', 1],
    ['Decisions partially reversed', 1],
    ['Decisions reversed', 1],
    ['Median time', 48],
    ['Decision omitted', 1],
    ['Percentage of outcomes implemented', 0.6667],
  ]);
});

it('counts the notices of trusted flaggers, while they are trusted', () => {
  const trust = (at: number, isTrusted: boolean) =>
    event('TrustedFlaggerSet', at, { flaggerId: 'x', isTrusted, reason: 'r' });
  const life: Life = {
    ...{ n: 1, at: FROM, flagger: 'user', outcome: 'violent', measure: 'deactivate', hours: 2, appeal: 'none' },
  };
  const { tables } = tablesOf([
    ...eventsOf({ ...life, n: 0 }),
    trust(FROM, true),
    ...eventsOf(life),
    ...eventsOf({ ...life, n: 2, flagger: 'detector' }),
    trust(FROM, false),
    ...eventsOf({ ...life, n: 3, hours: 9 }),
  ]);
  const of = (column: string) => cell(tables['4'], column, ofCategory('TOTAL'));
  expect(of('Number of notices received')).toBe(3);
  expect(of('Number of notices received from Trusted flaggers')).toBe(1);
  expect(of('Median time to take action (Trusted Flagger notices)')).toBe(2);
  expect(of('Number of actions taken on the basis of the law')).toBe(6);
  expect(of('Number of actions taken on the basis of the law (Trusted Flagger notices)')).toBe(2);
  expect(
    of('Number of actions taken on the basis of the terms and conditions of the service (Trusted Flagger notices)'),
  ).toBe(0);
  const processed = (row: Record<string, Cell>) =>
    row.Scope === 'NAM Trusted Flagger' && String(row.Indicator).startsWith('Number of notices not processed');
  expect(cell(tables['8'], 'Value', processed)).toBe(1);
});

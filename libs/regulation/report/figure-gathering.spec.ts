import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOTICE_ROWS, noticeCategory, TOTAL } from './categorised.js';
import { FigureGathering } from './figure-gathering.js';
import { RESTRICTIONS } from './known-images.js';
import type { ModerationEvent } from './moderation-event.js';
import { sumOf } from './report-figures.js';

const HOUR_MS = 3_600_000;
const PERIOD = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 1, 1) };
const mapping = {
  entries: [
    { clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'illegal' as const, legalGround: 'a law' },
    { clause: 'spam', category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', ground: 'terms' as const },
  ],
};

interface Given {
  type: ModerationEvent['type'];
  // biome-ignore lint/suspicious/noExplicitAny: of any type
  data: any;
  at: number;
}
const one = <Type extends ModerationEvent['type']>(type: Type, data: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ type: fc.constant<ModerationEvent['type']>(type), data: fc.record(data) });

const image = fc.constantFrom('img-1', 'img-2', 'img-3');
const clause = fc.constantFrom('violent', 'spam', undefined);
const flag = {
  flaggedBy: fc.constantFrom('acc-1', 'acc-2', undefined),
  flaggerKind: fc.constantFrom('user', 'user', 'detector', 'staff'),
};
const decided = { caseId: image, clause, reviewerSource: fc.constantFrom(undefined, '/other') };
const appeal = { appealId: fc.oneof(image, fc.constant('by-hand')), number: fc.constantFrom(1, 2) };
/** Any events in any order: also such as no log has, one after the other. */
const histories = fc
  .array(
    fc.oneof(
      one('ContentFlagged', {
        ...{ imageId: image, flaggerKind: flag.flaggerKind, flaggedBy: fc.constantFrom('acc-1', 'acc-2') },
        categories: fc.subarray(['violent', 'spam', 'unknown']),
      }),
      one('CaseOpened', { caseId: image, ...flag }),
      one('CaseJoined', { caseId: image, ...flag }),
      one('ReviewConfirmed', decided),
      one('ReviewUpheld', decided),
      one('ReviewAmended', { caseId: image, clause }),
      one('ReviewDismissed', { caseId: image }),
      one('ModelProblemFound', { caseId: image }),
      one('ImageWithheld', { caseId: image, cause: fc.constantFrom('violation', 'model-problem', undefined) }),
      one('EnforcementOrdered', {
        ...{ caseId: fc.option(image, { nil: undefined }), enforcementId: fc.constant('by-hand'), clause },
        measure: fc.constantFrom('strike', 'restrict', 'suspend', 'deactivate'),
        statement: fc.constantFrom(undefined, { decidedBy: 'other-system' }),
      }),
      one('AppealFiled', appeal),
      one('AppealDenied', appeal),
      one('AppealGranted', appeal),
      one('AppealLapsed', appeal),
      one('TrustedFlaggerSet', { flaggerId: fc.constantFrom('acc-1', 'acc-2'), isTrusted: fc.boolean() }),
    ),
    { maxLength: 60 },
  )
  .chain((events) =>
    fc
      .array(fc.integer({ min: PERIOD.from - 9 * HOUR_MS, max: PERIOD.to + 9 * HOUR_MS }), {
        minLength: events.length,
        maxLength: events.length,
      })
      .map((times) => times.sort((a, b) => a - b))
      .map((times): Given[] => events.map((event, n) => ({ ...event, at: times[n]! }))),
  );

/** Looks back over the whole history for each event, and remembers nothing. */
class LookingBack {
  constructor(private readonly history: readonly Given[]) {}

  private before(n: number, types: readonly string[], is: (data: Given['data']) => boolean) {
    return this.history.findLastIndex((event, m) => m < n && types.includes(event.type) && is(event.data));
  }
  private isTrusted(n: number, { flaggedBy, flaggerKind }: Given['data']): boolean {
    const set = this.before(n, ['TrustedFlaggerSet'], ({ flaggerId }) => flaggerId === flaggedBy);
    return flaggerKind === 'user' && set !== -1 && this.history[set]!.data.isTrusted;
  }
  private inPeriod(types: readonly string[]) {
    return this.history
      .map((event, n) => ({ ...event, n }))
      .filter(({ type, at }) => types.includes(type) && at >= PERIOD.from && at < PERIOD.to);
  }

  /** Who flagged it in its round, and how it was decided. */
  private caseAt(n: number, caseId: string) {
    const of = (data: Given['data']) => data.caseId === caseId;
    const opened = this.before(n, ['CaseOpened'], of);
    const flags = this.history
      .map((event, m) => ({ ...event, m }))
      .filter(({ type, data, m }) => m < n && m >= opened && /^Case(Opened|Joined)$/.test(type) && of(data));
    const isBy = (kind: string) => flags.some(({ data }) => data.flaggerKind === kind && data.flaggedBy !== undefined);
    const last = this.before(n, ['ReviewConfirmed', 'ReviewUpheld'], of);
    const named = this.before(n, ['ReviewConfirmed', 'ReviewUpheld', 'ReviewAmended'], of);
    return {
      flags: { users: isBy('user'), detectors: isBy('detector') },
      clause: this.history[named]?.data.clause,
      isTrusted: flags.some(({ data, m }) => this.isTrusted(m, data)),
      isHuman: this.history[last]?.data.reviewerSource === undefined,
    };
  }

  measures() {
    return this.inPeriod(['ImageWithheld', 'EnforcementOrdered']).flatMap(({ type, data, n }) => {
      const { caseId } = data;
      if (type === 'ImageWithheld')
        return data.cause === 'model-problem' ? [] : [{ restriction: 'image-disabled', ...this.caseAt(n, caseId) }];
      if (data.measure === 'strike') return [];
      const none = { flags: { users: false, detectors: false }, isTrusted: false };
      const { flags, isTrusted } = caseId === undefined ? none : this.caseAt(n, caseId);
      const isHuman = data.statement === undefined;
      return [{ restriction: restrictionOf(data.measure), clause: data.clause, flags, isTrusted, isHuman }];
    });
  }

  decided() {
    return this.inPeriod(DECISIONS).map(({ type, data, n }) => ({
      flags: this.caseAt(n, data.caseId).flags,
      isConfirmed: type === 'ReviewConfirmed' || type === 'ReviewUpheld',
    }));
  }

  notices(code: string, onlyTrusted: boolean) {
    const isCounted = (n: number, { flaggerKind, ...data }: Given['data']) =>
      flaggerKind === 'user' &&
      (code === TOTAL || noticeCategory(data.categories, mapping) === code) &&
      (!onlyTrusted || this.isTrusted(n, { flaggerKind, ...data }));
    const received = this.inPeriod(['ContentFlagged']).filter(({ n, data }) => isCounted(n, data));
    const hours = this.inPeriod(DECISIONS).flatMap(({ at, data: { caseId }, n }) => {
      const last = this.before(n, DECISIONS, (data) => data.caseId === caseId);
      return this.history.flatMap((event, m) =>
        m > last &&
        m < n &&
        event.type === 'ContentFlagged' &&
        event.data.imageId === caseId &&
        isCounted(m, event.data)
          ? [(at - event.at) / HOUR_MS]
          : [],
      );
    });
    const images = new Set(received.map(({ data }) => data.imageId)).size;
    return { received: received.length, images, hours };
  }

  complaints(restriction: string) {
    const againstOf = (n: number) => {
      const { appealId } = this.history[n]!.data;
      const of = (data: Given['data']) => (data.caseId ?? data.enforcementId) === appealId;
      const ordered = this.before(n, ['EnforcementOrdered'], of);
      return ordered === -1 ? 'account-terminated' : restrictionOf(this.history[ordered]!.data.measure);
    };
    const isSame = (data: Given['data']) => (other: Given['data']) =>
      other.appealId === data.appealId && other.number === data.number;
    const answered = this.inPeriod(Object.keys(OUTCOMES)).flatMap(({ type, data, at, n }) => {
      const filed = this.before(n, ['AppealFiled', ...Object.keys(OUTCOMES)], isSame(data));
      const appealed = this.history[filed];
      return appealed?.type === 'AppealFiled' && againstOf(filed) === restriction
        ? [{ type, hours: (at - appealed.at) / HOUR_MS }]
        : [];
    });
    return {
      against: restriction,
      filed: this.inPeriod(['AppealFiled']).filter(({ n }) => againstOf(n) === restriction).length,
      outcomes: {
        'partly-reversed': 0,
        ...Object.fromEntries(
          Object.entries(OUTCOMES).map(([type, name]) => [name, answered.filter((is) => is.type === type).length]),
        ),
      },
      hours: answered.filter(({ type }) => type !== 'AppealLapsed').map(({ hours }) => hours),
    };
  }
}

const DECISIONS = ['ReviewConfirmed', 'ReviewUpheld', 'ReviewDismissed', 'ModelProblemFound'];
const OUTCOMES = { AppealDenied: 'upheld', AppealGranted: 'reversed', AppealLapsed: 'omitted' };
const restrictionOf = (measure: string) =>
  ({ strike: 'image-disabled', restrict: 'service-restricted', suspend: 'account-suspended' })[measure] ??
  'account-terminated';

/** Each as often as it is counted. */
const spreadOut = (counted: readonly { count: number }[]) =>
  counted
    .flatMap(({ count, ...figure }) => Array.from({ length: count }, () => JSON.stringify(sortedKeys(figure))))
    .sort();
const listed = (figures: readonly object[]) => figures.map((figure) => JSON.stringify(sortedKeys(figure))).sort();
const sortedKeys = (figure: object) => Object.fromEntries(Object.entries(figure).sort(([a], [b]) => (a < b ? -1 : 1)));

it('has the figures that looking back over the whole history for each event gives', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const gathering = new FigureGathering(PERIOD, mapping);
      for (const { at, ...event } of history)
        gathering.add({ ...event, recordedAt: new Date(at).toISOString() } as unknown as ModerationEvent);
      const figures = gathering.result();
      const expected = new LookingBack(history);
      expect(spreadOut(figures.measures)).toEqual(listed(expected.measures()));
      expect(sumOf(figures.decided)).toBe(expected.decided().length);
      expect(spreadOut(figures.decided)).toEqual(listed(expected.decided()));
      for (const code of NOTICE_ROWS.filter(({ code, category }) => (category ?? code) === code).map(
        (row) => row.code,
      )) {
        const { all, trusted } = figures.notices.get(code)!;
        expect([code, all, trusted]).toEqual([code, expected.notices(code, false), expected.notices(code, true)]);
      }
      expect(figures.complaints).toEqual(RESTRICTIONS.map((restriction) => expected.complaints(restriction)));
    }),
    { seed: 2065, numRuns: 200 },
  );
});

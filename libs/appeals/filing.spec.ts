import { describe, expect, it } from '@jest/globals';
import { type Enforcement, type EnforcementEvent, enforcementStream } from '../enforcement/index.js';
import { DAY_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { type Appeal, appealStream } from './appeal.js';
import type { AppealEvent } from './events.js';
import { type FileAppeal, type FilingFacts, fileAppeal } from './filing.js';

const NOW = Date.parse('2022-05-20T10:00:00Z');
const ordered: EnforcementEvent = {
  type: 'EnforcementOrdered',
  data: { accountId: 'acc-1', caseId: 'img-1', imageId: 'img-1', measure: 'deactivate', categories: [] },
};
const reversed = (appeal: number): EnforcementEvent => ({
  type: 'EnforcementReversed',
  data: { accountId: 'acc-1', caseId: 'img-1', reason: 'appeal-granted', appeal, round: appeal },
});
const enforced = (...events: EnforcementEvent[]): Enforcement => fold(enforcementStream, events);
const facts = (of: Partial<FilingFacts> = {}): FilingFacts => ({
  enforcement: enforced(ordered),
  orderedAt: NOW - DAY_MS,
  isImposed: true,
  since: 1,
  ...of,
});
const filing: FileAppeal = {
  ...{ enforcementId: 'img-1', text: 'it is a film', hasNewEvidence: false },
  ...{ now: NOW, windowDays: 180, deadlineDays: 14 },
};
const fresh = appealStream.initial;
const evolve = (state: Appeal, events: AppealEvent[]) => fold(appealStream, events, state);
const filed = evolve(fresh, fileAppeal(fresh, filing, facts()));
const decide = (state: Appeal, type: 'AppealGranted' | 'AppealDenied') =>
  evolve(state, [
    {
      type,
      data: {
        appealId: 'img-1',
        number: state.number,
        accountId: 'acc-1',
        order: state.order,
        reviewer: 'r',
        reason: 'x',
      },
    },
  ]);
const again = { ...filing, hasNewEvidence: true };
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('filing an appeal', () => {
  it('names what it is about, and until when it is to be decided', () => {
    expect(fileAppeal(fresh, filing, facts())).toEqual([
      {
        type: 'AppealFiled',
        data: {
          ...{ appealId: 'img-1', number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1, since: 1 },
          ...{ text: 'it is a film', hasNewEvidence: false, dueAt: '2022-06-03T10:00:00.000Z' },
        },
      },
    ]);
  });

  it('is a no-op while one is open', () => {
    expect(fileAppeal(filed, again, facts())).toEqual([]);
  });

  it('is allowed a second time with new evidence, which is marked, and no third time', () => {
    const denied = decide(filed, 'AppealDenied');
    expect(() => fileAppeal(denied, filing, facts())).toThrow(code('already-appealed'));
    const second = fileAppeal(denied, again, facts());
    expect(second).toMatchObject([{ data: { number: 2, hasNewEvidence: true } }]);
    const deniedAgain = decide(evolve(denied, second), 'AppealDenied');
    expect(() => fileAppeal(deniedAgain, again, facts())).toThrow(code('already-appealed'));
  });

  it('is another one once the case was confirmed again', () => {
    const granted = decide(filed, 'AppealGranted');
    const undone = enforced(ordered, reversed(1));
    expect(() => fileAppeal(granted, again, facts({ enforcement: undone }))).toThrow(code('enforcement-reversed'));
    const anew = enforced(ordered, reversed(1), ordered);
    expect(fileAppeal(granted, filing, facts({ enforcement: anew, since: 2 }))).toMatchObject([
      { data: { number: 2, order: 2 } },
    ]);
  });

  it('waits until the measure is in force, and until a granted appeal is carried out', () => {
    expect(() => fileAppeal(fresh, filing, facts({ isImposed: false }))).toThrow(code('enforcement-pending'));
    expect(() => fileAppeal(decide(filed, 'AppealGranted'), again, facts())).toThrow(code('enforcement-pending'));
  });

  it('is refused after the window, for another account and for an unknown measure', () => {
    expect(() => fileAppeal(fresh, filing, facts({ orderedAt: NOW - 180 * DAY_MS - 1 }))).toThrow(
      code('appeal-window-closed'),
    );
    expect(fileAppeal(fresh, filing, facts({ orderedAt: NOW - 180 * DAY_MS }))).toHaveLength(1);
    expect(() => fileAppeal(fresh, { ...filing, accountId: 'acc-2' }, facts())).toThrow(code('other-account'));
    expect(() => fileAppeal(fresh, filing, facts({ enforcement: enforced() }))).toThrow(code('enforcement-unknown'));
  });
});

it('waits while the case is judged again, and for what a later round undid there is nothing to appeal', () => {
  expect(() => fileAppeal(fresh, filing, facts({ isReopened: true }))).toThrow(code('case-reopened'));
  expect(() => fileAppeal(fresh, filing, facts({ since: undefined }))).toThrow(code('enforcement-reversed'));
  const undone: EnforcementEvent = {
    type: 'EnforcementReversed',
    data: { accountId: 'acc-1', caseId: 'img-1', reason: 'case-reopened', appeal: 0, round: 1, decidedRound: 2 },
  };
  const reversedThen = enforced(ordered, undone);
  expect(() => fileAppeal(fresh, filing, facts({ enforcement: reversedThen }))).toThrow(code('enforcement-reversed'));
  // Granted although the round had undone it: nothing is left to carry out, and a later order is another decision.
  const granted = decide(filed, 'AppealGranted');
  const later = facts({ enforcement: enforced(ordered, undone, ordered), since: 3 });
  expect(fileAppeal(granted, filing, later)).toMatchObject([{ data: { number: 2, order: 2 } }]);
});

describe('a case that is confirmed anew after its confirmation was undone', () => {
  const undone: EnforcementEvent = {
    type: 'EnforcementReversed',
    data: { accountId: 'acc-1', caseId: 'img-1', reason: 'case-reopened', appeal: 0, round: 1, decidedRound: 2 },
  };
  const anew = facts({ enforcement: enforced(ordered, undone, ordered), since: 3 });
  const inPart = (state: Appeal) =>
    evolve(state, [
      {
        type: 'AppealPartlyGranted',
        data: {
          ...{ appealId: 'img-1', number: state.number, accountId: 'acc-1', order: 1 },
          ...{ reviewer: 'r', reason: 'x', clause: 'spam' },
        },
      },
    ]);

  it('can be appealed against anew, twice, whatever was decided on the first confirmation', () => {
    const denied = decide(filed, 'AppealDenied');
    const twice = decide(evolve(denied, fileAppeal(denied, again, facts())), 'AppealDenied');
    // Granted in part, and a later round undid it before that was carried out.
    for (const state of [denied, twice, inPart(filed)]) {
      const first = fileAppeal(state, filing, anew);
      expect(first).toMatchObject([{ data: { number: state.number + 1, order: 2, since: 3, hasNewEvidence: false } }]);
      const second = decide(evolve(state, first), 'AppealDenied');
      expect(() => fileAppeal(second, filing, anew)).toThrow(code('already-appealed'));
      const last = decide(evolve(second, fileAppeal(second, again, anew)), 'AppealDenied');
      expect(() => fileAppeal(last, again, anew)).toThrow(code('already-appealed'));
    }
  });

  it('is no other decision if a later round only confirmed it again, also with another measure', () => {
    const denied = decide(filed, 'AppealDenied');
    const replaced = facts({ enforcement: enforced(ordered, undone, ordered), since: 1 });
    expect(() => fileAppeal(denied, filing, replaced)).toThrow(code('already-appealed'));
    expect(fileAppeal(denied, again, replaced)).toMatchObject([{ data: { number: 2, order: 2, since: 1 } }]);
  });

  it('lets an appeal lapse that is still open against the first confirmation', () => {
    expect(fileAppeal(filed, filing, anew)).toMatchObject([
      { type: 'AppealLapsed', data: { appealId: 'img-1', number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1 } },
      { type: 'AppealFiled', data: { number: 2, order: 2, since: 3 } },
    ]);
    expect(() => fileAppeal(filed, filing, facts({ since: undefined }))).toThrow(code('enforcement-reversed'));
  });

  it('is another one for appeals of earlier releases too, which did not say what they were against', () => {
    const old = (events: AppealEvent[]) =>
      events.map(({ data: { ...data }, type }) => {
        if ('since' in data) delete data.since;
        return { type, data } as AppealEvent;
      });
    const before = evolve(fresh, old(fileAppeal(fresh, filing, facts())));
    const data = { appealId: 'img-1', number: 1, accountId: 'acc-1', order: 1, round: 1, reviewer: 'r', reason: 'x' };
    const denied = evolve(before, [{ type: 'AppealDenied', data }]);
    expect(fileAppeal(denied, filing, anew)).toMatchObject([{ data: { number: 2 } }]);
    expect(() => fileAppeal(denied, filing, facts())).toThrow(code('already-appealed'));
    const undecided = evolve(denied, old(fileAppeal(denied, again, facts())));
    expect(fileAppeal(undecided, again, facts())).toEqual([]);
    const granted = decide(before, 'AppealGranted');
    expect(fileAppeal(granted, filing, anew)).toMatchObject([{ data: { number: 2 } }]);
  });
});

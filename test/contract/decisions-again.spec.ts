import { expect, it } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';

const ACT = 'it records what somebody did or read; nothing was decided';

/** Events that are no facts from outside and that no explanation makes again, and why. */
const NOT_MADE_AGAIN: Record<string, string> = {
  AddressConfirmationRequested: 'it rested on settings of the deployment, which the log does not have',
  AddressRead: ACT,
  BreakTaken: ACT,
  CaseRouted: 'its priority counts rows of views as they were then; the event has each part of it',
  CommandTaken: 'the decision was that nothing changes',
  ContentViewed: ACT,
  EvidenceGiven: ACT,
  PersonExported: ACT,
  ProofKeyRotated: ACT,
  QuarantineDiscarded: ACT,
  QuarantineReplayed: ACT,
  TokenCreated: ACT,
  TokenRevoked: ACT,
  TotalsRead: ACT,
  ViewRebuilt: ACT,
};

const entries = new Map(
  catalogue.contexts.flatMap(({ decisionsAgain = [] }) =>
    decisionsAgain.flatMap(({ byType }) => Object.entries(byType)),
  ),
);

it('every event is a fact from outside, or the decision behind it is made again, or this spec says why not', () => {
  const others = catalogue.events.filter(({ type, fact }) => {
    const entry = entries.get(type);
    return fact === undefined && (entry === undefined || 'because' in entry);
  });
  expect(others.map(({ type }) => type).sort()).toEqual(Object.keys(NOT_MADE_AGAIN).sort());
  for (const [type, entry] of entries)
    if ('because' in entry) expect([type, entry.because]).toEqual([type, NOT_MADE_AGAIN[type]]);
});

it('each event is made again by one kind of stream, which stores it', () => {
  const kinds = catalogue.contexts.flatMap(({ decisionsAgain = [] }) => decisionsAgain);
  const types = kinds.flatMap(({ byType }) => Object.keys(byType));
  expect([...new Set(types)]).toEqual(types);
  for (const { kind, byType } of kinds) {
    const stored = kind.events.map(({ type }: { type: string }) => type);
    expect([kind.category, Object.keys(byType).sort()]).toEqual([kind.category, stored.sort()]);
  }
});

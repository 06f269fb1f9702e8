import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { GatehouseError } from '../kernel/errors.js';
import { changeAddress, joinWithAddress } from './account-address.js';
import { leaveWaitlist } from './account-standing.js';
import {
  confirmationHashOf,
  confirmByHand,
  confirmByLink,
  nextRequestAt,
  requestConfirmation,
} from './address-confirmation.js';
import type { AccountEvent } from './events.js';
import { invite, invitedAccount } from './invitation.js';
import { isWaiting, onboardInTurn, waitingTurn } from './waiting-turn.js';

const accountId = 'acc-1';
const NOW = Date.parse('2022-05-18T09:00:00Z');
const MINUTE_MS = 60_000;
const VALID_MS = 72 * 60 * MINUTE_MS;
const email = 'ada@example.org';
const emailHash = 'a'.repeat(32);

const offerOf = (requestId: string) => ({
  requestId,
  tokenHash: confirmationHashOf(`token of ${requestId}`),
  validMs: VALID_MS,
});
const joined: AccountEvent = { type: 'WaitlistJoined', data: { accountId, email, emailHash } };
const left: AccountEvent = { type: 'WaitlistLeft', data: { accountId } };
const confirmed: AccountEvent = { type: 'AddressConfirmed', data: { accountId, requestId: 'r1' } };
const changed: AccountEvent = { type: 'AddressChanged', data: { accountId, email, emailHash: 'b'.repeat(32) } };
const onboarded: AccountEvent = { type: 'AccountOnboarded', data: { accountId, cohortId: 'c' } };
const deactivated: AccountEvent = { type: 'AccountDeactivated', data: { accountId, reason: 'spec', categories: [] } };
const asked = (requestId = 'r1', at = NOW): AccountEvent => ({
  type: 'AddressConfirmationRequested',
  data: {
    ...{ accountId, requestId, tokenHash: offerOf(requestId).tokenHash },
    ...{ at: toIso(at), until: toIso(at + VALID_MS) },
  },
});

const given = (...events: AccountEvent[]) => fold(waitingTurn, events);
const typesOf = (events: readonly AccountEvent[]) => events.map(({ type }) => type);
const refuses = (code: string) => expect.objectContaining({ code });

describe('joining where addresses have to be confirmed', () => {
  const join = (events: AccountEvent[], facts: object = {}) =>
    joinWithAddress(
      { ...given(...events), changedAt: 0, ...(events.length > 0 && { address: emailHash }) },
      true,
      joined.data as never,
      {
        ...{ now: NOW, offer: offerOf('r2') },
        ...facts,
      },
    );
  const ANYBODY = { isAnonymous: true };

  it('asks for a confirmation, also of somebody who rejoins without one', () => {
    const [, request] = join([]);
    expect(request).toEqual(asked('r2'));
    const later = { now: NOW + 5 * MINUTE_MS };
    expect(typesOf(join([joined, asked(), left], later))).toEqual(['WaitlistJoined', 'AddressConfirmationRequested']);
    expect(typesOf(join([joined, left]))).toEqual(['WaitlistJoined', 'AddressConfirmationRequested']);
  });

  it('asks nobody whose address is confirmed or given as confirmed, and nobody without the setting', () => {
    expect(typesOf(join([joined, asked(), confirmed, left]))).toEqual(['WaitlistJoined']);
    expect(typesOf(join([], { isGivenAsConfirmed: true }))).toEqual(['WaitlistJoined', 'AddressConfirmed']);
    expect(typesOf(join([joined, asked()], { isGivenAsConfirmed: true }))).toEqual(['AddressConfirmed']);
    expect(typesOf(join([], { offer: undefined }))).toEqual(['WaitlistJoined']);
  });

  it('sends no link sooner to somebody who leaves and rejoins, and lets nobody in without one', () => {
    const rejoined = join([joined, asked(), left], { now: NOW + 5 * MINUTE_MS - 1 });
    expect(typesOf(rejoined)).toEqual(['WaitlistJoined']);
    expect(isWaiting(given(joined, asked(), left, ...rejoined))).toBe(false);
  });

  it('sends another link to anybody who types the address again, at growing intervals and five times at most', () => {
    const later = (ms: number) => ({ ...ANYBODY, now: NOW + ms });
    expect(join([joined, asked()], later(5 * MINUTE_MS - 1))).toEqual([]);
    expect(typesOf(join([joined, asked()], later(5 * MINUTE_MS)))).toEqual(['AddressConfirmationRequested']);
    expect(join([joined, asked(), asked()], later(10 * MINUTE_MS - 1))).toEqual([]);
    const five = Array.from({ length: 5 }, () => asked());
    expect(join([joined, ...five], later(VALID_MS))).toEqual([]);
    expect(join([joined, asked()], { now: NOW + VALID_MS })).toEqual([]);
    for (const known of [[joined], [joined, asked(), confirmed], [joined, onboarded]])
      expect(join(known, later(VALID_MS))).toEqual([]);
  });
});

describe('a link', () => {
  const confirm = (requestId: string, now: number, ...events: AccountEvent[]) =>
    confirmByLink(given(...events), { accountId, token: `token of ${requestId}` }, now);

  it('confirms the address until its end', () => {
    expect(confirm('r1', NOW + VALID_MS - 1, joined, asked())).toEqual([confirmed]);
    expect(() => confirm('r1', NOW + VALID_MS, joined, asked())).toThrow(refuses('confirmation-expired'));
  });

  it('is good for one use, the latest address and its latest request, while its person waits', () => {
    expect(() => confirm('r1', NOW)).toThrow(refuses('account-unknown'));
    for (const events of [
      [joined],
      [joined, asked(), confirmed],
      [joined, asked(), asked('r2')],
      [joined, asked(), changed],
      [joined, asked(), left],
      [joined, asked(), left, joined],
      [joined, asked(), onboarded],
    ])
      expect(() => confirm('r1', NOW, ...events)).toThrow(refuses('confirmation-token-wrong'));
    expect(confirm('r2', NOW, joined, asked(), asked('r2'))).toHaveLength(1);
  });
});

describe('another link', () => {
  const request = (now: number, events: AccountEvent[], more: object = {}) =>
    requestConfirmation(given(...events), { accountId, offer: offerOf('r2'), isOperator: false, ...more }, now);

  it('is sent after a wait that doubles up to a day', () => {
    expect(request(NOW + 5 * MINUTE_MS, [joined, asked()])).toEqual([asked('r2', NOW + 5 * MINUTE_MS)]);
    expect(() => request(NOW, [joined, asked()])).toThrow(refuses('confirmation-too-soon'));
    const many = given(joined, ...Array.from({ length: 40 }, () => asked()));
    expect(nextRequestAt(many.confirmation)).toBe(NOW + 24 * 60 * MINUTE_MS);
  });

  it('is refused for somebody who is not on the list, and where nobody has to confirm', () => {
    expect(() => request(NOW, [])).toThrow(refuses('account-unknown'));
    expect(() => request(NOW, [joined, left])).toThrow(refuses('not-waiting'));
    expect(() => request(NOW, [joined, deactivated])).toThrow(refuses('account-deactivated'));
    expect(() => request(NOW + VALID_MS, [joined, asked()], { offer: undefined })).toThrow(refuses('confirmation-off'));
  });

  it('is a no-op for a confirmed address, and for somebody never asked unless an operator asks', () => {
    expect(request(NOW, [joined, asked(), confirmed])).toEqual([]);
    expect(request(NOW, [joined])).toEqual([]);
    expect(typesOf(request(NOW, [joined], { isOperator: true }))).toEqual(['AddressConfirmationRequested']);
  });
});

describe('an operator', () => {
  const reason = 'by telephone';
  const byHand = (...events: AccountEvent[]) => confirmByHand(given(...events), { accountId, reason });

  it('confirms an address with a reason', () => {
    expect(byHand(joined, asked())).toEqual([{ type: 'AddressConfirmed', data: { accountId, reason } }]);
    expect(byHand(joined)).toHaveLength(1);
  });

  it('is refused for an account that does not wait', () => {
    expect(() => byHand()).toThrow(refuses('account-unknown'));
    expect(() => byHand(joined, left)).toThrow(refuses('not-waiting'));
    expect(() => byHand(joined, deactivated)).toThrow(refuses('account-deactivated'));
  });

  it('changes nothing twice', () => {
    expect(byHand(joined, asked(), confirmed)).toEqual([]);
  });
});

describe('another address', () => {
  const change = (events: AccountEvent[], offer?: ReturnType<typeof offerOf>) => {
    const data = { accountId, email, emailHash: 'b'.repeat(32) };
    return typesOf(changeAddress({ ...given(...events), changedAt: 0, address: emailHash }, data, offer, NOW));
  };

  it('has to be confirmed too by somebody who waits', () => {
    expect(change([joined, asked(), confirmed], offerOf('r2'))).toEqual([
      'AddressChanged',
      'AddressConfirmationRequested',
    ]);
    expect(change([joined, onboarded], offerOf('r2'))).toEqual(['AddressChanged']);
    expect(change([joined])).toEqual(['AddressChanged']);
    expect(isWaiting(given(joined, asked(), changed))).toBe(false);
  });
});

it('sends five links to the addresses of an account that changes them, and then ever later ones', () => {
  const log = [joined, asked()];
  const change = (n: number, now: number) => {
    const data = { accountId, email, emailHash: String(n % 2).repeat(32) };
    log.push(...changeAddress({ ...given(...log), changedAt: 0 }, data, offerOf(`r${n}`), now));
  };
  for (let n = 2; n <= 5; n++) change(n, NOW);
  expect(() => change(6, NOW + 5 * MINUTE_MS - 1)).toThrow(refuses('confirmation-too-soon'));
  change(6, NOW + 5 * MINUTE_MS);
  log.push(confirmed);
  expect(() => change(7, NOW + 15 * MINUTE_MS - 1)).toThrow(refuses('confirmation-too-soon'));
  change(7, NOW + 15 * MINUTE_MS);
});

const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('join' as const, 'leave', 'ask', 'change', 'by-hand', 'invite', 'onboard') }),
  fc.record({ kind: fc.constant('confirm' as const), requestId: fc.nat(12) }),
  fc.record({ kind: fc.constant('set' as const), isOn: fc.boolean() }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(MINUTE_MS, 10 * MINUTE_MS, VALID_MS) }),
);

it('chooses nobody whose address is not confirmed, whatever the order of events and settings', () => {
  let onboardings = 0;
  let holds = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (sequence) => {
      const log: AccountEvent[] = [];
      let [now, isOn, requests] = [NOW, true, 0];
      const decide = (one: (typeof sequence)[number]): readonly AccountEvent[] => {
        const turn = given(...log);
        const offer = isOn ? offerOf(`r${++requests}`) : undefined;
        switch (one.kind) {
          case 'join':
            return joinWithAddress({ ...turn, changedAt: 0 }, true, { accountId, email, emailHash }, { now, offer });
          case 'leave':
            return leaveWaitlist(turn.standing, accountId);
          case 'ask':
            return requestConfirmation(turn, { accountId, offer, isOperator: true }, now);
          case 'change':
            return changeAddress({ ...turn, changedAt: 0 }, { accountId, email, emailHash }, offer, now);
          case 'by-hand':
            return confirmByHand(turn, { accountId, reason: 'spec' });
          case 'confirm':
            return confirmByLink(turn, { accountId, token: `token of r${one.requestId}` }, now);
          case 'invite':
            return invite(
              fold(invitedAccount, log),
              { accountId, batchId: `b${log.length}`, turn: turn.turn, isListed: false, until: now + 1 },
              now,
            );
          case 'onboard':
            return onboardInTurn(turn, { accountId, cohortId: 'c', turn: turn.turn, chosenAt: log.length });
          case 'set':
            isOn = one.isOn;
            return [];
          case 'pass':
            now += one.ms;
            return [];
        }
      };
      for (const one of sequence) {
        // Of the latest request or confirmation, the latter counts for the address that it was given for.
        const last = log.findLast(({ type }) => type === 'AddressConfirmationRequested' || type === 'AddressConfirmed');
        try {
          const events = decide(one);
          const isChosen = typesOf(events).some((type) => type === 'InvitationSent' || type === 'AccountOnboarded');
          if (isChosen) expect(last?.type).not.toBe('AddressConfirmationRequested');
          if (last?.type === 'AddressConfirmationRequested') holds++;
          onboardings += Number(typesOf(events).includes('AccountOnboarded'));
          log.push(...events);
        } catch (error) {
          if (!(error instanceof GatehouseError)) throw error;
        }
      }
    }),
    { seed: 7, numRuns: 500 },
  );
  expect(onboardings).toBeGreaterThan(50);
  expect(holds).toBeGreaterThan(500);
});

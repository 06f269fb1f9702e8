import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import type { PersonEvent } from './events.js';
import { adoptAddress, confirmAddress, personStream, releaseAddress, reserveAddress } from './person.js';

const reserved = (accountId: string, after = 0): PersonEvent => ({
  type: 'AddressReserved',
  data: { accountId, after },
});
const registered = (accountId: string): PersonEvent => ({ type: 'PersonRegistered', data: { accountId } });
const released = (accountId: string): PersonEvent => ({ type: 'AddressReleased', data: { accountId } });
const given = (...events: PersonEvent[]) => fold(personStream, events);

describe('an address', () => {
  it('is reserved while it is free, and for the account that had or reserved it before', () => {
    for (const before of [[], [registered('a'), released('a')], [registered('a')], [reserved('a', 2)]]) {
      expect(reserveAddress(given(...before), { accountId: 'a', after: 3 })).toEqual([reserved('a', 3)]);
    }
  });

  it('is not reserved for another account, twice, or for a command that knows less of the account', () => {
    for (const before of [registered('b'), reserved('b'), reserved('a', 3), reserved('a', 4)]) {
      expect(reserveAddress(given(before), { accountId: 'a', after: 3 })).toEqual([]);
    }
  });

  it('is confirmed for the very reservation only', () => {
    expect(confirmAddress(given(reserved('a', 3)), { accountId: 'a', after: 3 })).toEqual([registered('a')]);
    for (const before of [[], [reserved('a', 4)], [reserved('b', 3)], [registered('a')]]) {
      expect(confirmAddress(given(...before), { accountId: 'a', after: 3 })).toEqual([]);
    }
  });

  it('is released if nothing happened to it since it was seen, even if the same account has it again', () => {
    const seen = given(registered('a'));
    expect(releaseAddress(seen, seen)).toEqual([released('a')]);
    expect(releaseAddress(given(), given())).toEqual([]);
    expect(releaseAddress(given(registered('a'), released('a'), reserved('a', 2), registered('a')), seen)).toEqual([]);
  });

  it('of an earlier version is adopted while nobody claims it', () => {
    expect(adoptAddress(given(), 'a')).toEqual([registered('a')]);
    expect(adoptAddress(given(registered('b')), 'a')).toEqual([]);
    expect(adoptAddress(given(reserved('b')), 'a')).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { personStream, registerPerson } from './person.js';

describe('registering a person', () => {
  it('records the account of the person', () => {
    expect(registerPerson({}, 'acc-1')).toEqual([{ type: 'PersonRegistered', data: { accountId: 'acc-1' } }]);
  });

  it('is a no-op for a person with an account, whichever account is given', () => {
    const state = fold(personStream, registerPerson({}, 'acc-1'));
    expect(state.accountId).toBe('acc-1');
    expect(registerPerson(state, 'acc-1')).toEqual([]);
    expect(registerPerson(state, 'acc-2')).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { personStream, registerPerson } from './person.js';

describe('registering a person', () => {
  it('gives the person their account', () => {
    expect(registerPerson({}, 'acc-1')).toEqual([{ type: 'PersonRegistered', data: { accountId: 'acc-1' } }]);
  });

  it('stays quiet when they have one, whichever account is offered', () => {
    const state = fold(personStream, registerPerson({}, 'acc-1'));
    expect(state.accountId).toBe('acc-1');
    expect(registerPerson(state, 'acc-1')).toEqual([]);
    expect(registerPerson(state, 'acc-2')).toEqual([]);
  });
});

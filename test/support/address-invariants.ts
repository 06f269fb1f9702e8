import { expect } from '@jest/globals';
import { personStream } from '../../libs/account/person.js';
import { foldRecorded } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';

/** Once everything is settled, each address has the one account that has it, and none is reserved. */
export function expectAddressInvariants(log: readonly RecordedEvent[]): void {
  /** The hash of each account's address. */
  const held = new Map<string, string>();
  for (const { type, data } of log) {
    if (type === 'WaitlistJoined' || type === 'AddressChanged')
      held.set(String(data.accountId), String(data.emailHash));
  }
  expect(new Set(held.values()).size).toBe(held.size);
  const persons = new Map<string, RecordedEvent[]>();
  for (const event of log) {
    if (event.stream.startsWith(PREFIX)) persons.set(event.stream, [...(persons.get(event.stream) ?? []), event]);
  }
  const registered = new Map<string, string>();
  for (const [stream, events] of persons) {
    const { accountId, reserved } = foldRecorded(personStream, events);
    expect([stream, reserved]).toEqual([stream, undefined]);
    if (accountId !== undefined) registered.set(accountId, stream.slice(PREFIX.length));
  }
  expect(registered).toEqual(held);
}

const PREFIX = `${personStream.category}-`;

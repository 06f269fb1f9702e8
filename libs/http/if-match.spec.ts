import { describe, expect, it } from '@jest/globals';
import { newEvent } from '../event-store/sample-events.contract.js';
import { InvalidInput, StoreUnavailable } from '../kernel/errors.js';
import { ChangeNaming } from './change-naming.js';
import { ChangedMeanwhile, entityTagOf, IfMatch } from './if-match.js';

const EPOCH = '9c1f03ab55d2';
const held = (header: string | undefined) => () => new IfMatch(header, EPOCH).allow(['changed'], 1042, 'the switch');
const changed = expect.objectContaining({ code: 'changed-meanwhile', status: 412 });

describe('the header If-Match', () => {
  it.each([
    ['absent', undefined],
    ['any version', '*'],
    ['the current one', entityTagOf(1042, EPOCH)],
    ['among others', `"another", ${entityTagOf(1042, EPOCH)}`],
  ])('is met if it is %s', (_, header) => expect(held(header)).not.toThrow());

  it.each([
    ['of an earlier event', entityTagOf(7, EPOCH)],
    ['of another epoch', entityTagOf(1042, '000000000000')],
    ['weak', `W/${entityTagOf(1042, EPOCH)}`],
    ['empty', '""'],
  ])('is not met if its tag is %s', (_, header) => expect(held(header)).toThrow(changed));

  it('is met by a change that was made already', () => {
    expect(new IfMatch(entityTagOf(7, EPOCH), EPOCH).allow([], 1042, 'the switch')).toEqual([]);
  });

  it.each(['', '1042', `${EPOCH}-1042`, '"a" "b"', '"a",', '"\u0000"'])('is refused as %j', (header) => {
    expect(held(header)).toThrow(InvalidInput);
  });
});

describe('the refusal of a change', () => {
  const refused = new ChangedMeanwhile('the ladder', entityTagOf(7, EPOCH), 7);
  const actor = { kind: 'user' as const, id: 'olga', role: 'operator', token: 't-1' };
  const sample = newEvent('LadderSet', {});
  const time = '2022-05-18T09:00:00.000Z';
  const event = {
    ...{ ...sample, metadata: { ...sample.metadata, actor, time } },
    ...{ stream: 'ladder', revision: 0, position: 7, recordedAt: time },
  };
  const named = (role: string, events = [event], error = refused) =>
    new ChangeNaming({ readAll: async () => ({ events, next: 7, atHead: true }) }).named(error, { role });

  it('names who changed it, when and how, without their token', async () => {
    const { message, details } = await named('lead');
    const changedBy = { kind: 'user', id: 'olga', role: 'operator' };
    expect(details).toEqual({ etag: entityTagOf(7, EPOCH), changedBy, changedAt: time, change: 'LadderSet' });
    expect(message).toContain(`operator olga changed it at ${time} (LadderSet)`);
  });

  it('names nobody to another system, or if the event is not found or can’t be read', async () => {
    expect(await named('service')).toBe(refused);
    expect(await named('lead', [{ ...event, position: 9 }])).toBe(refused);
    const away = new ChangeNaming({ readAll: () => Promise.reject(new StoreUnavailable('away')) });
    expect(await away.named(refused, { role: 'lead' })).toBe(refused);
  });
});

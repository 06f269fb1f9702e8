import { expect, it } from '@jest/globals';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { randomNonces } from '../../kernel/ids.js';
import { newEvent } from '../sample-events.contract.js';
import { prepare } from './log-records.js';

const NOW = '2022-05-18T10:00:00.123Z';
const nonces = { next: () => 'AAAAAAAAAAAAAAAAAAAAAA' };

it('sends canonical texts, although the client serializes the data itself', () => {
  const event = newEvent('Tested', { b: 1, a: { d: 'ä', c: [2, 1] } });
  const [sent] = prepare('account-1', [event], NOW, 1_000_000, nonces).events;
  expect(JSON.stringify(sent!.data)).toBe('{"a":{"c":[2,1],"d":"ä"},"b":1}');
  expect(Buffer.from(sent!.metadata as Uint8Array).toString()).toBe(
    canonicalJson({ ...event.metadata, recordedat: NOW, nonce: nonces.next() }),
  );
});

it('sends an event with the same nonce when its append is retried', () => {
  const event = newEvent();
  const random = randomNonces();
  const [first, retry] = [1, 2].map(() => prepare('account-1', [event], NOW, 1_000_000, random).events);
  expect(retry).toEqual(first);
});

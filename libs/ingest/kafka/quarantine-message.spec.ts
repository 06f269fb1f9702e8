import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keptMessage, messageKept, quarantineNotice } from './quarantine-message.js';

describe('A notice for the quarantine topic', () => {
  it('names the entry and the place of the message, and nothing else', () => {
    const fault = { reason: 'invalid-data', field: '/data/ada', detail: 'about Ada' };
    const { key, value, headers } = quarantineNotice({ offset: '7' }, fault, { topic: 'facts', partition: 3 }, 'e-1');
    expect([key, value]).toEqual([null, null]);
    expect(headers.map(([name, text]) => [name, text.toString()])).toEqual([
      ['gatehouse_quarantine_reason', 'invalid-data'],
      ['gatehouse_quarantine_entry', 'e-1'],
      ['gatehouse_quarantine_topic', 'facts'],
      ['gatehouse_quarantine_partition', '3'],
      ['gatehouse_quarantine_offset', '7'],
    ]);
  });
});

describe('A message that is kept whole', () => {
  const any = fc.option(fc.uint8Array().map((array) => Buffer.from(array)));

  it('can be parsed back to the byte', () => {
    fc.assert(
      fc.property(any, any, fc.array(fc.tuple(fc.string(), any)), (key, value, pairs) => {
        const headers = pairs.map(([name, header]): [string, Buffer] => [name, header ?? Buffer.alloc(0)]);
        const message = { key, value, headers };
        expect(messageKept(JSON.parse(keptMessage(message).toString()))).toEqual(message);
      }),
    );
  });

  it('is distinguished from all other content of an entry', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (entry) => {
        fc.pre(!(typeof entry === 'object' && entry !== null && 'headers' in entry));
        expect(messageKept(entry)).toBeUndefined();
      }),
    );
    expect(messageKept({ key: null, value: 'x', headers: [['ce_id', 7]] })).toBeUndefined();
  });
});

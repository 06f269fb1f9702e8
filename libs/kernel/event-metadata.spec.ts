import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import type { EventMetadata } from './envelope.js';
import { metadataOf } from './event-metadata.js';

const actor = fc.constantFrom<EventMetadata['actor']>({ id: 'anna', kind: 'user' }, { kind: 'service', id: 'images' });
const text = fc.string({ unit: 'grapheme' });

it('makes metadata of what is given in the order of its canonical text, with a place for the nonce', () => {
  const given = fc.record(
    {
      ...{ actor, correlationid: text, schemaversion: fc.nat(), source: text, subject: text, time: text },
      ...{ causationid: text, dataschema: text, extensions: fc.constant({ region: 'eu' }), recordedat: text },
      ...{ offset: text, partition: fc.nat(), sourceid: text, traceparent: text, tracestate: text },
    },
    { requiredKeys: ['actor', 'correlationid', 'schemaversion', 'source', 'subject', 'time'] },
  );
  fc.assert(
    fc.property(given, (parts) => {
      const metadata = metadataOf(parts);
      const names = Object.keys(metadata);
      expect(names).toEqual([...names].sort());
      expect(names).toEqual([...Object.keys(parts), 'nonce'].sort());
      expect(canonicalJson(metadata)).toBe(canonicalJson(parts));
    }),
  );
});

it('leaves out what has no value', () => {
  const given = { actor: { id: 'a', kind: 'user' as const }, correlationid: 'c', schemaversion: 1, source: '/s' };
  const metadata = metadataOf({ ...given, subject: 'image-1', time: 't', sourceid: undefined, partition: undefined });
  expect(Object.keys(metadata)).toEqual([
    ...['actor', 'correlationid', 'nonce', 'schemaversion', 'source', 'subject', 'time'],
  ]);
});

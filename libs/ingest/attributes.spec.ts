import { expect, it } from '@jest/globals';
import { sentAttributes } from './attributes.js';

const sent = (attributes: Record<string, unknown>) =>
  sentAttributes({ id: 'a-1', ...attributes }, ['tenant', 'tier', 'odd']);

it('keeps a dataschema that is a URI, and the extensions that a setting names if their values are plain', () => {
  const dataschema = 'https://schemas.example/painted/2';
  const extensions = { tenant: 'studio', tier: 2, odd: false };
  expect(sent({ dataschema, ...extensions, author: 'Ada' })).toEqual({ sourceid: 'a-1', dataschema, extensions });
  for (const bad of ['/relative', 'a b', '', 7, null, `urn:${'x'.repeat(3_000)}`])
    expect(sent({ dataschema: bad })).toEqual({ sourceid: 'a-1' });
  for (const odd of ['', 'a\nb', 1.5, 2 ** 31, null, [], {}, 'x'.repeat(201)])
    expect(sent({ odd })).toEqual({ sourceid: 'a-1' });
});

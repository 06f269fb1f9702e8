import { expect, it } from '@jest/globals';
import { actorOf } from '../../libs/http/credentials/principal.js';
import { ImageShared } from '../../libs/images/index.js';
import type { IncomingEvent } from '../../libs/ingest/incoming-event.js';
import { toFact } from '../../libs/ingest/stored-form.js';

it('makes the metadata of a fact in the order of its canonical text, so that nothing has to be sorted', () => {
  const actor = actorOf({ kind: 'service', id: 'images', roles: ['service'], token: '9f3c' }, 'service');
  const event = {
    ...{ definition: ImageShared, type: ImageShared.type, identity: 'an-id', data: { imageId: 'img-1' } },
    ...{ source: '/images', sent: { sourceid: 'x-1' }, time: '2022-05-18T09:00:00.000Z', correlationid: 'c-1' },
  } as unknown as IncomingEvent;
  const { metadata } = toFact(event, { actor, correlationid: 'c-1' }, 0);
  for (const names of [Object.keys(metadata), Object.keys(metadata.actor)]) expect(names).toEqual([...names].sort());
  expect(Object.keys(metadata.actor)).toEqual(['id', 'kind', 'role', 'token']);
});

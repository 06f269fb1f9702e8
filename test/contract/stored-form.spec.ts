import { expect, it } from '@jest/globals';
import { actorOf } from '../../libs/http/credentials/principal.js';
import { ImageShared } from '../../libs/images/index.js';
import type { IncomingEvent } from '../../libs/ingest/incoming-event.js';
import { toFact } from '../../libs/ingest/stored-form.js';

it.each([
  ['from HTTP', {}, undefined],
  [
    'from Kafka, with all that an event can have',
    {
      sent: { sourceid: 'x-1', dataschema: 'https://images.example/v1', extensions: { region: 'eu' } },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=1',
    },
    { topic: 'facts', partition: 3, offsets: ['17'] },
  ],
])(
  'makes the metadata of a fact %s in the order of its canonical text, so that nothing has to be sorted',
  (_, more, origin) => {
    const actor = actorOf({ kind: 'service', id: 'images', roles: ['service'], token: '9f3c' }, 'service');
    const event = {
      ...{ definition: ImageShared, type: ImageShared.type, identity: 'an-id', data: { imageId: 'img-1' } },
      ...{ source: '/images', sent: { sourceid: 'x-1' }, time: '2022-05-18T09:00:00.000Z', correlationid: 'c-1' },
      ...more,
    } as unknown as IncomingEvent;
    const { metadata } = toFact(event, { actor, correlationid: 'c-1' }, 0, origin);
    for (const names of [Object.keys(metadata), Object.keys(metadata.actor)]) expect(names).toEqual([...names].sort());
    expect(Object.keys(metadata.actor)).toEqual(['id', 'kind', 'role', 'token']);
    expect(metadata).toMatchObject(
      origin ? { partition: 3, offset: '17', extensions: { region: 'eu' } } : { sourceid: 'x-1' },
    );
  },
);

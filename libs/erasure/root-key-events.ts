import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Line } from '../events/schemas.js';

const rotationId = EntityId('The rotation.');

export const RootKeyRotationRequested = defineEvent({
  type: 'RootKeyRotationRequested',
  version: 1,
  summary: 'Somebody asked that the key which encrypts the key store is replaced.',
  schema: eventData({ rotationId, reason: Line('Why. No personal data.', 1) }),
  example: { rotationId: '0195d3c0-6c1f-7bd0-9d4e-5a3f0a1b2c3d', reason: 'yearly' },
});

export const RootKeyRotated = defineEvent({
  type: 'RootKeyRotated',
  version: 1,
  summary:
    'The key store is encrypted by a new root key, which every living process uses. The former one decrypts nothing of it any more; copies of the key directory from before still need it.',
  schema: eventData({
    rotationId,
    keeper: Type.Enum(['setting', 'file', 'program'], { description: 'What keeps the root key.' }),
    keyEpoch: Count('The epoch of the key store with the new root key.'),
    processes: Count('How many processes acknowledged that they use it.'),
  }),
  example: { rotationId: '0195d3c0-6c1f-7bd0-9d4e-5a3f0a1b2c3d', keeper: 'file', keyEpoch: 13, processes: 3 },
});

/** The events of the single stream `rootkey`. */
export const rootKeyEvents = [RootKeyRotationRequested, RootKeyRotated];

export type RootKeyEvent = EventOf<(typeof rootKeyEvents)[number]>;

import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Line } from '../events/schemas.js';

const person = EntityId('Whose data: the account, or the name of a member of the staff.');
const reason = Line('Why. No personal data.', 1);
const keyEpoch = Count('The epoch of the key store that has the keys no more.');

export const ErasureRequested = defineEvent({
  type: 'ErasureRequested',
  version: 1,
  summary: 'Somebody asked for the erasure of a person’s data. It can be cancelled until it is started.',
  schema: eventData({ person, reason, dueAt: Instant('When it is to be started.') }),
  example: { person: 'acc-1', reason: 'the person asked for it', dueAt: '2022-05-21T10:20:00.000Z' },
});

export const ErasureCancelled = defineEvent({
  type: 'ErasureCancelled',
  version: 1,
  summary: 'Somebody cancelled an erasure before it was started.',
  schema: eventData({ person, reason }),
  example: { person: 'acc-1', reason: 'the person changed their mind' },
});

export const ErasureStarted = defineEvent({
  type: 'ErasureStarted',
  version: 1,
  summary: 'The keys of a person are about to be destroyed: the erasure can’t be cancelled any more.',
  schema: eventData({ person }),
  example: { person: 'acc-1' },
});

export const PersonalDataErased = defineEvent({
  type: 'PersonalDataErased',
  version: 1,
  summary:
    'The keys of a person are destroyed and every process has dropped them: nothing that was encrypted for the person can be decrypted. Copies of the keys remain in backups until these expire: of the key directory, and of a database that had keys in it.',
  schema: eventData({
    person,
    keyEpoch,
    processes: Count('How many processes acknowledged that they dropped the keys.'),
    backupsExpireAt: Instant('When the last backup that may have the keys has expired.'),
    databaseBackupsExpireAt: Type.Optional(
      Instant(
        'When the last backup of the database from before its keys were moved out of it has expired; absent if there is none.',
      ),
    ),
  }),
  example: {
    person: 'acc-1',
    keyEpoch: 12,
    processes: 3,
    backupsExpireAt: '2022-06-20T10:20:05.000Z',
  },
});

/** The events of the stream of a person's erasure. */
export const erasureEvents = [ErasureRequested, ErasureCancelled, ErasureStarted, PersonalDataErased];

export type ErasureEvent = EventOf<(typeof erasureEvents)[number]>;

const people = Type.Array(EntityId('A person.'), { maxItems: 1_000, description: 'Whose keys.' });

export const KeysDestroyed = defineEvent({
  type: 'KeysDestroyed',
  version: 1,
  summary:
    'Keys of personal data were destroyed. A key store of an earlier epoch still has them, so nothing starts with one.',
  schema: eventData({
    keyEpoch,
    people,
    dataClass: Type.Optional(Label('The class of data whose time of retention has passed, for everybody.')),
    through: Type.Optional(Label('The last month of that class, like `202205`.')),
    reason: Type.Optional(Line('Why, as somebody put it who applied retention.', 1)),
  }),
  example: { keyEpoch: 12, people: ['acc-1'] },
});

/** The events of the single stream `keys`. */
export const keyEvents = [KeysDestroyed];

export type KeyEvent = EventOf<(typeof keyEvents)[number]>;

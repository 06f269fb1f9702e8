import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import { SubjectEvents } from '../../libs/history/index.js';
import { storePlaces } from '../../libs/history/places/store-places.js';
import { factTypes, SUBJECT_INDEX } from '../../libs/history/places/subject-index.js';
import { READING_TYPES, subjectOf, subjectsOfPerson } from '../../libs/history/subjects.js';
import type { JsonObject, RecordedEvent } from '../../libs/kernel/envelope.js';
import { ENTITY_ID, LINE } from '../../libs/kernel/text-forms.js';
import { concerns } from '../support/concerned.js';
import { memoryLog } from '../support/memory-log.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Fields of events that name an account, or a member of the staff. */
const PEOPLE = [
  ...['accountId', 'accounts.*', 'answers.*.reviewer', 'approvedBy', 'by', 'filter.account', 'flaggedBy', 'people.*'],
  ...['flaggerId', 'person', 'proposedBy', 'reviewer', 'reviewers.*', 'sample.recordOf'],
];
/** Those that name an image, its case, or what has the id of its case. */
const IMAGES = ['appealId', 'caseId', 'cause', 'enforcementId', 'goldenId', 'imageId', 'skipped.*.caseId'];
const EITHER = ['entityId'];
/** Those that name neither: other things, or lines of text. */
const OTHERS = [
  ...[
    'authority',
    'because',
    'changeId',
    'clauses.*.title',
    'cohortId',
    'cohorts.*.cohortId',
    'compensates',
    'entryId',
  ],
  ...[
    'entries.*.legalGround',
    'entries.*.otherKeyword',
    'error',
    'errors.*',
    'exportId',
    'flagId',
    'holdId',
    'jobId',
    'lastEvent',
  ],
  ...['ahead.*.view', 'newKey', 'note', 'noticeId', 'oldKeys.*', 'origin', 'overrideId', 'parts.*.because', 'previous'],
  ...['promptCategory', 'queues.*.title', 'reason', 'reference', 'reportId', 'requestId', 'rotationId', 'statementId'],
  ...['submission.category_specification_other', 'submission.content_type_other', 'submission.puid', 'undoes', 'useId'],
  ...['batchId', 'disputeId', 'orderId', 'planId', 'ramp.planId', 'what'],
  // The name that somebody gave a token, and its id: whose it is, is its `person`.
  ...['name', 'tokenId'],
  // The last case of a part of a bulk job: what is done to a case is an event of it.
  'through',
];
const KNOWN = new Set([...PEOPLE, ...IMAGES, ...EITHER, ...OTHERS]);

interface Schema {
  type?: string;
  additionalProperties?: boolean;
  pattern?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}
const partsOf = ({ items, anyOf, properties }: Schema, path: readonly string[]): [Schema, readonly string[]][] => [
  ...(items ? [[items, [...path, '*']] as [Schema, string[]]] : []),
  ...(anyOf ?? []).map((one): [Schema, readonly string[]] => [one, path]),
  ...Object.entries(properties ?? {}).map(([name, one]): [Schema, string[]] => [one, [...path, name]]),
];

/** The strings in a schema that may hold an id or the name of somebody. */
function* names(schema: Schema, path: readonly string[] = []): Generator<string> {
  if (schema.pattern === ENTITY_ID || schema.pattern === LINE) yield path.join('.');
  for (const [part, at] of partsOf(schema, path)) yield* names(part, at);
}

/** Objects in a schema that may have members of other names than its own, each of which could be the name of somebody. */
function* maps(schema: Schema, path: readonly string[] = []): Generator<string> {
  const isText = schema.type !== undefined && schema.type !== 'object';
  const isForm =
    isText || schema.items !== undefined || schema.anyOf !== undefined || 'enum' in schema || 'const' in schema;
  if (!isForm && (!schema.properties || schema.additionalProperties !== false)) yield path.join('.');
  for (const [part, at] of partsOf(schema, path)) yield* maps(part, at);
}

const fields = new Set(catalogue.events.flatMap(({ schema }) => [...names(schema as Schema)]));
const people = ['acc-1', 'acc-2', 'rita', 'carl'];
const images = ['img-1', 'img-2', 'img-3'];

/** An event of a type with every field that its schema allows, which names some of these people and images. */
function anyEvent(gen: fc.GeneratorValue, position: number): RecordedEvent {
  const { type, schema } = gen(fc.constantFrom, ...catalogue.events);
  const value = (part: Schema, path: readonly string[]): unknown => {
    if (part.properties)
      return Object.fromEntries(
        Object.entries(part.properties).map(([name, one]) => [name, value(one, [...path, name])]),
      );
    if (part.items) {
      const { items } = part;
      return Array.from({ length: gen(fc.nat, { max: 2 }) }, () => value(items, [...path, '*']));
    }
    const at = path.join('.');
    if (PEOPLE.includes(at)) return gen(fc.constantFrom, ...people, 'acc-9');
    if (IMAGES.includes(at)) return gen(fc.constantFrom, ...images, 'img-9');
    return EITHER.includes(at) ? gen(fc.constantFrom, ...people, ...images) : 'other';
  };
  const actor = gen(
    fc.constantFrom,
    { kind: 'user', id: 'rita' },
    { kind: 'user', id: 'carl' },
    { kind: 'process', id: 'p' },
  );
  return {
    ...{ id: `e-${position}`, type, stream: 'shared', revision: position - 1, position },
    ...{ recordedAt: '2022-05-18T09:00:00.000Z', data: value(schema as Schema, []) as JsonObject },
    metadata: {
      ...{ source: '/test', subject: 'x', time: '2022-05-18T09:00:00.000Z', schemaversion: 1, correlationid: 'c' },
      actor: actor as RecordedEvent['metadata']['actor'],
    },
  };
}

describe('the fields of events', () => {
  it('are known where they may name a person or an image', () => {
    expect([...fields].filter((path) => !KNOWN.has(path))).toEqual([]);
    expect([...KNOWN].filter((path) => !fields.has(path))).toEqual([]);
  });

  it('have no names but those of their schemas: a map by names of people would name them where nobody looks', () => {
    const found = catalogue.events.flatMap(({ type, schema }) =>
      [...maps(schema as Schema)].map((path) => `${type} ${path}`),
    );
    expect(found).toEqual([]);
    const map = { type: 'object', patternProperties: { '^.*$': { type: 'number' } } };
    const open = { type: 'object', properties: { votes: map, anything: {} }, additionalProperties: false };
    expect([...maps(open)]).toEqual(['votes', 'anything']);
  });

  it('name what was read in events that say so', () => {
    const types = new Set(catalogue.events.map(({ type }) => type));
    expect([...READING_TYPES].filter((type) => !types.has(type))).toEqual([]);
  });
});

describe('what the index of subjects finds', () => {
  const facts = factTypes(catalogue.events);
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool(database.connection);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('is what a reading of the whole log finds, of each person, however far the index is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.nat({ max: 60 }), async (gen, count) => {
        const { events, store } = memoryLog();
        for (let position = 1; position <= count; position++) events.push(anyEvent(gen, position));
        const indexed = gen(fc.nat, { max: count });
        await pool.query('TRUNCATE history.places');
        await storePlaces(pool, events.slice(0, indexed), facts);
        await pool.query(
          `INSERT INTO projections.checkpoints (follower, lane, position) VALUES ($1, 0, $2)
           ON CONFLICT (follower, lane) DO UPDATE SET position = $2`,
          [SUBJECT_INDEX, indexed],
        );
        const subjects = new SubjectEvents(pool, store, facts);
        for (const person of people) {
          const own = new Set(gen(fc.subarray, images));
          const found: RecordedEvent[] = [];
          for (let isLast = false; !isLast; ) {
            const after = found.at(-1)?.position ?? 0;
            const page = await subjects.read(subjectsOfPerson(person, own), after, count, 7);
            found.push(...page.events);
            ({ isLast } = page);
          }
          expect(found).toEqual(events.filter((event) => concerns(person, own, event)));
          const read = await subjects.read(
            [...own, person].map((id) => subjectOf('read', id)),
            0,
            count,
            count + 1,
          );
          expect(read.events).toEqual(
            events.filter(
              (one) => READING_TYPES.has(one.type) && concerns(person, own, { ...one, metadata: {} as never }),
            ),
          );
        }
      }),
      { numRuns: 40 },
    );
  });
});

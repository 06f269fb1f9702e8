import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SUBJECT_INDEX } from '../../libs/history/places/subject-index.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let compliance: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  const service = await gatehouse.as('images', 'service');
  const join = (n: number) => cloudEvent('WaitlistJoined', { accountId: `acc-${n}`, email: `acc-${n}@x.org` });
  expect((await service.post('/v1/events', [1, 2, 3].map(join))).status).toBe(202);
  await gatehouse.settle();
  // Who read whose data is found by subjects that the first version of the index did not have.
  const olga = await gatehouse.as('olga', 'operator');
  for (const reason of ['invitations of May', 'invitations of June'])
    expect((await olga.post('/v1/waitlist/address-exports', { reason })).body.items).toHaveLength(3);
  await gatehouse.settle();
});
afterAll(() => gatehouse?.close());

const places = async () =>
  (await gatehouse.runtime.pool.query('SELECT subject, position::int FROM history.places ORDER BY 1, 2')).rows;
const ofFirstVersion = ({ subject }: { subject: string }) => !/^(?:entity|read|reader|person)-/.test(subject);

/** As a process of the first version does in an epoch that is new to it, and stops when it is replaced. */
async function indexAsFirstVersion(epoch: string, found: { subject: string; position: number }[], to: number) {
  const { pool, locks } = gatehouse.runtime;
  await locks.release(SUBJECT_INDEX);
  await pool.query('TRUNCATE history.places');
  await pool.query('UPDATE history.indexed SET epoch = $1', [epoch]);
  const own = found.filter((one) => ofFirstVersion(one) && one.position <= to);
  await pool.query('INSERT INTO history.places SELECT * FROM unnest($1::text[], $2::bigint[])', [
    own.map(({ subject }) => subject),
    own.map(({ position }) => position),
  ]);
  await pool.query('UPDATE projections.checkpoints SET position = $1 WHERE follower = $2', [to, SUBJECT_INDEX]);
}

it.each([
  ['as far as this version had been in the former epoch', 0],
  ['less far', 2],
])(
  'is whole after a process of the first version began another epoch during an update, and came %s',
  async (_, less) => {
    const before = await places();
    expect(before.some((one) => !ofFirstVersion(one))).toBe(true);
    const head = await gatehouse.runtime.store.head();
    await gatehouse.runtime.epoch.renew();
    await indexAsFirstVersion(gatehouse.runtime.epoch.current, before, head - less);
    const asked = () => compliance.get('/v1/accesses?reader=olga');
    expect(await asked()).toMatchObject({ status: 503, body: { type: expect.stringMatching('index-behind$') } });
    const beside = await gatehouse.beside();
    await beside.settle();
    await beside.close();
    const known = new Set(before.map(({ position }) => position));
    expect((await places()).filter(({ position }) => known.has(position))).toEqual(before);
    const { status, body } = await asked();
    expect([status, body.items?.length]).toEqual([200, 2]);
  },
);

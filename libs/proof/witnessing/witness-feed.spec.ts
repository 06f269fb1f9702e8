import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seedOf } from '../../../test/support/small-log.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { randomNonces } from '../../kernel/ids.js';
import { connectDatabase, type Database } from '../../platform/database/database.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { seedSigner } from '../keys/proof-signer.js';
import { LeafLog } from '../leaves/leaf-log.js';
import { leavesOfTables } from '../leaves/read-leaves.js';
import {
  newestCheckpoint,
  provingCheckpoint,
  pruneCheckpoints,
  publishedCheckpoint,
} from '../leaves/signed-checkpoints.js';
import { treeState } from '../leaves/stored-tree.js';
import { witnessRecords } from '../leaves/witness-records.js';
import { noteSigner, openNote, parseVerifier } from '../tlog/signed-note.js';
import { type PolicyWitness, parsePolicy } from '../tlog/trust-policy.js';
import { startWitness } from '../witness/start-witness.js';
import { type AskWitness, askWitness } from './witness-client.js';
import { WitnessFeed } from './witness-feed.js';

const ORIGIN = 'example.org/log/a';
const SEED = seedOf('a key for specs');
const SIGNER = noteSigner(ORIGIN, SEED);
const EVERY_MS = 1_000;

type RunningWitness = Awaited<ReturnType<typeof startWitness>>;

describe('the witnesses of a log', () => {
  let directory: string;
  let test: TestDatabase;
  let database: Database;
  let store: PostgresEventStore;
  let log: LogTail;
  let now: number;
  let refusals: string[];
  let running: RunningWitness[];
  let locks: LockSession[];

  beforeEach(async () => {
    [now, refusals, running, locks] = [0, [], [], []];
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-witnesses-'));
    test = await createTestDatabase();
    database = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec' });
    store = new PostgresEventStore(test.connection, undefined, randomNonces());
    log = new LogTail(store);
  });
  afterEach(async () => {
    await log.close();
    for (const one of locks) await one.close();
    for (const one of running) await one.close();
    await store.close();
    await database.dataSource.destroy();
    await test.drop();
    await rm(directory, { recursive: true });
  });

  async function newWitness(name: string): Promise<PolicyWitness> {
    const started = await startWitness({
      ...{ name: `${name}.example`, directory: join(directory, name), logs: [SIGNER], host: '127.0.0.1', port: 0 },
      failed: (error) => {
        throw error;
      },
    });
    running.push(started);
    return { name, key: parseVerifier(started.verifier, 'witness')!, url: started.url };
  }

  const feedOf = (witnesses: PolicyWitness[], ask: AskWitness = askWitness) =>
    new WitnessFeed(
      database.pool,
      ORIGIN,
      witnesses,
      EVERY_MS,
      { refused: (one) => refusals.push(one) },
      ask,
      () => now,
    );

  /** A process that starts, which asks the witnesses before it signs. */
  async function start(feed: WitnessFeed): Promise<LeafLog> {
    for (const one of locks.splice(0)) await one.close();
    const held = new LockSession(test.connection);
    locks.push(held);
    const options = {
      origin: ORIGIN,
      epoch: 'a',
      signers: [seedSigner(SEED)],
      askWitnesses: (unsigned: string) => feed.askSizes(unsigned),
    };
    const started = new LeafLog(database.pool, log, leavesOfTables(database.pool), held, options, {
      refused: (one) => refusals.push(one),
    });
    await started.processAll();
    return started;
  }

  const append = async (count: number) =>
    store.append([
      {
        stream: 'facts-0',
        expected: 'any',
        events: Array.from({ length: count }, (_, n) => newEvent('Tested', { n })),
      },
    ]);

  /** As after a restore of an old backup: the events, the leaves and the checkpoints of a while are gone. */
  async function cutOff(size: number): Promise<void> {
    const { pool } = database;
    await pool.query('DELETE FROM log.events WHERE position > $1', [size]);
    await pool.query('UPDATE log.head SET position = $1', [size]);
    await pool.query('UPDATE log.streams SET revision = $1', [size - 1]);
    await pool.query("UPDATE projections.checkpoints SET position = $1 WHERE follower = 'proof'", [size]);
    await pool.query('DELETE FROM proof.bundles');
    await pool.query('DELETE FROM proof.tiles');
    await pool.query('DELETE FROM proof.checkpoints WHERE size > $1', [size]);
    await pool.query('DELETE FROM proof.witnesses');
    await pool.query('UPDATE proof.tree SET size = 0, position = 0');
    await pool.query("UPDATE projections.checkpoints SET position = 0 WHERE follower = 'proof'");
    await log.close();
    await store.close();
    store = new PostgresEventStore(test.connection, undefined, randomNonces());
    log = new LogTail(store);
  }

  const signedSize = async () => (await newestCheckpoint(database.pool, ORIGIN))?.size;

  it('sign its newest checkpoint, which is then published with their signatures', async () => {
    const [anna, ben] = [await newWitness('anna'), await newWitness('ben')];
    const feed = feedOf([anna, ben]);
    const leaves = await start(feed);
    await append(300);
    await leaves.processAll();
    await feed.feed();
    const published = await publishedCheckpoint(database.pool, ORIGIN);
    const opened = openNote(published!.note, [SIGNER, anna.key, ben.key]);
    expect([published!.size, opened.keys.length, opened.times.size]).toEqual([300, 3, 2]);
    await append(500);
    await leaves.processAll();
    await feed.feed();
    expect(await witnessRecords(database.pool, ORIGIN)).toEqual(
      [anna, ben].map(({ name }) => expect.objectContaining({ name, size: 800, error: null, refusal: null })),
    );
  });

  it('are not asked again for what they have signed', async () => {
    let asked = 0;
    const feed = feedOf([await newWitness('anna')], (...given) => {
      asked++;
      return askWitness(...given);
    });
    const leaves = await start(feed);
    await append(3);
    await leaves.processAll();
    await feed.feed();
    const before = asked;
    await feed.feed();
    expect(asked).toBe(before);
  });

  it('make it refuse to sign once one has seen more than there is, and both sizes are named', async () => {
    const anna = await newWitness('anna');
    const feed = feedOf([anna]);
    const leaves = await start(feed);
    await append(300);
    await leaves.processAll();
    await feed.feed();
    await leaves.release();
    await cutOff(200);
    const again = await start(feedOf([anna]));
    expect(refusals[0]).toContain(
      'the witness anna has cosigned 300 leaves of example.org/log/a, and there are only 0',
    );
    expect(await treeState(database.pool)).toMatchObject({ size: 200 });
    expect(await signedSize()).toBe(0);
    // Also once it is longer than before.
    await append(150);
    await again.processAll();
    expect([(await treeState(database.pool)).size, await signedSize()]).toEqual([350, 0]);
    await again.release();
    await start(feedOf([anna]));
    expect(await signedSize()).toBe(0);
    // Who removes the witness decides that it is wrong.
    await start(feedOf([]));
    expect(await signedSize()).toBe(350);
  });

  it('make it refuse to sign once one has seen another log of that name, though it could not be asked at the start', async () => {
    const anna = await newWitness('anna');
    const feed = feedOf([anna]);
    const leaves = await start(feed);
    await append(300);
    await leaves.processAll();
    await feed.feed();
    await leaves.release();
    await cutOff(200);
    const away = { ...anna, url: 'http://127.0.0.1:9' };
    const again = await start(feedOf([away]));
    await append(150);
    await again.processAll();
    expect(await signedSize()).toBe(350);
    await feedOf([anna]).feed();
    expect(refusals).toEqual([expect.stringContaining('the witness anna has cosigned another log under the name')]);
    await append(1);
    await again.processAll();
    expect(await signedSize()).toBe(350);
  });

  it('never keep it from signing by refusing a proof from what they have signed themselves: that is their fault', async () => {
    const anna = await newWitness('anna');
    let isFaulty = false;
    const feed = feedOf([anna], async (...given) => (isFaulty ? { outcome: 'other-tree' } : askWitness(...given)));
    const leaves = await start(feed);
    await append(300);
    await leaves.processAll();
    await feed.feed();
    isFaulty = true;
    await append(5);
    await leaves.processAll();
    await feed.feed();
    await append(5);
    await leaves.processAll();
    expect([await signedSize(), refusals]).toEqual([310, []]);
    const [record] = await witnessRecords(database.pool, ORIGIN);
    expect(record).toMatchObject({ size: 300, refusal: null, error: expect.stringContaining('from 300 leaves') });
    // Without its signature nothing shows who is wrong.
    await database.pool.query('DELETE FROM proof.cosignatures');
    now += 10 * EVERY_MS;
    await feed.feed();
    expect(refusals).toEqual([expect.stringContaining('another log under the name')]);
  });

  it('let it sign again once one has signed all that it had seen', async () => {
    const anna = await newWitness('anna');
    const feed = feedOf([anna]);
    const leaves = await start(feed);
    await append(300);
    await leaves.processAll();
    await feed.feed();
    await database.pool.query("UPDATE proof.witnesses SET refusal = 'as after a wrong restore'");
    await append(5);
    await leaves.processAll();
    expect(await signedSize()).toBe(300);
    await leaves.release();
    const again = await start(feed);
    await feed.feed();
    await again.processAll();
    expect(await signedSize()).toBe(305);
  });

  it('never keep it from signing by being away, and are asked less and less often', async () => {
    let asked = 0;
    const away = { ...(await newWitness('anna')), url: 'http://127.0.0.1:9' };
    const feed = feedOf([away], (...given) => {
      asked++;
      return askWitness(...given);
    });
    const leaves = await start(feed);
    await append(3);
    await leaves.processAll();
    expect(await signedSize()).toBe(3);
    const times: number[] = [];
    for (now = 0; now < 60 * EVERY_MS; now += EVERY_MS) {
      const before = asked;
      await feed.feed();
      if (asked > before) times.push(now / EVERY_MS);
    }
    expect(times).toEqual([1, 3, 7, 15, 31]);
    const [record] = await witnessRecords(database.pool, ORIGIN);
    expect(record).toMatchObject({ name: 'anna', cosignedAt: null, error: expect.stringContaining('fetch failed') });
  });

  it('decide which checkpoint proves the most, and keep it when old ones are deleted', async () => {
    const anna = await newWitness('anna');
    const feed = feedOf([anna]);
    const leaves = await start(feed);
    await append(3);
    await leaves.processAll();
    await feed.feed();
    await append(4);
    await leaves.processAll();
    const { verifier } = running[0]!;
    const policy = parsePolicy(`witness anna ${verifier}\nquorum anna\n`);
    const proving = async (least: number) => (await provingCheckpoint(database.pool, ORIGIN, least, policy))?.size;
    expect([await proving(3), await proving(4), await proving(8)]).toEqual([3, 7, undefined]);
    await database.pool.query("UPDATE proof.checkpoints SET signed_at = now() - interval '2 days'");
    await pruneCheckpoints(database.pool);
    expect([await proving(1), await signedSize()]).toEqual([3, 3]);
  });
});

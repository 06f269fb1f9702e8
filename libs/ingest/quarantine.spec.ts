import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { connectDatabase } from '../platform/database/database.js';
import { PersonKeys } from '../platform/personal-data/person-keys.js';
import { StoredPersonKey } from '../platform/personal-data/stored-person-key.js';
import { Quarantine, type RejectedEvent } from './quarantine.js';
import type { QuarantineEntry } from './quarantine-entry.js';
import type { QuarantineLimits } from './quarantine-usage.js';
import { StoredQuarantineEntry } from './stored-quarantine-entry.js';

const START = Date.UTC(2026, 0, 31);
const now = { ms: START };
const clock = { now: () => now.ms };
const masterKey = randomBytes(32);
const SECRET = 'the address is ada@example.org';

let database: TestDatabase;
let dataSource: DataSource;
let pool: pg.Pool;
let quarantine: Quarantine;

const openQuarantine = (limits?: QuarantineLimits) =>
  new Quarantine(dataSource, new PersonKeys(dataSource, masterKey), timeOrderedIds(clock), clock, limits);

beforeAll(async () => {
  database = await createTestDatabase();
  const options = { applicationName: 'gatehouse-spec', entities: [StoredPersonKey, StoredQuarantineEntry] };
  ({ dataSource, pool } = await connectDatabase(database.connection, options));
});
beforeEach(async () => {
  await pool.query('TRUNCATE messaging.quarantine');
  now.ms = START;
  quarantine = openQuarantine();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const refused = (raw: string | Buffer, changes: Partial<RejectedEvent> = {}): RejectedEvent => ({
  channel: 'http',
  actor: 'image-service',
  id: 'a-1',
  source: '/images',
  type: 'ImageShared',
  reason: 'invalid-data',
  field: '/data/imageId',
  detail: 'is missing',
  raw: Buffer.from(raw),
  ...changes,
});

describe('Quarantine', () => {
  it('keeps a rejected event with its reason and bytes', async () => {
    const [id] = await quarantine.put([refused(SECRET)]);
    const entry = {
      id,
      channel: 'http',
      actor: 'image-service',
      eventId: 'a-1',
      source: '/images',
      type: 'ImageShared',
      reason: 'invalid-data',
      field: '/data/imageId',
      detail: 'is missing',
      bytes: SECRET.length,
      seen: 1,
      status: 'waiting',
      settledBy: null,
      firstSeenAt: toIso(START),
      lastSeenAt: toIso(START),
    };
    expect(await quarantine.list('waiting', 10)).toEqual([entry]);
    expect(await quarantine.show(id!)).toEqual({ ...entry, raw: Buffer.from(SECRET) });
  });

  it('returns any bytes unchanged to any process with the master key', async () => {
    const other = openQuarantine();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const raw = Buffer.from(bytes);
        const [id] = await quarantine.put([refused(raw)]);
        const shown = await other.show(id!);
        expect(shown.raw!.equals(raw)).toBe(true);
        expect(shown.bytes).toBe(raw.length);
      }),
      { numRuns: 30 },
    );
  });

  it('stores no part of the raw bytes in clear text', async () => {
    await quarantine.put([refused(SECRET)]);
    const { rows } = await pool.query('SELECT * FROM messaging.quarantine');
    const row = JSON.stringify(rows);
    for (const clear of [
      SECRET,
      'ada@example.org',
      Buffer.from(SECRET).toString('base64'),
      Buffer.from(SECRET).toString('hex'),
    ]) {
      expect(row).not.toContain(clear);
    }
    expect(rows[0].raw).toMatch(/^sealed:v1:[A-Za-z0-9_-]+$/);
    const stranger = new Quarantine(
      dataSource,
      new PersonKeys(dataSource, randomBytes(32)),
      timeOrderedIds(clock),
      clock,
    );
    await expect(stranger.show(rows[0].id)).rejects.toThrow();
  });

  it('encrypts with a key that no account’s erasure destroys', async () => {
    await quarantine.put([refused(SECRET)]);
    const people = await dataSource.query('SELECT person FROM platform.subject_keys');
    for (const { person } of people) expect(person).not.toMatch(/^[A-Za-z0-9][A-Za-z0-9._:~-]*$/);
    expect(people).not.toEqual([]);
  });

  it('counts repeated bytes instead of storing them twice, and keeps the newest reason', async () => {
    const [first] = await quarantine.put([refused('x')]);
    now.ms += 5_000;
    const again = refused('x', { reason: 'unknown-type', field: 'type', detail: 'is not known' });
    const [second, third] = await quarantine.put([again, again]);
    expect([second, third]).toEqual([first, first]);
    expect(await quarantine.list(undefined, 10)).toMatchObject([
      {
        seen: 3,
        reason: 'unknown-type',
        field: 'type',
        detail: 'is not known',
        firstSeenAt: toIso(START),
        lastSeenAt: toIso(START + 5_000),
      },
    ]);
  });

  it('stores the same bytes of two channels separately', async () => {
    const ids = await quarantine.put([refused('x'), refused('x', { channel: 'kafka' })]);
    expect(new Set(ids).size).toBe(2);
  });

  it('counts every one of many concurrent deliveries', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => openQuarantine().put([refused(`${n % 2}`)])));
    expect(new Set(ids.flat()).size).toBe(2);
    const entries = await quarantine.list('waiting', 10);
    expect(entries.map(({ seen }) => seen)).toEqual([10, 10]);
  });

  it('accepts a NUL, a lone surrogate and very long strings in every attribute', async () => {
    const odd = `a\u0000b\ud800${'x'.repeat(5_000)}`;
    const [id] = await quarantine.put([
      refused(odd, {
        channel: 'd\u0000',
        actor: odd,
        id: odd,
        source: odd,
        type: odd,
        reason: odd,
        field: odd,
        detail: odd,
      }),
    ]);
    const entry = await quarantine.show(id!);
    expect(entry.raw!.equals(Buffer.from(odd))).toBe(true);
    expect(entry.actor).toMatch(/^a\\u0000b\ufffdx{5000}$/);
    for (const text of [entry.eventId, entry.source, entry.type, entry.field, entry.detail]) expect(text).toBe(odd);
  });

  it('accepts an event without readable attributes', async () => {
    const [id] = await quarantine.put([refused('}{', { id: null, source: null, type: null })]);
    expect(await quarantine.show(id!)).toMatchObject({ eventId: null, source: null, type: null });
  });

  it('lists oldest first and page by page, without a gap or a repeat, whatever is deleted meanwhile', async () => {
    const ids: (string | undefined)[] = [];
    for (let n = 0; n < 9; n++) {
      ids.push(...(await quarantine.put([refused(`${n}`)])));
      if (n % 3 === 0) now.ms += 1_000; // several of one millisecond
    }
    const listed: QuarantineEntry[] = [];
    for (let page = await quarantine.list('waiting', 4); page.length > 0; ) {
      listed.push(...page);
      await pool.query('DELETE FROM messaging.quarantine WHERE id = $1', [page.at(-1)!.id]);
      page = await quarantine.list('waiting', 4, page.at(-1));
    }
    expect(listed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const times = (await quarantine.list('waiting', 100)).map((entry) => entry.firstSeenAt);
    expect(times).toEqual([...times].sort());
  });

  it('distinguishes waiting entries from replayed ones', async () => {
    const [a, b] = await quarantine.put([refused('a'), refused('b', { reason: 'unknown-type' })]);
    expect(await quarantine.waiting()).toEqual({ 'invalid-data': 1, 'unknown-type': 1 });
    await quarantine.markReplayed(a!, 'ada');
    expect((await quarantine.list('waiting', 10)).map(({ id }) => id)).toEqual([b]);
    expect((await quarantine.list('replayed', 10)).map(({ id }) => id)).toEqual([a]);
    expect(await quarantine.list(undefined, 10)).toHaveLength(2);
    expect(await quarantine.waiting()).toEqual({ 'unknown-type': 1 });
    expect(await quarantine.show(a!)).toMatchObject({ status: 'replayed', settledBy: 'ada' });
    expect(await quarantine.show(a!)).not.toHaveProperty('raw');
  });

  it('sets a replayed entry to waiting if its bytes are rejected again', async () => {
    const [id] = await quarantine.put([refused('a')]);
    await quarantine.markReplayed(id!, 'ada');
    await quarantine.put([refused('a')]);
    expect(await quarantine.show(id!)).toMatchObject({
      status: 'waiting',
      seen: 2,
      settledBy: null,
      raw: Buffer.from('a'),
    });
  });

  it('deletes the bytes of a discarded entry, which stays to be seen', async () => {
    const [id] = await quarantine.put([refused(SECRET)]);
    expect(await quarantine.discard(id!, 'ada')).toMatchObject({ id, status: 'discarded', settledBy: 'ada' });
    expect(await quarantine.show(id!)).not.toHaveProperty('raw');
    const { rows } = await pool.query('SELECT raw FROM messaging.quarantine');
    expect(rows).toEqual([{ raw: null }]);
    await quarantine.markReplayed(id!, 'bob');
    expect(await quarantine.discard(id!, 'bob')).toMatchObject({ status: 'discarded', settledBy: 'ada' });
    await expect(quarantine.discard('nope', 'ada')).rejects.toMatchObject({ code: 'quarantine-entry-unknown' });
  });

  it('keeps the bytes of each waiting entry, also if it is settled while the same bytes arrive again', async () => {
    const processes = [quarantine, openQuarantine(), openQuarantine()];
    for (let n = 0; n < 25; n++) {
      const again = refused(`again ${n}`);
      const [id] = await quarantine.put([again]);
      const settled = [
        () => quarantine.discard(id!, 'ada'),
        () => quarantine.markReplayed(id!, 'ada'),
        () => quarantine.resolve(() => [{ source: '/images', id: 'a-1' }], 'ada'),
      ];
      await Promise.all([...processes.map((one) => one.put([again])), settled[n % 3]!(), quarantine.put([again])]);
      const { status, raw } = await quarantine.show(id!);
      expect([n, status === 'waiting', raw?.toString()]).toEqual([n, raw !== undefined, raw && `again ${n}`]);
    }
  });

  it('resolves entries whose source and id are stored now, except those that reuse the id of another event', async () => {
    const [a] = await quarantine.put([refused('a'), refused('b', { id: 'b' }), refused('c', { reason: 'id-in-use' })]);
    await quarantine.resolve(
      () => [
        { source: '/Images', id: 'a-1' },
        { source: '/images', id: 'A-1' },
      ],
      'image-service',
    );
    expect(await quarantine.list('waiting', 10)).toHaveLength(3);
    await quarantine.resolve(() => [{ source: '/images', id: 'a-1' }], 'image-service');
    const resolved = await quarantine.list('resolved', 10);
    expect(resolved).toMatchObject([{ id: a, settledBy: 'image-service' }]);
    expect(await quarantine.list('waiting', 10)).toHaveLength(2);
  });

  it('keeps the bytes of an event that arrives again while its entry is discarded', async () => {
    const [id] = await quarantine.put([refused('x')]);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query("UPDATE messaging.quarantine SET status = 'discarded', raw = NULL WHERE id = $1", [id]);
      const again = quarantine.put([refused('x')]);
      const waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      await until(async () => (await pool.query(waiting)).rowCount! > 0);
      await client.query('COMMIT');
      expect(await again).toEqual([id]);
    } finally {
      client.release();
    }
    expect(await quarantine.show(id!)).toMatchObject({ status: 'waiting', seen: 2, raw: Buffer.from('x') });
  });

  it('counts every event that it keeps while it reads how many there are', async () => {
    const limits = { sourceBytes: 5_000, totalBytes: 5_000 };
    const small = openQuarantine(limits);
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => small.put([refused(`${n}`.padEnd(300))])));
    expect(ids.flat().filter((id) => id !== undefined)).toHaveLength(3);
  });

  it('keeps at most what the budgets of a source and of all allow', async () => {
    const limits = { sourceBytes: 5_000, totalBytes: 12_000 };
    const causes: string[] = [];
    const small = openQuarantine(limits);
    small.report = { notKept: (cause) => causes.push(cause) };
    const of = (source: string, n: number, reason = 'invalid-data') =>
      refused(`${source} ${n} ${reason}`, { source, reason, actor: 'detector' });
    const kept = async (events: RejectedEvent[]) => (await small.put(events)).filter((id) => id !== undefined).length;
    const many = (source: string, reason?: string) => Array.from({ length: 9 }, (_, n) => of(source, n, reason));
    // Events of a source that their sender may not send take the sender's budget.
    expect(await small.room()).toBe('free');
    expect(await kept(many('/images', 'source-not-allowed'))).toBe(4);
    expect(await kept(many('/images'))).toBe(4);
    // A repeat takes no room.
    expect(await kept([of('/images', 0), of('/images', 0)])).toBe(2);
    expect(await kept(many('/other'))).toBe(3);
    expect(await kept(many('/third'))).toBe(0);
    expect(causes).toHaveLength(9 + 9 + 9 + 9 - 11);
    expect(await small.room()).toBe('full');
    // What is settled makes room, in this process at once and in others within seconds.
    for (const { id, source } of await quarantine.list('waiting', 50))
      if (source === '/images') await small.discard(id, 'ada');
    expect(await kept(many('/third'))).toBe(4);
    const other = openQuarantine(limits);
    expect(await other.put([of('/third', 99)])).toEqual([undefined]);
  });

  it('deletes entries that were last seen before the retention, of every status', async () => {
    const [old, seen] = await quarantine.put([refused('a'), refused('b'), refused('c')]);
    await quarantine.discard(old!, 'ada');
    now.ms += 30 * DAY_MS;
    await quarantine.put([refused('b')]);
    expect(await quarantine.purge(30)).toBe(0);
    now.ms += 1;
    expect(await quarantine.purge(30)).toBe(2);
    expect(await quarantine.list(undefined, 10)).toMatchObject([{ id: seen }]);
  });

  it('keeps nothing, but fails for no caller, while its key is damaged', async () => {
    const [id] = await quarantine.put([refused('a')]);
    await pool.query(`UPDATE platform.subject_keys SET wrapped_key = '\\x00' WHERE person = '/quarantine'`);
    const causes: string[] = [];
    const damaged = openQuarantine();
    damaged.report = { notKept: (cause) => causes.push(cause) };
    expect(await damaged.put([refused('a'), refused('b')])).toEqual([id, undefined]);
    expect(causes).toEqual(['key']);
    await expect(damaged.show(id!)).rejects.toMatchObject({ code: 'quarantine-entry-unreadable', kind: 'refused' });
    expect(await damaged.entry(id!)).toMatchObject({ id, status: 'waiting' });
    expect(await damaged.discard(id!, 'ada').catch((error) => error)).toMatchObject({ status: 'discarded' });
    await pool.query(`DELETE FROM platform.subject_keys WHERE person = '/quarantine'`);
  });

  it('rejects an unknown or malformed entry id', async () => {
    for (const id of ['0196e0f0-0000-7000-8000-000000000001', 'nope', '', "'; DROP TABLE"]) {
      await expect(quarantine.show(id)).rejects.toMatchObject({ code: 'quarantine-entry-unknown', kind: 'not-found' });
    }
  });
});

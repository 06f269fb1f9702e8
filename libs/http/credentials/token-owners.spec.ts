import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { until } from '../../../test/support/until.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import { connectDatabase } from '../../platform/database/database.js';
import { OwnTokens1700000000130 } from '../../platform/database/schema.js';
import { StoredToken } from './stored-token.js';
import { TokenAdministration } from './token-administration.js';
import { TokenRegistry } from './token-registry.js';

let database: TestDatabase;
let dataSource: DataSource;
const START = Date.UTC(2026, 0, 1);
const now = { ms: START };
const clock = { now: () => now.ms };

beforeAll(async () => {
  database = await createTestDatabase();
  const options = { applicationName: 'gatehouse-spec', entities: [StoredToken] };
  ({ dataSource } = await connectDatabase(database.connection, options));
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  now.ms = START;
  await dataSource.query('DELETE FROM platform.tokens');
});

const registry = () => new TokenRegistry(dataSource, clock);
const wanted = (name: string, ...roles: string[]) => ({ name, roles, createdBy: 'setup' });
const actorOf = async (secret: string) => {
  const { kind, id } = (await registry().authenticate(secret))!;
  return `${kind}:${id}`;
};

describe('the owner of a token', () => {
  it.each([
    ['the person that it names', { ...wanted('ada-laptop', 'reviewer'), person: 'ada' }, 'user:ada'],
    ['the person of its name', wanted('ada', 'reviewer', 'operator'), 'user:ada'],
    ['the service of its name', wanted('web', 'service'), 'service:web'],
    ['the service of its name, if it reads metrics', wanted('prometheus', 'metrics'), 'service:prometheus'],
    ['the service of its name, if it does both', wanted('agent', 'service', 'metrics'), 'service:agent'],
    ['the person of its name, if it may decide something', wanted('bob', 'service', 'reviewer'), 'user:bob'],
    ['the person of its name, if it reads metrics too', wanted('eve', 'metrics', 'operator'), 'user:eve'],
    ['a person who reports events by hand', { ...wanted('ada-cli', 'service'), person: 'ada' }, 'user:ada'],
  ])('is %s', async (_, token, actor) => {
    expect(await actorOf((await registry().create(token)).secret)).toBe(actor);
  });

  it('is one actor with all tokens', async () => {
    const secrets = await Promise.all(
      ['laptop', 'phone'].map(async (name) => {
        const { secret } = await registry().create({ ...wanted(name, 'reviewer'), person: 'ada' });
        return secret;
      }),
    );
    expect(await Promise.all(secrets.map(actorOf))).toEqual(['user:ada', 'user:ada']);
  });

  it('has one spelling', async () => {
    await registry().create({ ...wanted('laptop', 'reviewer'), person: 'ada' });
    const others = [
      ['/person', { ...wanted('phone', 'reviewer'), person: 'Ada' }],
      ['/name', wanted('ADA', 'reviewer')],
      ['/name', wanted('ADA', 'service', 'reviewer')],
    ] as const;
    for (const [field, token] of others) {
      await expect(registry().create(token)).rejects.toMatchObject({
        errors: [{ field, message: expect.stringContaining('is known as ada') }],
      });
    }
  });

  it('has the spellings that an earlier version allowed, also if their tokens are revoked', async () => {
    const both = ['ada', 'Ada'];
    for (const name of both) {
      const { token } = await registry().create(wanted(name, 'reviewer'), undefined, true);
      await registry().revoke(token.id);
    }
    for (const name of both)
      expect(await actorOf((await registry().create(wanted(name, 'reviewer'))).secret)).toBe(`user:${name}`);
    await expect(registry().create(wanted('aDa', 'reviewer'))).rejects.toThrow('is known as');
  });

  it('has one spelling, however many tokens are created at once in several processes', async () => {
    const [here, there] = [registry(), registry()];
    const spellings = ['ada', 'Ada', 'ADA', 'aDa', 'adA', 'AdA', 'ADa', 'aDA'];
    const ended = await Promise.allSettled(
      spellings.flatMap((name) => [here, there].map((one) => one.create(wanted(name, 'reviewer'), () => one.list()))),
    );
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(new Set((await here.list()).map(({ person }) => person)).size).toBe(1);
  });

  it('refuses no administrator who has the machine', async () => {
    await registry().create(wanted('Administrator', 'reviewer'));
    const administration = new TokenAdministration(registry(), { record: async () => 1 });
    const start = { actor: { kind: 'process' as const, id: 'gatehouse' }, correlationid: 'start' };
    expect(await actorOf((await administration.createAdministrator(start)).secret)).toBe('user:administrator');
  });

  it('stays the actor that a token of an earlier version was', async () => {
    const [person, service] = [
      await registry().create(wanted('olga', 'operator')),
      await registry().create(wanted('web', 'service', 'reviewer')),
    ];
    const runner = dataSource.createQueryRunner();
    await new OwnTokens1700000000130().down(runner);
    await new OwnTokens1700000000130().up(runner);
    await runner.release();
    const listed = (await registry().list()).map(({ name, person: owner, expiresAt }) => [name, owner, expiresAt]);
    expect(listed.sort()).toEqual([
      ['olga', 'olga', null],
      ['web', null, null],
    ]);
    expect([await actorOf(person.secret), await actorOf(service.secret)]).toEqual(['user:olga', 'service:web']);
  });
});

describe('the expiry of a token', () => {
  it('refuses it from that moment on, cached or not, also while the database is away', async () => {
    const [used, unused] = [registry(), registry()];
    const { token, secret } = await used.create({ ...wanted('web', 'service'), expiresAt: toIso(START + 2_000) });
    expect(token.expiresAt).toBe(toIso(START + 2_000));
    expect(await used.authenticate(secret)).toBeDefined();
    now.ms = START + 1_999;
    expect(used.recent(secret)).toBeDefined();
    now.ms = START + 2_000;
    expect(used.recent(secret)).toBeUndefined();
    expect(await used.authenticate(secret)).toBeUndefined();
    expect(await unused.authenticate(secret)).toBeUndefined();
  });

  it.each([toIso(START), toIso(START - 1), '2026-02-30T00:00:00Z', 'tomorrow'])('can’t be %s', async (expiresAt) => {
    await expect(registry().create({ ...wanted('web', 'service'), expiresAt })).rejects.toMatchObject({
      errors: [{ field: '/expiresAt', message: `must be a time after now, ${toIso(START)}` }],
    });
  });
});

it('lists when a token was used last, to the minute', async () => {
  const tokens = registry();
  const { secret } = await tokens.create(wanted('web', 'service'));
  const lastUse = async () => (await tokens.list())[0]!.lastUsedAt;
  const usedAt = async (ms: number, writtenAt: number) => {
    now.ms = ms;
    await tokens.authenticate(secret);
    await until(async () => (await lastUse()) === toIso(writtenAt));
  };
  expect(await lastUse()).toBeNull();
  await usedAt(START + 1_000, START + 1_000);
  await usedAt(START + 60_999, START + 1_000);
  await usedAt(START + 70_000, START + 70_000);
  await tokens.authenticate(`${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`);
  expect(await lastUse()).toBe(toIso(START + 70_000));
});

describe('the last administrator', () => {
  const administrator = async (expiresAt?: number) => {
    const expiry = expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt) };
    return (await registry().create({ ...wanted('root', 'administrator'), ...expiry })).token.id;
  };
  const last = { code: 'last-administrator', kind: 'refused', message: expect.stringContaining('create another') };

  it('can’t be revoked while no other is valid for another day', async () => {
    const first = await administrator();
    await registry().create(wanted('olga', 'operator'));
    await administrator(START + DAY_MS - 1);
    await expect(registry().revoke(first)).rejects.toMatchObject(last);
    const second = await administrator();
    expect(await registry().revoke(first)).toMatchObject({ revokedAt: toIso(START) });
    await expect(registry().revoke(second)).rejects.toMatchObject(last);
  });

  it('is no reason to keep one that is revoked or has expired', async () => {
    const [first, second, short] = [await administrator(), await administrator(), await administrator(START + 1)];
    await registry().revoke(first);
    now.ms += 1;
    expect(await registry().revoke(first)).toMatchObject({ revokedAt: toIso(START) });
    expect(await registry().revoke(short)).toMatchObject({ revokedAt: toIso(START + 1) });
    await expect(registry().revoke(second)).rejects.toMatchObject(last);
  });

  it('stays, however many revoke one another at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3 }), async (admins, spared) => {
        await dataSource.query('DELETE FROM platform.tokens');
        const ids: string[] = [];
        for (let n = 0; n < admins; n++) ids.push(await administrator());
        await Promise.allSettled(ids.slice(spared).map((id) => registry().revoke(id)));
        const left = (await registry().list()).filter(({ revokedAt }) => revokedAt === null).length;
        expect(left).toBe(Math.max(1, Math.min(spared, admins)));
      }),
      { numRuns: 15, seed: 1 },
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { factTypes } from '../../libs/history/places/subject-index.js';
import { subjectsOf } from '../../libs/history/subjects.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { cliFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { wholeLog } from '../support/whole-log.js';

interface Shown {
  position: string;
  id: string;
  type: string;
  isLater: boolean;
  reason?: string;
  cause: { type: string; stream: string } | null;
  effects: { type: string; stream: string }[];
  changes: { of: string; path: string; before?: unknown; after?: unknown }[];
}
interface History {
  asOf: { position: string };
  states: { of: string; state: Record<string, unknown> | null }[];
  events: Shown[];
  nextCursor?: string;
  position: string;
}

let gatehouse: TestGatehouse;
let compliance: Client;
let service: Client;
let log: RecordedEvent[];

const history = async (path: string, query: Record<string, string> = {}): Promise<History> => {
  const { status, body } = await compliance.get(`/v1/audit/history/${path}?${new URLSearchParams(query)}`);
  expect([path, status, body.detail]).toEqual([path, 200, undefined]);
  return body;
};
const stateOf = ({ states }: History, name: string) => states.find(({ of }) => of === name)?.state;
const send = async (...events: unknown[]) => {
  const { body } = await service.post('/v1/events', events);
  expect(JSON.stringify(body)).not.toMatch(/refused|rejected|quarantined/);
};

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  service = await gatehouse.as('images', 'service');
  const { administrator } = gatehouse;
  const rita = await gatehouse.as('rita', 'reviewer');
  await administrator.put('/v1/rollout/rate', { perWeek: 100 });
  const accounts = [1, 2, 3].map((n) => `acc-${n}`);
  await send(...accounts.map((accountId) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@x.org` })));
  await administrator.post('/v1/cohorts', { cohortId: 'first', accounts: accounts.slice(0, 2) });
  await gatehouse.settle();
  await send(
    ...[1, 2, 3].map((n) => cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: `acc-${n}`, faces: true })),
    cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' }),
  );
  const flag = { flaggedBy: 'acc-3', flaggerKind: 'user', categories: ['violent'] };
  await send(...[1, 2].map((n) => cloudEvent('ContentFlagged', { imageId: `img-${n}`, ...flag })));
  await gatehouse.settle();
  expect((await judge(rita, 'img-1', 'unsafe')).status).toBe(200);
  expect((await judge(rita, 'img-2', 'safe')).status).toBe(200);
  await gatehouse.settle();
  await administrator.post('/v1/accounts/acc-1/reinstatement', { reason: 'a-mistake' });
  await gatehouse.settle();
  log = await wholeLog(gatehouse.runtime.store);
});
afterAll(() => gatehouse?.close());

describe('the history of a subject', () => {
  it('has every event that concerns it, in every stream, and no other', async () => {
    const facts = factTypes(gatehouse.runtime.catalogue.events);
    const subjects = new Map<string, string[]>();
    for (const event of log)
      for (const subject of subjectsOf(event, facts.has(event.type)))
        subjects.set(subject, [...(subjects.get(subject) ?? []), event.id]);
    for (const [kind, id] of [
      ...['account/acc-1', 'account/acc-2', 'account/acc-3', 'cohort/first', 'case/img-1', 'case/img-2'],
      ...['clause/violent', 'person/rita', 'person/acc-3'],
    ].map((path) => path.split('/') as [string, string])) {
      const { events, position } = await history(`${kind}/${id}`);
      expect([kind, id, events.map((one) => one.id)]).toEqual([kind, id, subjects.get(`${kind}-${id}`)]);
      expect(position).toBe(String(log.at(-1)!.position));
    }
  });

  it('says what each event changed, because of what, and what it led to in other streams', async () => {
    const { events } = await history('image/img-1');
    const confirmed = events.find(({ type }) => type === 'ReviewConfirmed')!;
    expect(confirmed.changes).toContainEqual({
      ...{ of: 'case-img-1', path: '/status' },
      ...{ before: expect.any(String), after: 'confirmed' },
    });
    expect(confirmed.effects).toContainEqual(expect.objectContaining({ stream: 'enforcement-img-1' }));
    const opened = events.find(({ type }) => type === 'CaseOpened')!;
    expect(opened.cause).toMatchObject({ type: 'ContentFlagged', stream: expect.stringMatching(/^facts-/) });
    const deactivated = (await history('account/acc-1')).events.find(({ type }) => type === 'AccountDeactivated')!;
    expect(deactivated).toMatchObject({ cause: { type: 'ReviewConfirmed', stream: 'case-img-1' } });
    const [reinstated] = (await history('account/acc-1')).events.filter(({ type }) => type === 'AccountReinstated');
    expect(reinstated).toMatchObject({ reason: 'a-mistake', isLater: false });
  });

  it('is, as of each position, a replay that is cut there', async () => {
    const { rebuilder, catalogue } = gatehouse.runtime;
    const [images, cases] = ['images', 'cases'].map((name) => catalogue.views.find((view) => view.name === name)!);
    for (const { position } of log.filter((_, n) => n % 4 === 0)) {
      const at = String(position);
      const answers = {
        images: await history('image/img-1', { asOf: at }),
        cases: await history('case/img-1', { asOf: at }),
      };
      const rows = await rebuilder.readAt([images!, cases!], position, async (db) => {
        const rowOf = async (view: typeof images) => {
          const text = `SELECT to_jsonb(t) AS row FROM ${viewTable(view!)} t WHERE ${view!.table.key} = 'img-1'`;
          return (await db.query({ text })).rows[0]?.row ?? null;
        };
        return { images: await rowOf(images), cases: await rowOf(cases) };
      });
      for (const [view, name] of [
        [images!, 'images'],
        [cases!, 'cases'],
      ] as const) {
        const shown = stateOf(answers[name], name);
        const same = (row: Record<string, unknown> | null | undefined) =>
          row &&
          Object.fromEntries(
            Object.entries(view.table.columns).map(([column, { type }]) => [
              column,
              type === 'timestamptz' && row[column] ? Date.parse(row[column] as string) : row[column],
            ]),
          );
        expect([at, name, same(shown)]).toEqual([at, name, same(rows[name])]);
      }
      const account = await compliance.get(`/v1/accounts/acc-1?asOf=${at}`);
      const state = stateOf(await history('account/acc-1', { asOf: at }), 'account-acc-1');
      if (account.status === 404) expect(state).toMatchObject({ status: 'unknown' });
      else expect(state).toMatchObject({ status: account.body.status, deactivated: account.body.deactivated });
    }
  });

  it('marks what came later, by the position or by the time of the events', async () => {
    const flagged = log.find(({ type }) => type === 'ContentFlagged')!;
    const byPosition = await history('image/img-1', { asOf: String(flagged.position) });
    for (const { position, isLater } of byPosition.events) expect(isLater).toBe(Number(position) > flagged.position);
    expect(stateOf(byPosition, 'case-img-1')).toMatchObject({ status: 'none' });
    await send(
      cloudEvent('ImageGenerated', { imageId: 'img-late', accountId: 'acc-3' }, { time: '2022-05-18T09:00:00Z' }),
      cloudEvent('ImageShared', { imageId: 'img-late', accountId: 'acc-3' }, { time: '2021-05-18T09:00:00Z' }),
    );
    const asOf = '2022-01-01T00:00:00Z';
    const happened = await history('image/img-late', { asOf, by: 'event-time' });
    expect(happened.events.map(({ type, isLater }) => [type, isLater])).toEqual([
      ['ImageShared', false],
      ['ImageGenerated', true],
    ]);
    expect((await history('image/img-late', { asOf })).events.map(({ isLater }) => isLater)).toEqual([true, true]);
  });

  it('is read in pages that have the same events as one', async () => {
    const whole = await history('account/acc-1');
    const paged: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: History = await history('account/acc-1', { limit: '3', ...(cursor && { cursor }) });
      paged.push(...page.events.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(whole.events.map(({ id }) => id));
  });

  it('is there for what there is one of, and unknown for an id that no event has', async () => {
    const rollout = await history('rollout');
    expect(rollout.events[0]).toMatchObject({ type: 'OnboardingRateSet', changes: expect.any(Array) });
    expect(await compliance.get('/v1/audit/history/account/nobody')).toMatchObject({
      ...{ status: 404, body: { type: expect.stringMatching(/history-unknown$/) } },
    });
    for (const path of ['horse/acc-1', 'horse', 'account/acc-1?by=event-time&asOf=1', 'account/acc-1?asOf=now'])
      expect([path, (await compliance.get(`/v1/audit/history/${path}`)).status]).toEqual([path, 400]);
  });

  it('is shown by the command line', async () => {
    const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const shown = await cli.run('audit', 'account', 'acc-1');
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toMatch(
      /AccountDeactivated[\s\S]*caused by[\s\S]*AccountReinstated {2}account-acc-1 .*because: a-mistake/,
    );
    const json = (await cli.run('audit', 'rollout', '--at', '1', '--json')).json() as unknown as History;
    expect(json.asOf.position).toBe('1');
  });
});

describe('a search', () => {
  const found = async (path: string, query: Record<string, string> = {}): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for (let after = '0', atHead = false; !atHead; ) {
      const { status, body } = await compliance.get(`/v1/audit/${path}?${new URLSearchParams({ ...query, after })}`);
      expect([path, query, status, body.detail]).toEqual([path, query, 200, undefined]);
      events.push(...body.events);
      ({ next: after, atHead } = body);
    }
    return events;
  };
  const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);
  const whole = () => wholeLog(gatehouse.runtime.store);
  const named = ({ data }: RecordedEvent) => [data.categories ?? [], data.clause ?? []].flat();

  it.each<[string, Record<string, string>, (event: RecordedEvent) => boolean]>([
    ['type', { types: 'VerdictGiven,CaseOpened' }, ({ type }) => ['VerdictGiven', 'CaseOpened'].includes(type)],
    ['actor', { actor: 'rita' }, ({ metadata }) => metadata.actor.id === 'rita'],
    ['actor of facts', { actor: 'images', types: 'ImageGenerated' }, ({ type }) => type === 'ImageGenerated'],
    ['clause', { clause: 'violent' }, (event) => named(event).includes('violent')],
    ['subject', { subject: 'cohort-first' }, ({ data }) => data.cohortId === 'first'],
    ['path', { path: '$.data.faces' }, ({ data }) => 'faces' in data],
    [
      'path and value',
      { path: '$.data.categories[*]', value: 'violent' },
      ({ data }) => [data.categories ?? []].flat().includes('violent'),
    ],
    [
      'all together',
      { actor: 'rita', clause: 'violent', subject: 'case-img-1', types: 'VerdictGiven', path: '$.data.reviewer' },
      ({ type, data }) => type === 'VerdictGiven' && data.caseId === 'img-1',
    ],
  ])('by %s finds all that match, in pages of any size', async (_, query, matches) => {
    const wanted = ids((await whole()).filter(matches));
    expect(wanted.length).toBeGreaterThan(0);
    for (const limit of ['1', '3', '2000'])
      expect([limit, ids(await found('events', { ...query, limit }))]).toEqual([limit, wanted]);
  });

  it('is bounded by times', async () => {
    const all = await whole();
    const middle = all[Math.floor(all.length / 2)]!.recordedAt;
    const before = await found('events', { to: middle });
    expect(ids(before)).toEqual(ids(all.filter(({ recordedAt }) => recordedAt <= middle)));
    expect(ids(await found('events', { from: middle }))).toEqual(
      ids(all.filter(({ recordedAt }) => recordedAt >= middle)),
    );
  });

  it('refuses what it can’t search by', async () => {
    for (const query of ['types=Nonsense', 'value=1', 'path=data', 'subject=horse-1', 'after=999999999x'])
      expect([query, (await compliance.get(`/v1/audit/events?${query}`)).status]).toEqual([query, 400]);
  });

  it('shows everything that a person did, reads included, also by a token', async () => {
    const reads = await compliance.post('/v1/cohorts/first/address-exports', { reason: 'invitations' });
    expect(reads.status).toBe(403);
    const { administrator } = gatehouse;
    expect((await administrator.post('/v1/cohorts/first/address-exports', { reason: 'invitations' })).status).toBe(200);
    const acts = (await found('who/administrator')) as (RecordedEvent & { isRead: boolean })[];
    const wanted = (await whole()).filter(({ metadata }) => metadata.actor.id === 'administrator');
    expect(ids(acts)).toEqual(ids(wanted));
    expect(acts.filter(({ isRead }) => isRead).map(({ type }) => type)).toEqual(['AddressRead']);
    const { token } = acts[0]!.metadata.actor;
    expect(ids(await found(`who/${token}`))).toEqual(ids(acts));
    expect(await found('who/nobody')).toEqual([]);
  });

  it('is exported by the command line, an event a line, and resumed', async () => {
    const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const lines = async (...more: string[]) =>
      (await cli.run('audit', 'search', '--clause', 'violent', '--json', ...more)).stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { id: string; position: string });
    const all = await lines();
    expect(ids(all)).toEqual(ids(await found('events', { clause: 'violent' })));
    const first = await lines('--limit', '2');
    expect(ids([...first, ...(await lines('--after', first.at(-1)!.position))])).toEqual(ids(all));
    const following = cli.start('audit', 'search', '--clause', 'violent', '--follow', '--json');
    await following.says(all.at(-1)!.id);
    const flag = { imageId: 'img-3', flaggedBy: 'acc-2', flaggerKind: 'user', categories: ['violent'] };
    await send(cloudEvent('ContentFlagged', flag));
    const [flagged] = (await found('events', { clause: 'violent', subject: 'image-img-3' })).slice(-1);
    await following.says(flagged!.id);
    following.interrupt();
    expect((await following.ended).code).toBe(0);
    expect((await cli.run('audit', 'who', 'rita')).stdout).toMatch(/^did .*VerdictGiven/m);
  });
});

describe('the index of subjects', () => {
  const places = async () =>
    (await gatehouse.runtime.pool.query('SELECT subject, position::int FROM history.places ORDER BY 1, 2')).rows;

  it('finds events that it lacks in the log', async () => {
    const before = await history('account/acc-1');
    await send(cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' }));
    const after = await history('account/acc-1');
    expect(after.events.length).toBe(before.events.length + 1);
    await gatehouse.settle();
    expect((await history('account/acc-1')).events).toEqual(after.events);
  });

  it('is made anew, and the same, for a log that has none and for one in another epoch', async () => {
    await gatehouse.settle();
    const before = await places();
    expect(before.length).toBeGreaterThan(log.length);
    const { pool } = gatehouse.runtime;
    await pool.query(`DELETE FROM projections.checkpoints WHERE follower = 'subject-index'`);
    await pool.query(`INSERT INTO history.places VALUES ('account-ghost', 1)`);
    await pool.query(`UPDATE history.indexed SET epoch = 'another'`);
    const beside = await gatehouse.beside();
    await gatehouse.runtime.locks.release('subject-index');
    await beside.settle();
    await beside.close();
    expect(await places()).toEqual(before);
  });

  it('indexes again what an earlier release has indexed, while histories are read', async () => {
    await gatehouse.settle();
    const before = await places();
    const { pool, locks } = gatehouse.runtime;
    await pool.query(`DELETE FROM history.places WHERE subject ~ '^(?:entity|read|reader|person)-'`);
    await pool.query('UPDATE history.indexed SET version = 1, reached = 0, filled = 0, fill_to = 0');
    expect((await history('account/acc-1')).events.length).toBeGreaterThan(0);
    const asked = () => compliance.get('/v1/accesses?reader=rita');
    expect(await asked()).toMatchObject({ status: 503, body: { type: expect.stringMatching('index-behind$') } });
    expect(await compliance.post('/v1/persons/acc-1/exports', { reason: 'r-1' })).toMatchObject({ status: 503 });
    await send(cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' }));
    const beside = await gatehouse.beside();
    await locks.release('subject-index');
    await beside.settle();
    await beside.close();
    const known = new Set(before.map(({ position }) => position));
    expect((await places()).filter(({ position }) => known.has(position))).toEqual(before);
    expect(await asked()).toMatchObject({ status: 200, body: { atHead: true } });
    expect(await compliance.post('/v1/persons/acc-1/exports', { reason: 'r-1' })).toMatchObject({ status: 200 });
  });

  it('indexes again what an older process has indexed in between', async () => {
    const before = await places();
    const { pool, locks } = gatehouse.runtime;
    const half = Math.floor(log.length / 2);
    await pool.query(`DELETE FROM history.places WHERE subject ~ '^person-' AND position > $1`, [half]);
    await pool.query('UPDATE history.indexed SET reached = $1', [half]);
    // Until a process of this release owns the index again, answers that must lack nothing are refused.
    const asked = () => compliance.get('/v1/accesses?reader=rita');
    expect(await asked()).toMatchObject({ status: 503, body: { type: expect.stringMatching('index-behind$') } });
    const beside = await gatehouse.beside();
    await locks.release('subject-index');
    await beside.settle();
    await beside.close();
    const known = new Set(before.map(({ position }) => position));
    expect((await places()).filter(({ position }) => known.has(position))).toEqual(before);
    expect(await asked()).toMatchObject({ status: 200, body: { atHead: true } });
  });
});

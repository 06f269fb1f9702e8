import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CaseFactsReader } from '../../libs/review/features/case-facts.js';
import { VerdictClosing } from '../../libs/review/processes/verdict-closing.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const HOUR_MS = 3_600_000;

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let readers: Record<string, Client>;
let lena: Client;

/** A case in each state that it can be in. */
beforeAll(async () => {
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: {
      GATEHOUSE_VERDICT_WINDOW_MS: String(HOUR_MS),
      GATEHOUSE_SCHEDULER: 'off',
      GATEHOUSE_REVIEW_PANEL: '2',
      GATEHOUSE_CLAIMS_PER_REVIEWER: '0',
    },
  });
  const { administrator, settle } = gatehouse;
  const service = await gatehouse.as('images', 'service');
  lena = await gatehouse.as('lena', 'lead');
  const [rita, rob] = [await gatehouse.as('rita', 'reviewer'), await gatehouse.as('rob', 'reviewer')];
  readers = { lena, rita, rob, service, compliance: await gatehouse.as('cora', 'compliance') };
  await administrator.post('/v1/policy', {
    version: '1',
    clauses: [
      { id: 'violent', title: 'No violence', severity: 2 },
      { id: 'hate', title: 'No hate', severity: 1 },
    ],
  });
  const states = [
    'open',
    'claimed',
    'ended',
    'held',
    'due-again',
    'escalated',
    'judged',
    'safe',
    'unsafe',
    'problem',
    'again',
  ];
  for (const [n, imageId] of states.entries()) {
    // Of some images nothing but the flag is known.
    const time = new Date(now - n * HOUR_MS).toISOString();
    if (n % 3 > 0)
      await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId, accountId: `acc-${n}` }, { time }));
    const flag = {
      imageId,
      flaggedBy: 'acc-90',
      flaggerKind: 'user',
      categories: n % 2 ? ['violent'] : ['hate', 'violent'],
    };
    for (const flaggedBy of ['acc-90', 'acc-90', 'acc-91'])
      await service.post('/v1/events', cloudEvent('ContentFlagged', { ...flag, flaggedBy }));
  }
  await settle();
  const claim = async (by: Client, id: string): Promise<number> => (await by.post(`/v1/cases/${id}/claim`)).body.token;
  const hold = async (id: string, hours: number) => {
    const until = new Date(now + hours * HOUR_MS).toISOString();
    expect((await rita.post(`/v1/cases/${id}/hold`, { token: await claim(rita, id), until })).status).toBe(200);
  };
  for (const reviewer of [rita, rob]) {
    await judge(reviewer, 'safe', 'safe');
    await judge(reviewer, 'unsafe', 'unsafe');
    await judge(reviewer, 'problem', 'model-problem');
    await judge(reviewer, 'again', 'safe');
  }
  await hold('due-again', 2);
  await claim(rob, 'ended');
  now += 2 * HOUR_MS + 60_000;
  await judge(rita, 'judged', 'safe');
  await hold('held', 2);
  await rita.post('/v1/cases/escalated/escalate', { token: await claim(rita, 'escalated') });
  await settle();
  const { pool, transactor, logger } = gatehouse.runtime;
  await new VerdictClosing(pool, transactor, gatehouse.app.get(CaseFactsReader), { now: () => now }, logger).tick();
  await lena.post('/v1/cases/again/reopen', { reason: 'the clause was clarified' });
  await claim(rob, 'claimed');
  await settle();
});
afterAll(() => gatehouse.close());

const listed = async (by: Client, query = ''): Promise<{ caseId: string; position: string }[]> =>
  (await by.get(`/v1/cases?limit=500${query}`)).body.items;

describe('a list of cases', () => {
  it('has of each case what the answer about the case has, to each reader', async () => {
    for (const [name, reader] of Object.entries(readers)) {
      const items = await listed(reader);
      expect([name, items.length]).toEqual([name, 11]);
      for (const { position, ...item } of items) {
        const { body } = await reader.get(`/v1/cases/${item.caseId}`);
        expect([name, body]).toEqual([name, expect.objectContaining(item)]);
        expect(Number(body.position)).toBeLessThanOrEqual(Number(position));
      }
    }
    const statuses = Object.fromEntries(
      (await listed(lena)).map((one) => [one.caseId, (one as { status?: string }).status]),
    );
    expect(statuses).toMatchObject({ claimed: 'claimed', ended: 'open', safe: 'dismissed', unsafe: 'confirmed' });
    expect(statuses).toMatchObject({ problem: 'model-problem', again: 'open', judged: 'open' });
  });

  it('names the account of each image that is known', async () => {
    for (const { caseId } of await listed(lena)) {
      const image = await gatehouse.administrator.get(`/v1/images/${caseId}`);
      const accountId = image.status === 200 ? image.body.accountId : null;
      expect((await listed(lena)).find((one) => one.caseId === caseId)).toMatchObject({ accountId });
      expect((await lena.get(`/v1/cases/${caseId}`)).body).toMatchObject({ accountId });
    }
  });

  it('is in the order that is asked for, and has an exact count and facets if they are', async () => {
    const ids = async (query: string) => (await listed(lena, query)).map(({ caseId }) => caseId);
    const opened = await ids('&sort=opened');
    expect(await ids('')).toEqual(opened);
    expect(await ids('&sort=opened&order=desc')).toEqual([...opened].reverse());
    expect((await ids('&sort=changed'))[0]).toBe('claimed');
    expect(await ids('&status=open&sort=priority')).toEqual(await ids('&status=open'));
    const { body } = await lena.get('/v1/cases?limit=1&status=open&include=count,facets');
    expect(body).toMatchObject({ count: (await ids('&status=open')).length, items: [{ status: 'open' }] });
    const facets = new Map(body.facets.status.map((one: { value: string; count: number }) => [one.value, one.count]));
    for (const status of ['open', 'claimed', 'confirmed', 'dismissed', 'model-problem'])
      expect([status, facets.get(status)]).toEqual([status, (await ids(`&status=${status}`)).length]);
    expect(Object.keys(body.facets).sort()).toEqual(['category', 'escalated', 'origin', 'queue', 'reviewer', 'status']);
    expect((await lena.get('/v1/cases')).body).not.toHaveProperty('count');
    expect((await lena.get('/v1/cases?include=count')).body).not.toHaveProperty('facets');
  });

  it('counts exactly while cases change, as the view has them', async () => {
    for (const [reviewer, mine] of [
      ['rita', true],
      ['rob', true],
      ['lena', false],
    ] as const) {
      const query = mine ? '&mine=true' : '';
      const { body } = await readers[reviewer]!.get(`/v1/cases?limit=500&include=count,facets${query}`);
      expect([reviewer, body.count]).toEqual([reviewer, body.items.length]);
    }
    // Rob has not judged the case that Rita has: that she has judged it is not for him to know.
    const ofRita = async (by: Client) =>
      (await by.get('/v1/cases?include=facets&status=open')).body.facets.reviewer.find(
        ({ value }: { value: string }) => value === 'rita',
      );
    const known = (await listed(readers.rob!, '&status=open&reviewer=rita')).length;
    expect((await ofRita(readers.rob!))?.count ?? 0).toBe(known);
    expect((await ofRita(lena)).count).toBe((await listed(lena, '&status=open&reviewer=rita')).length);
    expect((await ofRita(lena)).count).toBeGreaterThan(known);
    expect((await readers.rob!.get('/v1/cases?include=facets')).body.facets).not.toHaveProperty('origin');
  });

  it.each([
    ['sort=priority', 'sort'],
    ['sort=reviewer', 'sort'],
    ['order=down', 'order'],
    ['include=all', 'include'],
    ['include=count,count,facets', 'include'],
  ])('refuses %s', async (query, field) => {
    const { status, body } = await lena.get(`/v1/cases?${query}`);
    expect([status, body.errors.map((one: { field: string }) => one.field)]).toEqual([400, [field]]);
  });

  it('is printed by the command line with its count and facets', async () => {
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const all = ['case', 'list', '--status', 'any', '--sort', 'changed', '--order', 'asc', '--count', '--facets'];
    const { code, stdout } = await cli.run(...all, '--limit', '2');
    expect([code, stdout]).toEqual([0, expect.stringContaining('11 cases match')]);
    expect(stdout).toMatch(/queue +default +11/);
    expect((await cli.run(...all, '--json')).json()).toMatchObject({
      count: 11,
      facets: { queue: [{ value: 'default', count: 11 }] },
    });
    expect((await cli.run('case', 'list', '--json')).json()).not.toHaveProperty('count');
  });
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { exportLog } from '../../libs/log-transfer/export-log.js';
import { importLog } from '../../libs/log-transfer/import-log.js';
import { renderReport } from '../../libs/reports/queries/report-document.js';
import { ReportFigures } from '../../libs/reports/queries/report-figures.js';
import { commandLineFor } from '../support/cli-process.js';
import { type EventStoreDBProcess, startEventStoreDB } from '../support/eventstoredb/server-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const cleanUp: (() => Promise<unknown>)[] = [];
let folder: string;
const path = (...names: string[]) => join(folder, ...names);

async function start(keep: 'PostgreSQL' | 'EventStoreDB'): Promise<TestGatehouse> {
  let server: EventStoreDBProcess | undefined;
  if (keep === 'EventStoreDB') {
    server = await startEventStoreDB();
    cleanUp.push(async () => server!.stop());
  }
  const gatehouse = await startGatehouse(server && { env: { GATEHOUSE_EVENTSTORE_URL: server.url } });
  cleanUp.push(() => gatehouse.close());
  return gatehouse;
}

const commandsOf = ({ url, administratorToken: token }: TestGatehouse) => {
  const cli = commandLineFor({ url, token });
  return async (...args: string[]) => {
    const result = await cli.run(...args, '--json');
    expect([args, result.code, result.stderr]).toEqual([args, 0, '']);
    return result.json();
  };
};

/** What the log counts, from the second event of a batch on too. */
async function fill(gatehouse: TestGatehouse, service: Client, first: number): Promise<void> {
  const images = [first, first + 1, first + 2].map((n) => ({ imageId: `img-${n}`, accountId: `acc-${n}` }));
  const flag = { imageId: `img-${first}`, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['hate'] };
  const sent = [
    ...images.map((image) => cloudEvent('ImageGenerated', image)),
    ...images.map((image) => cloudEvent('ImageShared', image)),
    cloudEvent('ContentFlagged', flag),
  ];
  const { status, body } = await service.post('/v1/events', sent);
  const outcomes = body.results?.map((one: { outcome: string }) => one.outcome);
  expect([status, outcomes]).toEqual([202, sent.map(() => 'accepted')]);
  await gatehouse.settle();
  const rita = await gatehouse.as(`rita-${first}`, 'reviewer');
  expect(await judge(rita, `img-${first}`, 'unsafe')).toMatchObject({ status: 200 });
  await gatehouse.settle();
}

const within = async (gatehouse: TestGatehouse, service: Client): Promise<string> => {
  await fill(gatehouse, service, 1);
  const { events } = await gatehouse.runtime.store.readAll(0, { types: ['ImageShared'] });
  return String(events.at(-2)!.position);
};

/** As an earlier release published it: its event doesn't name the last event that it counts. */
async function publishAsEarlier({ app, runtime: { store } }: TestGatehouse): Promise<string> {
  const counted = await app.get(ReportFigures).read(String(await store.head()), 'at');
  const { lastEvent: _, ...data } = counted;
  const { sha256 } = renderReport(counted, [], undefined);
  const reportId = String(counted.position);
  const [{ metadata }] = (await store.readAll(0, { limit: 1 })).events as [RecordedEvent];
  const event = {
    id: '0190f3c2-6f1a-7c3e-8b1d-5a2f4c6e8d10',
    type: 'ReportPublished',
    data: { reportId, ...data, sha256 },
    metadata,
  };
  await store.append([{ stream: 'reports', expected: 'no-stream', events: [event] }]);
  return reportId;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-reports-'));
});
afterAll(async () => {
  for (const clean of cleanUp.reverse()) await clean();
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  ['EventStoreDB', 'PostgreSQL'],
  ['PostgreSQL', 'EventStoreDB'],
] as const)('a report that was published on a log in %s', (keep, other) => {
  let source: TestGatehouse;
  let copy: TestGatehouse;
  let ids: string[];
  const file = (...names: string[]) => path(`on-${keep}`, ...names);

  beforeAll(async () => {
    source = await start(keep);
    const service = await source.as('web-site', 'service');
    const run = commandsOf(source);
    // One of an earlier release, one of which the last event is among others of the same time, and one that is compared with it.
    await fill(source, service, 7);
    const earlier = await publishAsEarlier(source);
    const first = await within(source, service);
    await run('report', 'publish', '--at', first, '--out', file());
    await fill(source, service, 4);
    const second = String(await source.runtime.store.head());
    await run('report', 'publish', '--at', second, '--out', file('second'));
    ids = [first, second, earlier];
    const terms = { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', ground: 'terms', explanation: 'a spec' };
    const entries = [terms, { ...terms, clause: 'violent' }];
    const set = await source.administrator.put('/v1/statement-mapping', { entries, reason: 'a spec' });
    expect([set.status, set.body]).toEqual([200, expect.anything()]);
    const log = path(`${keep}.log`);
    await exportLog(source.runtime.store, log);
    copy = await start(other);
    await importLog(log, copy.runtime.store);
    await copy.settle();
  });

  it('has figures of the log, and is verified there with each of its files', async () => {
    const run = commandsOf(source);
    const shown = await run('report', 'show', ids[0]!);
    const exposed = shown.report.figures.find(({ name }: { name: string }) => name === 'exposed');
    expect(exposed.count).toBe(5);
    for (const id of ids)
      expect(await run('report', 'verify', id)).toEqual({ reportId: id, isPublished: true, differences: [] });
    for (const name of ['report.txt', 'report.json', 'report.html'])
      expect((await run('report', 'verify', file('second', name))).differences).toEqual([]);
  });

  it(`is shown and verified as it was from a copy of the log in ${other}`, async () => {
    const [before, after] = [commandsOf(source), commandsOf(copy)];
    for (const id of ids) {
      const [{ report, text, sha256 }, shown] = [await before('report', 'show', id), await after('report', 'show', id)];
      expect(shown).toMatchObject({ report, text, sha256 });
      expect(await after('report', 'verify', id)).toEqual({ reportId: id, isPublished: true, differences: [] });
    }
    for (const name of ['report.txt', 'report.json', 'report.html'])
      expect(await after('report', 'verify', file('second', name))).toMatchObject({
        ...{ isPublished: true, differences: [] },
      });
  });

  it(`has the transparency report that a copy of the log in ${other} has`, async () => {
    const tables = async (gatehouse: TestGatehouse, name: string) => {
      const period = ['--from', '2022-01-01', '--to', '2099-12-31', '--service', 'Paintbox', '--reason', 'a spec'];
      await commandsOf(gatehouse)('regulation', 'report', file(name), ...period);
      const names = (await readdir(file(name))).filter((one) => one.endsWith('.csv')).sort();
      return Promise.all(names.map(async (one) => [one, await readFile(file(name, one), 'utf8')] as const));
    };
    const ours = await tables(source, 'tables');
    expect(await tables(copy, 'copied-tables')).toEqual(ours);
  });
});

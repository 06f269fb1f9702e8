import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../../libs/cli/api-client.js';
import { imagesView } from '../../libs/images/index.js';
import { settled } from '../../libs/operations/cli.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { type CliResult, cliFor, commandLineFor } from '../support/cli-process.js';
import { client as apiClient, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let directory: string;
let cli: ReturnType<typeof commandLineFor>;
let processes: ReturnType<typeof cliFor>;
let client: ApiClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-cli-'));
  gatehouse = await startGatehouse({ background: true });
  const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
  cli = commandLineFor(backend);
  processes = cliFor(backend);
  client = new ApiClient({ ...backend, signal: new AbortController().signal });
});
afterAll(async () => {
  await gatehouse?.close();
  await rm(directory, { recursive: true, force: true });
});

/** The result of a command that must succeed. */
const json = async (...args: string[]) => {
  const result = await cli.run(...args, '--json');
  expect({ args, ...result }).toMatchObject({ code: 0 });
  return result.json();
};

const text = async (...args: string[]) => {
  const result = await cli.run(...args);
  expect({ args, ...result }).toMatchObject({ code: 0 });
  return result.stdout;
};

const fails = (result: CliResult, code: number, stderr: RegExp) => {
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(stderr) });
};

const send = async (...events: unknown[]) => {
  const { body } = await gatehouse.administrator.post('/v1/events', events);
  return body.results;
};

const joinEvent = (accountId: string) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@example.org` });

describe('gatehouse status', () => {
  it('shows version, head and every consumer, as text and as JSON', async () => {
    const status = await json('status');
    expect(status).toMatchObject({ url: gatehouse.url, version: '0.1.0', head: expect.stringMatching(/^\d+$/) });
    const shown = await text('status');
    for (const { name } of status.consumers) expect(shown).toContain(name);
    expect(shown).toMatch(/\ngateway, projector, reactor +\S+:\d+ /);
  });
});

describe('gatehouse token', () => {
  it('creates a token that works until it is revoked', async () => {
    const { id, secret, roles } = await json('token', 'create', 'ada', '--role', 'operator,compliance');
    expect(roles).toEqual(['operator', 'compliance']);
    const asScript = await cli.run('token', 'create', 'script', '--role', 'operator');
    expect(asScript).toMatchObject({
      stdout: expect.stringMatching(/^ght_\S+\n$/),
      stderr: expect.stringMatching(/gatehouse token revoke/),
    });
    const asAda = commandLineFor({ url: gatehouse.url, token: secret });
    expect((await asAda.run('rate', 'show')).code).toBe(0);
    expect(await text('token', 'list')).toMatch(new RegExp(`${id} .*ada`));
    expect(await text('token', 'list')).not.toContain(secret);
    expect(await json('token', 'revoke', id)).toMatchObject({ id, revokedAt: expect.any(String) });
    fails(await asAda.run('rate', 'show'), 4, /GATEHOUSE_TOKEN/);
    fails(await cli.run('token', 'revoke', '0123456789abcdef'), 6, /0123456789abcdef/);
  });
});

describe('gatehouse waitlist', () => {
  it('adds a person once and lists the waiting people', async () => {
    const joined = await json('waitlist', 'join', 'ada@example.org', '--priority', '0');
    const again = await json('waitlist', 'join', 'Ada@Example.org');
    expect(again.accountId).toBe(joined.accountId);
    await settled(client);
    const { items } = await json('waitlist', 'list');
    expect(items[0]).toMatchObject({ accountId: joined.accountId, status: 'waiting' });
    expect(await text('waitlist', 'list', '--limit', '1')).toContain(joined.accountId);
    expect(await text('waitlist', 'list', '--status', 'barred')).toBe('nobody is barred\n');
  });

  it('names the invalid field', async () => {
    fails(await cli.run('waitlist', 'join', 'nobody'), 2, /\/email: must be an e-mail address/);
  });
});

describe('gatehouse policy', () => {
  it('publishes versions and shows the one in force', async () => {
    const file = join(directory, 'policy.md');
    await writeFile(file, 'Be kind.');
    await json('policy', 'publish', '2022-05-18', '--text-file', file, '--link', 'https://example.org/policy');
    expect((await json('policy', 'show')).current).toMatchObject({
      version: '2022-05-18',
      url: 'https://example.org/policy',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const later = ['--from', '2999-01-01T00:00:00Z', '--grace-days', '14'];
    await json('policy', 'publish', '2999-01', ...later);
    expect(await text('policy', 'show')).toMatch(/2022-05-18 .*in-force[\s\S]*2999-01 .*scheduled .* 14 /);
    const clauses = join(directory, 'clauses.json');
    await writeFile(clauses, '[{ "id": "violent", "title": "No violence", "severity": 2 }]');
    await json('policy', 'publish', '2999-02', '--from', '2999-02-01T00:00:00Z', '--clauses', clauses);
    expect(await text('policy', 'clauses', '2999-02')).toMatch(/violent +2 +No violence/);
    expect(await text('policy', 'clauses')).toContain('has no clauses');
    await json('policy', 'withdraw', '2999-01', '--reason', 'too early');
    expect(await text('policy', 'show')).toMatch(/2999-01 .*withdrawn/);
    const otherLink = ['--text-file', file, '--link', 'https://example.org/other'];
    fails(
      await cli.run('policy', 'publish', '2022-05-18', ...otherLink),
      5,
      /is published with another link: withdraw/,
    );
    fails(await cli.run('policy', 'publish', '2', '--text-file', join(directory, 'none')), 2, /none \(ENOENT\)/);
    fails(await cli.run('policy', 'publish', '2', '--from', '2022-06-01'), 2, /--from.* a time such as/);
  });
});

describe('gatehouse rate and cohort', () => {
  it('onboards nobody without a rate, then as many as it allows, and lists them', async () => {
    const accounts = ['cohort-a', 'cohort-b', 'cohort-c', 'cohort-d'];
    await send(...accounts.map(joinEvent));
    fails(await cli.run('cohort', 'onboard', '--size', '1'), 5, /Rate not set/);
    expect(await json('rate', 'set', '4')).toMatchObject({ perWeek: 4, daily: false, available: 4 });

    const listed = await json('cohort', 'onboard', '--accounts', 'cohort-a,cohort-b');
    expect(listed).toMatchObject({ size: 2, selection: 'listed', onboarded: ['cohort-a', 'cohort-b'] });
    fails(await cli.run('cohort', 'onboard', '--accounts', 'no-such-account'), 5, /no-such-account \(unknown\)/);
    const first = await text('cohort', 'onboard', '--size', '1');
    expect(first).toMatch(/1 of 1 onboarded\n\S+\n$/);
    const unwaited = await json('cohort', 'onboard', '--size', '1', '--no-wait');
    expect(unwaited).not.toHaveProperty('onboarded');
    fails(await cli.run('cohort', 'onboard', '--size', '1'), 5, /Rate exceeded/);
    fails(
      await cli.run('cohort', 'onboard', '--size', '1', '--accounts', 'a'),
      2,
      /--size cannot be combined with --accounts/,
    );
  });

  it('is paused with a reason and resumed', async () => {
    expect(await json('rate', 'pause', 'reviewers are behind')).toMatchObject({ paused: true });
    expect(await text('rate', 'show')).toContain('paused: reviewers are behind');
    fails(await cli.run('cohort', 'onboard', '--size', '1'), 5, /paused/);
    expect(await json('rate', 'resume')).toMatchObject({ paused: false });
    expect(await json('rate', 'set', '70', 'a test', '--daily', '--confirm', '70')).toMatchObject({
      perWeek: 70,
      daily: true,
    });
    expect(await json('rate', 'set', '70', 'a test', '--no-daily')).toMatchObject({ perWeek: 70, daily: false });
  });

  it('exits with 8 if nobody is waiting, whether a size is given or not', async () => {
    await cli.run('cohort', 'onboard');
    fails(await cli.run('cohort', 'onboard'), 8, /nobody who may be chosen is on the waitlist/);
    const empty = await cli.run('cohort', 'onboard', '--size', '2');
    expect(empty).toMatchObject({
      code: 8,
      stdout: expect.stringContaining('0 of 2 onboarded, since nobody was waiting'),
    });
  });
});

describe('gatehouse account show', () => {
  it('shows an account as it is and as it was', async () => {
    const [{ position }] = await send(joinEvent('acc-of-today'));
    await gatehouse.administrator.post('/v1/accounts/acc-of-today/deactivation', { reason: 'fraud' });
    expect(await json('account', 'show', 'acc-of-today')).toMatchObject({ status: 'waiting', deactivated: true });
    const before = await json('account', 'show', 'acc-of-today', '--as-of', position);
    expect(before).toMatchObject({ deactivated: false, asOf: { position } });
    expect(await text('account', 'show', 'acc-of-today')).toMatch(/WaitlistJoined[\s\S]*AccountDeactivated/);
    fails(await cli.run('account', 'show', 'acc-of-today', '--as-of', '2001-01-01T00:00:00Z'), 6, /acc-of-today/);
    fails(
      await cli.run('account', 'show', 'acc-of-today', '--as-of', 'yesterday'),
      2,
      /a position such as 1234 or a time/,
    );
  });
});

describe('gatehouse account address', () => {
  it('changes an address, and refuses that of somebody else', async () => {
    await send(joinEvent('acc-moves'), joinEvent('acc-stays'));
    expect(await text('account', 'address', 'acc-moves', 'moved@example.org')).toMatch(
      /acc-moves is moved@example\.org/,
    );
    expect(await text('account', 'show', 'acc-moves')).toMatch(/AddressChanged/);
    fails(await cli.run('account', 'address', 'acc-stays', 'moved@example.org'), 5, /belongs to another account/);
    fails(await cli.run('account', 'address', 'acc-stays', 'nowhere'), 2, /must be an e-mail address/);
  });
});

describe('gatehouse events', () => {
  it('shows pages of the public feed, by type and after a position', async () => {
    const [{ position }] = await send(cloudEvent('ImageGenerated', { imageId: 'img-page', accountId: 'acc-1' }));
    const after = String(Number(position) - 1);
    const { events } = await json('events', '--after', after, '--type', 'ImageGenerated', '--limit', '1');
    expect(events).toEqual([expect.objectContaining({ type: 'ImageGenerated', position })]);
    expect(await text('events', '--after', after, '--limit', '1')).toContain('img-page');
    fails(await cli.run('events', '--type', 'NoSuchType'), 2, /types: NoSuchType/);
  });

  it('shows one stream, and every recorded type', async () => {
    const { events } = await json('events', '--stream', 'account-cohort-a');
    expect(events.map(({ type }: { type: string }) => type)).toEqual(['WaitlistJoined', 'AccountOnboarded']);
    expect(events[0].data.email).toMatch(/^sealed:/);
    expect(await text('events', '--all', '--type', 'OnboardingRateSet')).toContain('OnboardingRateSet');
  });

  it.each([
    ['the public feed', ['--type', 'ImageShared'], 'ImageShared'],
    ['the log', ['--all', '--type', 'ImageDownloaded'], 'ImageDownloaded'],
  ])('follows %s and exits with 0 on Ctrl-C', async (name, options, type) => {
    const imageId = `tailed-${type}`;
    const { head } = (await gatehouse.administrator.get('/v1/status')).body;
    const tail = processes.start('events', '--tail', '--json', '--after', head, ...options);
    await send(cloudEvent(type, { imageId, accountId: 'acc-1' }));
    await tail.says(imageId);
    await send(cloudEvent(type, { imageId: `${imageId}-2`, accountId: 'acc-1' }));
    await tail.says(`${imageId}-2`);
    tail.interrupt();
    const { code, stdout } = await tail.ended;
    const images = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).data.imageId);
    expect({ name, code, images }).toEqual({ name, code: 0, images: [imageId, `${imageId}-2`] });
  });
});

describe('gatehouse quarantine', () => {
  it('lists, shows and replays events that were not accepted', async () => {
    const verdict = cloudEvent('VerdictGiven', { caseId: 'img-late', reviewer: 'rev-1', verdict: 'unsafe' });
    const [refused] = await send(verdict);
    expect(refused).toMatchObject({ outcome: 'quarantined', reason: 'case-unknown' });
    const id = refused.quarantineId;
    const { items } = await json('quarantine', 'list');
    expect(items).toEqual([expect.objectContaining({ id, reason: 'case-unknown' })]);
    expect(await text('quarantine', 'list')).toContain('case-unknown');
    expect(JSON.parse((await json('quarantine', 'show', id)).raw)).toMatchObject({ id: verdict.id });

    const still = await cli.run('quarantine', 'replay', id, '--json');
    expect(still.code).toBe(1);
    expect(still.json().items).toEqual([expect.objectContaining({ quarantineId: id, outcome: 'quarantined' })]);

    await send(
      cloudEvent('ImageGenerated', { imageId: 'img-late', accountId: 'acc-1' }),
      cloudEvent('ContentFlagged', {
        imageId: 'img-late',
        flaggedBy: 'acc-9',
        flaggerKind: 'user',
        categories: ['violent'],
      }),
    );
    await settled(client);
    const replayed = await json('quarantine', 'replay', '--all');
    expect(replayed.items).toEqual([expect.objectContaining({ quarantineId: id, outcome: 'accepted' })]);
    expect(await text('quarantine', 'list')).toBe('no entry is waiting\n');
    expect(await text('quarantine', 'show', id)).toMatch(/no bytes: the entry is replayed/);
    fails(await cli.run('quarantine', 'replay'), 2, /--all/);
    fails(await cli.run('quarantine', 'show', '0196e0f0-0000-7000-8000-000000000001'), 6, /0196e0f0/);
  });

  it('replays with --all no event that its sender may not send, and remarks on entries beyond the limit', async () => {
    const { secret } = await json('token', 'create', 'web', '--role', 'service', '--source', '/web');
    const web = apiClient(gatehouse.url, secret);
    const foreign = ['/other', '/another'].map((source) =>
      cloudEvent('ImageShared', { imageId: 'img-foreign', accountId: 'acc-1' }, { source }),
    );
    const { results } = (await web.post('/v1/events', foreign)).body;
    const list = await cli.run('quarantine', 'list', '--limit', '1');
    expect(list).toMatchObject({ code: 0, stderr: expect.stringMatching(/more than 1: raise --limit/) });
    expect(list.stdout).toMatch(/SOURCE[\s\S]*\/other/);
    const all = await cli.run('quarantine', 'replay', '--all');
    expect(all).toMatchObject({
      code: 0,
      stdout: 'no entry is waiting\n',
      stderr: expect.stringMatching(/left out 2 .* may not send/),
    });
    const [{ quarantineId }] = results;
    expect((await json('quarantine', 'replay', quarantineId)).items).toMatchObject([{ outcome: 'accepted' }]);
  });
});

describe('gatehouse metrics', () => {
  it('shows totals and groups', async () => {
    await settled(client);
    expect((await json('metrics')).whole).toMatchObject({
      cases: { confirmed: 1 },
      confirmedShare: { hits: 1, of: 1 },
    });
    expect(await text('metrics', '--by', 'category')).toMatch(/CATEGORY[\s\S]*\nviolent /);
    fails(await cli.run('metrics', '--from', '2022-05-18'), 2, /--from requires --by day/);
  });
});

describe('gatehouse views', () => {
  it('lists, verifies and rebuilds views', async () => {
    const { items } = await json('views', 'list');
    expect(items.map(({ name }: { name: string }) => name)).toContain('safety-images');
    expect(await text('views', 'verify')).not.toContain('DIFFERS');
    const { comparisons } = await json('views', 'verify', 'cases', 'images');
    expect(comparisons.map(({ view, equal }: { view: string; equal: boolean }) => [view, equal])).toEqual([
      ['cases', true],
      ['images', true],
    ]);
    expect(await json('views', 'rebuild', 'cases')).toMatchObject({ kind: 'rebuild', status: 'done' });
    fails(await cli.run('views', 'verify', 'no-such-view'), 2, /no-such-view/);
  });

  it('exits with 7 and names the table if one differs', async () => {
    const stolen = `DELETE FROM ${viewTable(imagesView)} WHERE image_id = 'img-page'`;
    expect((await gatehouse.runtime.pool.query(stolen)).rowCount).toBe(1);
    const result = await cli.run('views', 'verify', 'images');
    expect(result).toMatchObject({ code: 7, stdout: expect.stringMatching(/images .* DIFFERS/) });
    expect(await text('views', 'rebuild', 'images')).toMatch(/images .* corrected/);
    expect((await cli.run('views', 'verify', 'images')).code).toBe(0);
  });
});

describe('the exit code', () => {
  it('distinguishes an unreachable backend, an invalid credential and a missing role', async () => {
    fails(await commandLineFor({ url: 'http://127.0.0.1:9' }).run('status'), 3, /HTTP clients block the port/);
    fails(await commandLineFor({ url: 'http://no-such-host.invalid' }).run('status'), 3, /host .* is unknown/);
    fails(await cliFor({ url: gatehouse.url }).run('status'), 4, /set GATEHOUSE_TOKEN, or name a file/);
    const { secret } = await json('token', 'create', 'robin', '--role', 'reviewer');
    fails(await commandLineFor({ url: gatehouse.url, token: secret }).run('token', 'list'), 4, /token create/);
    fails(await commandLineFor({ url: 'nonsense' }).run('status'), 2, /--url is nonsense/);
  });

  it.each([
    [['no-such-command']],
    [['token', 'create', 'x']],
    [['events', '--limit', 'many']],
    [['rate', 'set', '-1']],
  ])('is 2 for %j, with an error on stderr', async (args) => fails(await cli.run(...args), 2, /error: /));
});

it('imports people from a CSV file in its order, reports bad rows, and changes nothing when repeated', async () => {
  const file = join(directory, 'people.csv');
  const rows = [
    'email,class,priority,reason',
    'imported-1@example.org,artists,,"to draw,\nand to paint"',
    'nobody,artists,,',
    'imported-2@example.org,Artists,,',
    'imported-3@example.org,,3,',
    'one,cell,too,many,here',
    'imported-4@example.org,,many,',
    'imported-5@example.org,,,',
  ];
  await writeFile(file, rows.join('\n'));
  const run = async (...more: string[]) => {
    const { code, ...result } = await cli.run('waitlist', 'import', file, ...more, '--json');
    return { code, report: result.json() as unknown as { imported: number; bad: { line: number; why: string }[] } };
  };
  const { code, report } = await run();
  expect(code).not.toBe(0);
  expect(report.imported).toBe(3);
  expect(report.bad.map((one) => one.line)).toEqual([4, 5, 7, 8]);
  expect(report.bad[0]!.why).toMatch(/^email must/);
  expect(report.bad[1]!.why).toMatch(/^class must/);
  expect(report.bad[3]!.why).toMatch(/^priority must/);
  await settled(client);
  const waiting = async () => (await client.list<{ accountId: string }>('/v1/waitlist', {}, 500)).length;
  const before = await waiting();
  expect((await run()).report).toEqual(report);
  expect((await run('--after', '8')).report).toEqual({ imported: 1, bad: [] });
  await settled(client);
  expect(await waiting()).toBe(before);
  await writeFile(file, 'address,class\nx@example.org,a');
  expect(await cli.run('waitlist', 'import', file)).toMatchObject({ stderr: expect.stringContaining('the columns') });
});

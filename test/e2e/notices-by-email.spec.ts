import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { noticeStream, queueNotice } from '../../libs/notices/notice.js';
import { NoticeSending } from '../../libs/notices/processes/sending.js';
import { hasText, tablesWith } from '../support/clear-text.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { CERTIFICATE, startMailServer } from '../support/mail-server.js';
import { until } from '../support/until.js';

const lines: string[] = [];
let ahead = 0;
let directory: string;
let mail: Awaited<ReturnType<typeof startMailServer>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;

beforeAll(async () => {
  mail = await startMailServer();
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-ca-'));
  const file = join(directory, 'authority.pem');
  await writeFile(file, CERTIFICATE);
  gatehouse = await startGatehouse({
    clock: { now: () => Date.now() + ahead },
    logSink: { write: (line: string) => lines.push(line) },
    env: {
      GATEHOUSE_NOTICE_SMTP_URL: `smtp://gate:s3cret%2F%C3%B6@${mail.place}`,
      GATEHOUSE_NOTICE_SMTP_CA_FILE: file,
      GATEHOUSE_NOTICE_FROM: 'Gatehouse <no-reply@gate.example>',
    },
  });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  await operator.post('/v1/policy', { version: '1' });
});
afterAll(async () => {
  await gatehouse.close();
  await mail.close();
  await rm(directory, { recursive: true, force: true });
});

async function tick(): Promise<void> {
  await gatehouse.settle();
  for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
  await gatehouse.settle();
}
const joined = async (name: string): Promise<string> =>
  (await service.post('/v1/waitlist', { email: `${name}@mailbox.example`, locale: 'en' })).body.accountId;

async function confirmed(imageId: string, accountId: string, flaggedBy: string): Promise<void> {
  const flag = { imageId, categories: ['violent'] };
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId }),
    cloudEvent('ContentFlagged', { ...flag, flaggerKind: 'user', flaggedBy }),
    cloudEvent('ContentFlagged', { ...flag, flaggerKind: 'detector', flaggedBy: 'det-1' }),
  ]);
  await gatehouse.settle();
  expect((await judge(rita, imageId, 'unsafe')).body).toMatchObject({ status: 'confirmed' });
}
const noticesOf = async (accountId: string) => (await operator.get(`/v1/notices?account=${accountId}`)).body.items;

describe('a decision is sent by e-mail', () => {
  it('to the holder, also of the account that it deactivates, and to the user who flagged, once each', async () => {
    const [owner, flagger] = [await joined('owner-one'), await joined('flagger-one')];
    await confirmed('img-one', owner, flagger);
    await tick();
    await tick();
    expect(mail.received.map(({ to, isEncrypted }) => [to, isEncrypted]).sort()).toEqual([
      [['flagger-one@mailbox.example'], true],
      [['owner-one@mailbox.example'], true],
    ]);
    const [{ noticeId }] = await noticesOf(owner);
    const own = mail.received.find(({ to }) => to[0]!.startsWith('owner'))!;
    expect(Object.fromEntries(own.headers)['message-id']).toBe(`<${noticeId}@gate.example>`);
    expect(own.text).toContain('Your account was deactivated.');
    expect(await noticesOf(owner)).toMatchObject([{ channel: 'email', status: 'delivered', attempts: 1, error: null }]);
    expect(await noticesOf('det-1')).toEqual([]);
  });

  it('to the address of the moment at which it is sent', async () => {
    const [owner, flagger] = [await joined('owner-two'), await joined('flagger-two')];
    mail.behaviour.refuse = { recipient: 451 };
    await confirmed('img-two', owner, flagger);
    await tick();
    const error = 'the mail server answers 451 to RCPT TO';
    expect(await noticesOf(flagger)).toMatchObject([{ status: 'waiting', attempts: 1, error }]);
    delete mail.behaviour.refuse;
    expect((await service.put(`/v1/accounts/${flagger}/address`, { email: 'moved@mailbox.example' })).status).toBe(200);
    ahead += 60_000;
    await tick();
    expect(await noticesOf(flagger)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
    expect(mail.received.flatMap(({ to }) => to)).toContain('moved@mailbox.example');
    expect(mail.received.flatMap(({ to }) => to)).not.toContain('flagger-two@mailbox.example');
  });

  it('to nobody if the reporter is unknown or erased, and that is not retried', async () => {
    const [owner, erased] = [await joined('owner-three'), await joined('erased')];
    await confirmed('img-three', owner, 'a-user-of-another-product');
    await confirmed('img-four', await joined('owner-four'), erased);
    await gatehouse.forget(erased);
    await tick();
    expect(await noticesOf('a-user-of-another-product')).toMatchObject([
      { status: 'skipped', attempts: 1, error: 'the person has no address' },
    ]);
    expect(await noticesOf(erased)).toMatchObject([{ status: 'skipped', error: 'the person was erased' }]);
    expect(await noticesOf(owner)).toMatchObject([{ status: 'delivered' }]);
    ahead += 7 * 3_600_000;
    await tick();
    expect(await noticesOf('a-user-of-another-product')).toMatchObject([{ status: 'skipped', attempts: 1 }]);
  });

  it('and is a dead letter at once if the mailbox is refused for good, until somebody redelivers it', async () => {
    const [owner, flagger] = [await joined('owner-five'), await joined('flagger-five')];
    mail.behaviour.refuse = { recipient: 550 };
    await confirmed('img-five', owner, flagger);
    await tick();
    const [failed] = await noticesOf(owner);
    expect(failed).toMatchObject({ status: 'failed', attempts: 1, error: 'the mail server answers 550 to RCPT TO' });
    delete mail.behaviour.refuse;
    expect((await operator.post(`/v1/notices/${failed.noticeId}/redelivery`)).status).toBe(200);
    await tick();
    expect(await noticesOf(owner)).toMatchObject([{ noticeId: failed.noticeId, status: 'delivered' }]);
  });

  it('also while the receiver of webhooks does not answer', async () => {
    const waiting: (() => void)[] = [];
    const silent = { send: () => new Promise<void>((answer) => waiting.push(answer)) };
    const [owner, flagger] = [await joined('owner-six'), await joined('flagger-six')];
    await confirmed('img-six', owner, flagger);
    await gatehouse.settle();
    for (const { noticeId } of await noticesOf(owner)) {
      const { state } = await gatehouse.runtime.transactor.load(noticeStream, noticeId);
      const other = { ...state.notice!, noticeId: 'webhook-six', channel: 'webhook' as const };
      const context = { actor: { kind: 'process' as const, id: 'spec' }, correlationid: 'spec' };
      await gatehouse.runtime.transactor.transact(noticeStream, other.noticeId, context, (one) =>
        queueNotice(one, other),
      );
    }
    await gatehouse.settle();
    const stuck = new NoticeSending('webhook', silent, gatehouse.runtime).tick();
    await until(() => waiting.length === 1);
    const [byEmail] = (
      gatehouse.runtime.catalogue.contexts.find(({ name }) => name === 'notices')!.schedules!(
        gatehouse.runtime,
      ) as NoticeSending[]
    ).slice(-1);
    await byEmail!.tick();
    expect(mail.received.flatMap(({ to }) => to)).toContain('owner-six@mailbox.example');
    for (const answer of waiting) answer();
    await stuck;
  });

  it('and leaves no address in a row, a line of the log, a metric or an answer', async () => {
    expect(mail.received.length).toBeGreaterThan(4);
    expect(await tablesWith(gatehouse.runtime.pool, '@mailbox.example')).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => hasText(line, 'mailbox.example') || line.includes('s3cret'))).toEqual([]);
    const scrape = await gatehouse.as('prometheus', 'metrics');
    const metrics = (await scrape.get('/metrics')).body;
    expect(metrics).toMatch(/^gatehouse_notices\{channel="email",status="delivered"\} \d/m);
    expect(metrics).not.toContain('mailbox.example');
    expect(JSON.stringify((await operator.get('/v1/notices')).body)).not.toContain('mailbox.example');
    const settings = JSON.stringify((await gatehouse.administrator.get('/v1/settings')).body);
    expect(settings).toContain(`smtp://${mail.place}`);
    expect(settings).not.toContain('s3cret');
  });
});

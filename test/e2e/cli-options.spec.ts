import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CliResult, commandLineFor } from '../support/cli-process.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse({ background: true });
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(() => gatehouse?.close());

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
const fails = (result: CliResult, code: number, stderr: RegExp) =>
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(stderr) });
const send = async (...events: unknown[]) => (await gatehouse.administrator.post('/v1/events', events)).body.results;
const joinEvent = (accountId: string) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@example.org` });

describe('gatehouse events', () => {
  it('shows the last events, and those stored since a time', async () => {
    await send(cloudEvent('ImageGenerated', { imageId: 'img-first', accountId: 'acc-1' }));
    const [{ position }] = await send(cloudEvent('ImageGenerated', { imageId: 'img-last', accountId: 'acc-1' }));
    const last = await json('events', '--last', '2', '--type', 'ImageGenerated');
    expect(last.events.map(({ data }: { data: { imageId: string } }) => data.imageId).at(-1)).toBe('img-last');
    expect(last.events).toHaveLength(2);
    const { recordedtime } = last.events[1];
    const since = await json('events', '--since', recordedtime, '--limit', '1000');
    expect(since.events[0].recordedtime >= recordedtime).toBe(true);
    expect(since.events.map((one: { position: string }) => one.position)).toContain(position);
    expect((await json('events', '--since', '2999-01-01T00:00:00Z')).events).toEqual([]);
    expect((await json('events', '--since', '2001-01-01T00:00:00Z', '--limit', '1')).events).toHaveLength(1);
    for (const two of [
      ['--since', recordedtime, '--after', '1'],
      ['--last', '1', '--tail'],
    ])
      fails(await cli.run('events', ...two), 2, /cannot be combined/);
  });
});

describe('gatehouse switch and image-rule', () => {
  it('remark on a cohort that does not exist, and on suspensions that remain', async () => {
    const unknown = await cli.run('switch', 'suspend', 'share', 'leaked links', '--cohort', 'week-99');
    expect(unknown).toMatchObject({ code: 0, stderr: expect.stringMatching(/no cohort week-99 was admitted yet/) });
    await text('switch', 'suspend', 'share', 'leaked links');
    const resumed = await cli.run('switch', 'resume', 'share', 'links replaced');
    expect(resumed.stderr).toMatch(/^still suspended: share for cohort week-99 until resumed \(leaked links\)\n$/);
    expect((await cli.run('switch', 'resume', 'share', 'done', '--cohort', 'week-99')).stderr).toBe('');
    const lifted = await cli.run('image-rule', 'lift', 'photorealistic-faces', 'a trial', '--cohort', 'week-99');
    expect(lifted.stderr).toMatch(/no cohort week-99/);
  });
});

describe('gatehouse waitlist leave, rate set and cohort onboard', () => {
  it('lets somebody leave once', async () => {
    await send(joinEvent('acc-leaves'));
    for (const _ of [1, 2]) expect(await text('waitlist', 'leave', 'acc-leaves')).toMatch(/no longer on the waitlist/);
    expect((await json('account', 'show', 'acc-leaves')).status).toBe('left');
    fails(await cli.run('waitlist', 'leave', 'acc-nobody'), 6, /acc-nobody is unknown/);
  });

  it('refuses --daily beside --no-daily, in either order', async () => {
    for (const both of [
      ['--daily', '--no-daily'],
      ['--no-daily', '--daily'],
    ])
      fails(await cli.run('rate', 'set', '5', ...both), 2, /--daily contradicts --no-daily/);
  });

  it('takes the id of a cohort', async () => {
    await send(joinEvent('acc-named'));
    await json('rate', 'set', '1000');
    const onboarded = await json('cohort', 'onboard', '--id', 'named-1', '--accounts', 'acc-named');
    expect(onboarded).toMatchObject({ cohortId: 'named-1', onboarded: ['acc-named'] });
  });
});

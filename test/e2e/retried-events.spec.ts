import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { ApiClient } from '../../libs/cli/api-client.js';
import { Catalogue } from '../../libs/context/catalogue.js';
import { ImageShared } from '../../libs/images/index.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { passed, statusText } from '../../libs/operations/cli.js';
import { defineConsumer } from '../../libs/subscriptions/consumer.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

const NAME = 'reactor:watching';
const MINUTE_MS = 60_000;
let gatehouse: TestGatehouse;
/** A process without the reactor. */
let other: Standalone;
/** By image: what its events meet. */
let obstacles: Map<string, () => Promise<void>>;
/** The processes share this clock, so it never goes back. */
let passedMs = 0;
const watching = defineConsumer({
  name: 'watching',
  events: [ImageShared],
  key: ({ data }) => data.imageId,
  react: async ({ data }) => obstacles.get(data.imageId)?.(),
});

beforeAll(async () => {
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
  const planted = { name: 'watching', consumers: () => [watching] };
  obstacles = new Map();
  gatehouse = await startGatehouse({ background: true, catalogue: new Catalogue([...catalogue.contexts, planted]) });
  other = await gatehouse.beside({ background: false });
});
afterAll(async () => {
  await other.close();
  await gatehouse.close();
  jest.restoreAllMocks();
});

let images = 0;
async function share(imageId = `img-${++images}`): Promise<number> {
  const { body } = await gatehouse.administrator.post(
    '/v1/events',
    cloudEvent('ImageShared', { imageId, accountId: 'acc-1' }),
  );
  return Number(body.results[0].position);
}
const clientOf = (type = ApiClient) =>
  new type({ url: other.url, token: gatehouse.administratorToken, signal: new AbortController().signal });
const status = () => clientOf().get<Parameters<typeof statusText>[1]>('/v1/status');
const watcher = async () => (await status()).consumers.find(({ name }) => name === NAME)!;

/** Waits for the reactor as `gatehouse import` does, while ten minutes pass before each look at its progress. */
async function passedSlowly(position: number, beforeEachLook: (looks: number) => Promise<void>): Promise<void> {
  let looks = 0;
  const slowed = clientOf(
    class extends ApiClient {
      override async get<Answer>(path: string): Promise<Answer> {
        await beforeEachLook(++looks);
        passedMs += 10 * MINUTE_MS;
        return super.get<Answer>(path);
      }
    },
  );
  await passed(slowed, position, { name: NAME });
}
describe('an event that is retried', () => {
  let position: number;
  beforeEach(async () => {
    obstacles.set('img-away', async () => {
      throw new StoreUnavailable('the store of images is unreachable');
    });
    position = await share('img-away');
  });
  afterEach(async () => {
    obstacles.clear();
    await until(async () => (await watcher()).behind === 0);
  });

  it('is shown by every process, with what is finished beyond it', async () => {
    for (let n = 0; n < 3; n++) await share();
    await until(async () => {
      const { finished, retrying } = await watcher();
      return finished === 3 && (retrying?.failures ?? 0) > 1;
    });
    const shown = await status();
    expect(shown.consumers.find(({ name }) => name === NAME)).toMatchObject({
      position: String(position - 1),
      working: false,
      retrying: { position: String(position), type: 'ImageShared', key: 'img-away', since: expect.any(String) },
    });
    expect(statusText(other.url, shown)).toContain(
      `${NAME} retries ImageShared at position ${position} (key img-away), failed `,
    );
    obstacles.clear();
    await until(async () => (await watcher()).behind === 0);
    expect(await watcher()).toMatchObject({ finished: 0, working: false });
    expect(await watcher()).not.toHaveProperty('retrying');
  });

  it('is named if nothing else moves', async () => {
    await until(async () => (await watcher()).retrying !== undefined);
    await expect(passedSlowly(position, async () => {})).rejects.toThrow(
      expect.objectContaining({
        code: 'consumer-stuck',
        message: expect.stringContaining(`it retries ImageShared at position ${position} (key img-away), failed `),
      }),
    );
  });

  it('does not make its reactor stuck while others are finished', async () => {
    await until(async () => (await watcher()).retrying !== undefined);
    await passedSlowly(position, async (looks) => {
      const { finished } = await watcher();
      await share();
      await until(async () => (await watcher()).finished > finished);
      if (looks < 4) return;
      obstacles.clear();
      await until(async () => (await watcher()).behind === 0);
    });
  });
});

describe('an event that is processed for long', () => {
  let position: number;
  let finish = () => {};
  beforeEach(async () => {
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    obstacles.set('img-slow', () => finished);
    position = await share('img-slow');
    await until(async () => (await watcher()).workingOn?.position === String(position));
  });
  const caughtUp = async () => {
    finish();
    await until(async () => (await watcher()).behind === 0);
  };

  it('does not make its reactor stuck within an hour', async () => {
    await passedSlowly(position, async (looks) => {
      if (looks === 6) await caughtUp();
    });
    const shown = await watcher();
    expect(shown).toMatchObject({ finished: 0, working: false });
    expect(shown).not.toHaveProperty('workingOn');
  });

  it('is shown with the time since when, and named by a wait that gives up after an hour', async () => {
    const { workingOn } = await watcher();
    expect(workingOn).toMatchObject({ type: 'ImageShared', key: 'img-slow', since: expect.any(String) });
    const works = `works on ImageShared at position ${position} (key img-slow) since ${workingOn!.since}`;
    expect(statusText(other.url, await status())).toContain(`${NAME} ${works}`);
    await expect(passedSlowly(position, async () => {})).rejects.toThrow(
      expect.objectContaining({ code: 'consumer-stuck', message: expect.stringContaining(`: it ${works}`) }),
    );
    await caughtUp();
  });
});

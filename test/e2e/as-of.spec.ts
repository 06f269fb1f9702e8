import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const COUNTED = 'its points were counted as the evidence arrived, and are kept beside the log';
const DENIED = 'the denials that it counts are in no event';
const ERASED = 'whether keys are gone, and who still has them, is so now; GET /v1/erasures has the rest';
const LOG = 'it is from the log, by its positions';
const GAPS = 'it has every mapping that was set, with its position, and what lacks one now';
const KEYS = 'the key in use is the only one there is; its rotations are events';
const OWN = 'it is what the caller has to know now';
const TABLE = 'its rows are stored beside the log, and have no earlier state';
const PROCESS = 'it is about this process and its work, not about the log';
const PROOF = 'it is about the log of leaves, which has sizes';
const DOCUMENT = 'it is a document';

/** Reads that answer as of now only, and why. */
const EXCEPTIONS: Record<string, string> = {
  '/.well-known/authzen-configuration': DOCUMENT,
  '/asyncapi.json': DOCUMENT,
  '/docs': DOCUMENT,
  '/health/live': PROCESS,
  '/health/ready': PROCESS,
  '/log/checkpoint': PROOF,
  '/log/keys': PROOF,
  '/log/tile/:level/:first': PROOF,
  '/log/tile/:level/:first/:second': PROOF,
  '/log/tile/:level/:first/:second/:third': PROOF,
  '/log/tile/:level/:first/:second/:third/:fourth': PROOF,
  '/metrics': PROCESS,
  '/openapi.json': DOCUMENT,
  '/v1/accesses': LOG,
  '/v1/audit/decisions/:id': LOG,
  '/v1/audit/events': LOG,
  '/v1/audit/replays': TABLE,
  '/v1/audit/who/:name': LOG,
  '/v1/cases/:id/review': OWN,
  '/v1/events': LOG,
  '/v1/exports/:id/rows': LOG,
  '/v1/gate/moves/:position': LOG,
  '/v1/gate/series': COUNTED,
  '/v1/images/:id/preview': DOCUMENT,
  '/v1/log': LOG,
  '/v1/log-verifications/:id': PROCESS,
  '/v1/metrics/deactivation-latency': TABLE,
  '/v1/metrics/restricted-images': DENIED,
  '/v1/persons/:id/erasure': ERASED,
  '/v1/quarantine': TABLE,
  '/v1/quarantine/:id': TABLE,
  '/v1/rollout/history': LOG,
  '/v1/rollout/rate-preview': OWN,
  '/v1/retention-counts': TABLE,
  '/v1/reports/:id': LOG,
  '/v1/reports': LOG,
  '/v1/report-preview': LOG,
  '/v1/reviewers/me/declined-categories': OWN,
  '/v1/reviewers/me/exposure': OWN,
  '/v1/rollout/timeline': LOG,
  '/v1/root-key': KEYS,
  '/v1/settings': PROCESS,
  '/v1/statement-mapping': GAPS,
  '/v1/status': PROCESS,
  '/v1/tokens': TABLE,
  '/v1/tokens/:id': TABLE,
  '/v1/views': PROCESS,
  '/v1/views/jobs/:id': PROCESS,
};

const HOUR_MS = 3_600_000;

/** How far the clock is ahead of the database, which knows when events were stored. */
let ahead = 0;
let gatehouse: TestGatehouse;
let administrator: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => Date.now() + ahead } });
  ({ administrator } = gatehouse);
});
afterAll(() => gatehouse.close());

it('every read answers as of a moment, or this spec says why not', async () => {
  const { paths } = (await administrator.get('/openapi.json')).body;
  const reads = gatehouse.app.get(DeclaredRoutes).all();
  const names = (path: string) =>
    (paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.get.parameters ?? []).map(({ name }: { name: string }) => name);
  const others = reads.filter(({ method, path }) => method === 'GET' && !names(path).includes('asOf'));
  expect(others.map(({ path }) => path).sort()).toEqual(Object.keys(EXCEPTIONS).sort());
});

describe('what operators set', () => {
  const until = new Date(Date.now() + HOUR_MS).toISOString();
  const rule = '/v1/image-rules/photorealistic-faces';
  const entries = (measure: string) => [{ steps: [{ strikes: 1, measure }] }];
  const target = { consequences: ['deactivate'], deadlineSeconds: 60, retrySeconds: 60 };
  const sampling = (goldenPercent: number) => ({
    ...{ secondReviewPercent: 0, secondReviewOfDeactivations: false, goldenPercent, reason: 'a test' },
  });
  /** What is changed, twice each; how; and where it is read. */
  const CHANGES: [reads: string[], change: (n: number) => Promise<{ status: number }>][] = [
    [['/v1/policy'], (n) => administrator.post('/v1/policy', { version: `v${n}` })],
    [
      ['/v1/enforcement-ladder'],
      (n) =>
        administrator.put('/v1/enforcement-ladder', {
          entries: entries(n === 1 ? 'strike' : 'deactivate'),
          reason: 'a test',
        }),
    ],
    [
      ['/v1/enforcement-targets', '/v1/enforcement-targets/gallery'],
      (n) => administrator.put('/v1/enforcement-targets/gallery', { ...target, reason: `test ${n}` }),
    ],
    [
      ['/v1/switches', '/v1/switches/generate'],
      (n) => administrator.put('/v1/switches/generate', { reason: `test ${n}`, until }),
    ],
    [
      ['/v1/rollout/plan'],
      (n) =>
        administrator.put('/v1/rollout/plan/schedule', {
          ...{ timeZone: 'Europe/London', days: ['monday'], hours: [n], reason: 'a test' },
        }),
    ],
    [['/v1/image-rules', rule], (n) => administrator.put(rule, { reason: `test ${n}` })],
    [['/v1/review-sampling'], (n) => administrator.put('/v1/review-sampling', sampling(n))],
    [['/v1/severe-viewers'], (n) => administrator.put(`/v1/severe-viewers/rita-${n}`, { reason: 'trained for it' })],
  ];

  it('is answered as of a position, a time and the beginning as it was then', async () => {
    for (const [reads, change] of CHANGES) {
      const read = async (path: string, asOf = '') =>
        (await administrator.get(`${path}${asOf && `?asOf=${asOf}`}`)).body;
      const all = (asOf?: string) => Promise.all(reads.map((path) => read(path, asOf)));
      const none = await all('0');
      expect([reads, await all()]).toEqual([reads, none]);
      expect([200, 201]).toContain((await change(1)).status);
      const position = String(await gatehouse.runtime.store.head());
      const first = await all();
      expect([reads, first]).not.toEqual([reads, none]);
      expect([200, 201]).toContain((await change(2)).status);
      expect([reads, await all()]).not.toEqual([reads, first]);
      expect([reads, await all(position)]).toEqual([reads, first]);
      expect([reads, await all('0')]).toEqual([reads, none]);
      const gone = await administrator.get(`${reads[0]}?asOf=999999999`);
      expect([reads, gone.status]).toEqual([reads, 410]);
      expect((await administrator.get(`${reads[0]}?asOf=then`)).status).toBe(400);
    }
  });

  it('is answered as the clock was then: what ended since had not', async () => {
    const head = await gatehouse.runtime.store.head();
    const suspended = async (query = '') => (await administrator.get(`/v1/switches${query}`)).body.items.length;
    const [{ recordedAt }] = (await gatehouse.runtime.store.readAll(head, { including: true, limit: 1 })).events as [
      RecordedEvent,
    ];
    ahead = 2 * HOUR_MS;
    expect([await suspended(), await suspended(`?asOf=${head}`), await suspended(`?asOf=${recordedAt}`)]).toEqual([
      0, 1, 1,
    ]);
  });
});

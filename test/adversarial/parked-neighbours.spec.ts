import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { appendParameters } from '../../libs/event-store/postgres/event-rows.js';
import { APPEND } from '../../libs/event-store/postgres/statements.js';
import { storedText } from '../../libs/event-store/stored-text.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let service: Client;
let reviewer: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  service = await gatehouse.as('images', 'service');
  reviewer = await gatehouse.as('rev-1', 'reviewer');
});
afterAll(() => gatehouse.close());

const send = async (...events: ReturnType<typeof cloudEvent>[]) => {
  const { status, body } = await service.post('/v1/events', events, {
    'content-type': 'application/cloudevents-batch+json',
  });
  const of = ({ outcome, reason }: { outcome: string; reason?: string }) => reason ?? outcome;
  return status === 202 ? body.results.map(of) : status;
};
const generated = (imageId: string) => cloudEvent('ImageGenerated', { imageId, accountId: 'acc-1' });
const flagged = (imageId: string) =>
  cloudEvent('ContentFlagged', { imageId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['hate'] });
const judged = (caseId: string) => cloudEvent('VerdictGiven', { caseId, reviewer: 'ext-1', verdict: 'safe' });
const confirmed = (caseId: string) =>
  cloudEvent('ReviewConfirmed', { caseId, imageId: caseId, categories: [], reviewers: ['ext-1'] });

/** A flag of which nothing can be done, as one of a newer release. */
async function storeBrokenFlag(imageId: string): Promise<void> {
  const metadata = {
    source: '/test',
    subject: `image-${imageId}`,
    time: '2026-01-31T12:00:00.000Z',
    schemaversion: 99,
    correlationid: 'test',
    actor: { kind: 'service' as const, id: 'test' },
  };
  const event = { id: randomUUID(), type: 'ContentFlagged', data: { imageId, flaggedBy: 'rev-1' }, metadata };
  const write = { stream: 'facts-http0', expected: 'any' as const, events: [event] };
  await gatehouse.runtime.pool.query(APPEND.text, appendParameters([write], [[storedText(event)]]));
}

it.each(['before', 'after'])(
  'a flag that can’t be processed concerns its own image, %s its consumer has met it',
  async (when) => {
    const [hurt, well] = [`hurt-${when}`, `well-${when}`];
    expect(await send(generated(hurt), generated(well), flagged(hurt), flagged(well))).toEqual(
      Array(4).fill('accepted'),
    );
    await gatehouse.settle();
    await storeBrokenFlag(hurt);
    if (when === 'after') await gatehouse.settle();
    const sent = [judged(hurt), confirmed(hurt), generated(`more-${when}`), judged(well)];
    expect(await send(...sent)).toEqual(['case-parked', 'case-parked', 'accepted', 'accepted']);
    for (const path of ['claim', 'verdicts']) {
      const { status, body } = await reviewer.post(
        `/v1/cases/${hurt}/${path}`,
        path === 'claim' ? undefined : { token: 1, verdict: 'safe' },
      );
      expect([status, body.type]).toEqual([409, expect.stringMatching(/case-parked$/)]);
    }
    const { body } = await service.post('/access/v1/evaluations', {
      subject: { type: 'reviewer', id: 'rev-2' },
      action: { name: 'review' },
      evaluations: [{ resource: { type: 'case', id: hurt } }, { resource: { type: 'case', id: `more-${when}` } }],
    });
    expect(body.evaluations.map(({ decision }: { decision: boolean }) => decision)).toEqual([false, false]);
  },
);

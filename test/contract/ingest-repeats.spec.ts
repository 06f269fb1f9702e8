import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccountDeactivated } from '../../libs/account/index.js';
import { senderEventId } from '../../libs/event-store/event-identity.js';
import { isOf } from '../../libs/events/event-definition.js';
import type { EventResult } from '../../libs/ingest/event-result.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { type IngestWorld, ingestContext, newSender, openIngestWorld } from './ingest-world.js';

let world: IngestWorld;

beforeAll(async () => {
  world = await openIngestWorld();
});
afterAll(() => world.close());

type Sender = ReturnType<typeof newSender>;

/** The index of a delivered event in the list of all events, and its answer. */
interface Answer {
  pick: number;
  result: EventResult;
}

const FACTS = 8;
const DEACTIVATIONS = [['d-1', 1] as const, ['d-2', 1] as const, ['d-3', 2] as const];
const REFUSED_FROM = FACTS + DEACTIVATIONS.length;
const refusedBy = ({ event, fact, source }: Sender): unknown[] => [
  event('ReviewConfirmed', 'r-1', {}),
  event('CohortOnboarded', 'c-1', {}),
  { ...fact(1), schemaversion: '7' },
  { ...fact(2), id: '' },
  { ...fact(3), data: { imageId: 'img-3' } },
  { ...fact(4), specversion: undefined },
  [source],
  source,
];

const delivery = fc.record({
  gateway: fc.constantFrom(0, 1),
  /** Does not wait for the answer to the previous delivery. */
  together: fc.boolean(),
  picks: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.nat(FACTS - 1) },
      { weight: 2, arbitrary: fc.integer({ min: FACTS, max: REFUSED_FROM + 7 }) },
    ),
    { maxLength: 9 },
  ),
});
type Delivery = typeof delivery extends fc.Arbitrary<infer One> ? One : never;

async function deliver(events: readonly unknown[], deliveries: readonly Delivery[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const underWay: Promise<void>[] = [];
  for (const { gateway, together, picks } of deliveries) {
    if (!together) await Promise.all(underWay.splice(0));
    const take = async () => {
      const given = picks.map((pick) => events[pick]);
      const results = await world.gateways[gateway]!.accept(given, ingestContext, 'http');
      expect(results).toHaveLength(picks.length);
      for (const [n, pick] of picks.entries()) answers.push({ pick, result: results[n]! });
    };
    underWay.push(take());
  }
  await Promise.all(underWay);
  return answers;
}

/** One event was stored if any was delivered, and every answer has its position. @returns how often it was accepted */
function checkStoredOnce(found: RecordedEvent[], answers: Answer[]): number {
  expect(found).toHaveLength(Math.min(1, answers.length));
  for (const { result } of answers) {
    expect(result.outcome).not.toBe('quarantined');
    expect(result.position).toBe(found[0]!.position);
  }
  return answers.filter(({ result }) => result.outcome === 'accepted').length;
}

describe('Ingest of any deliveries', () => {
  it('stores each identity once and answers alike, for any events in any batches and any repeats', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 6 }), async (deliveries) => {
        const sender = newSender(world.store);
        const { fact, deactivation, source } = sender;
        const facts = Array.from({ length: FACTS }, (_, n) => fact(n % 5, n < 5 ? 'ImageGenerated' : 'ContentFlagged'));
        const commands = DEACTIVATIONS.map(([id, account]) => deactivation(id, account));
        const refused = refusedBy(sender);
        const answers = await deliver([...facts, ...commands, ...refused], deliveries);
        const log = await sender.stored();

        for (const [n, { id }] of facts.entries()) {
          const ofFact = answers.filter(({ pick }) => pick === n);
          const found = log.filter((event) => event.id === senderEventId(source, id as string));
          expect(checkStoredOnce(found, ofFact)).toBe(Math.min(1, ofFact.length));
        }
        for (const [n, [id]] of DEACTIVATIONS.entries()) {
          const ofCommand = answers.filter(({ pick }) => pick === FACTS + n);
          checkStoredOnce(
            log.filter((event) => event.id === senderEventId(source, id)),
            ofCommand,
          );
        }
        for (const account of [1, 2]) {
          const ofAccount = answers.filter(({ pick }) => DEACTIVATIONS[pick - FACTS]?.[1] === account);
          const effects = log.filter(
            (event) => isOf(AccountDeactivated, event) && event.data.accountId.endsWith(`-${account}`),
          );
          expect(effects).toHaveLength(Math.min(1, ofAccount.length));
          // Two processes that decide the same command concurrently may both answer `accepted`.
          const accepted = ofAccount.filter(({ result }) => result.outcome === 'accepted');
          expect(accepted.length).toBeGreaterThanOrEqual(effects.length);
        }
        for (const n of refused.keys()) {
          const ofEvent = answers.filter(({ pick }) => pick === REFUSED_FROM + n);
          for (const { result } of ofEvent) {
            expect(result.outcome).toBe('quarantined');
            for (const text of [result.reason, result.field, result.detail]) expect(text).toMatch(/./);
          }
          const entry = ofEvent[0] && (await world.quarantine.show(ofEvent[0].result.quarantineId!));
          expect(entry?.seen ?? 0).toBe(ofEvent.length);
        }
      }),
      { numRuns: 20 },
    );
  });
});

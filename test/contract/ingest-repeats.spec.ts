import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { identityOf } from '../../libs/messaging/incoming-event.js';
import type { EventResult } from '../../libs/messaging/ingest.js';
import { type IngestWorld, ingestContext, newSender, openIngestWorld } from './ingest-world.js';

let world: IngestWorld;

beforeAll(async () => {
  world = await openIngestWorld();
});
afterAll(() => world.close());

const outcomes = (results: EventResult[]) => results.map(({ outcome }) => outcome);

describe('Ingest, delivered to in any way', () => {
  it('holds each identity once and answers alike, for any events in any grouping at any number of deliveries', async () => {
    const pick = fc.oneof(
      { weight: 3, arbitrary: fc.nat(7) },
      { weight: 2, arbitrary: fc.integer({ min: 8, max: 18 }) },
    );
    const delivery = fc.record({ gateway: fc.nat(1), together: fc.boolean(), picks: fc.array(pick, { maxLength: 9 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 8 }), async (deliveries) => {
        const { fact, deactivation, event, source, stored } = newSender(world.store);
        const facts = Array.from({ length: 8 }, (_, n) => fact(n % 5, n < 5 ? 'ImageGenerated' : 'ContentFlagged'));
        const commands = [deactivation('d-1', 1), deactivation('d-2', 1), deactivation('d-3', 2)];
        const refused = [
          event('ReviewConfirmed', 'r-1', {}),
          event('CohortOnboarded', 'c-1', {}),
          { ...fact(1), source, schemaversion: '7' },
          { ...fact(2), source, id: '' },
          { ...fact(3), source, data: { imageId: 'img-3', [source]: 1 } },
          { ...fact(4), source, specversion: undefined },
          [source],
          source,
        ];
        const all = [...facts, ...commands, ...refused];
        const answered: { pick: number; result: EventResult }[] = [];
        const underWay: Promise<void>[] = [];
        for (const { gateway, together, picks } of deliveries) {
          if (!together) await Promise.all(underWay.splice(0));
          const given = picks.map((one) => all[one]);
          underWay.push(
            world.gateways[gateway as 0 | 1].take(given, ingestContext, 'http').then((results) => {
              expect(results).toHaveLength(picks.length);
              answered.push(...picks.map((one, n) => ({ pick: one, result: results[n]! })));
            }),
          );
        }
        await Promise.all(underWay);

        const log = await stored();
        const resultsOf = (wanted: (pick: number) => boolean) =>
          answered.filter((one) => wanted(one.pick)).map(({ result }) => result);
        const checkOnce = (found: RecordedEvent[], results: EventResult[]) => {
          expect(found).toHaveLength(results.length > 0 ? 1 : 0);
          for (const { outcome, position } of results) {
            expect(outcome).not.toBe('quarantined');
            expect(position).toBe(found[0]!.position);
          }
          return outcomes(results).filter((outcome) => outcome === 'accepted').length;
        };
        for (const [n, { id }] of facts.entries()) {
          const results = resultsOf((one) => one === n);
          const found = log.filter((one) => one.id === identityOf(source, id as string));
          expect(checkOnce(found, results)).toBe(Math.min(1, results.length));
        }
        for (const [n, commandsOfOne] of [[8, 9], [10]].entries()) {
          const results = resultsOf((one) => commandsOfOne.includes(one));
          const found = log.filter(
            ({ data, type }) => type === 'AccountDeactivated' && data.accountId.endsWith(`-${n + 1}`),
          );
          expect(checkOnce(found, results)).toBeGreaterThanOrEqual(Math.min(1, results.length));
        }
        for (const [n] of refused.entries()) {
          const results = resultsOf((one) => one === 11 + n);
          for (const { outcome, reason, field, detail } of results) {
            expect([outcome, reason !== '', field !== '', detail !== '']).toEqual(['quarantined', true, true, true]);
          }
          if (n > 1 && results[0])
            expect((await world.quarantine.show(results[0].quarantineId!)).seen).toBe(results.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});

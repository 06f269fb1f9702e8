import type { ContextPorts } from '../../context/context.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { CaseOpened } from '../events.js';
import { fractionOf, isInSample } from '../further-review.js';
import { drawGoldenCase, goldenStream, retireUsedImage } from '../golden-case.js';
import type { ImagesInUse } from '../queries/images-in-use.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { goldenCasesView } from '../views/golden-cases.js';

export const GOLDEN_DRAWING = 'golden-drawing';

/** Within which time after the other case a golden one is opened, so that the two don't come together. */
const WITHIN_MS = 3_600_000;
/** Golden cases that one is drawn from. */
const CHOSEN_FROM = 1_000;

/** SQL: what was drawn because of an event before. */
const DRAWN = `SELECT FROM ${viewTable(goldenCasesView)} WHERE drawn_because = $1 LIMIT 1`;
const WAITING = `SELECT golden_id FROM ${viewTable(goldenCasesView)}
  WHERE status = 'waiting' AND retired_at IS NULL ORDER BY golden_id LIMIT ${CHOSEN_FROM}`;

type Ports = Pick<ContextPorts, 'transactor' | 'clock' | 'pool' | 'settings' | 'store' | 'viewReader' | 'personKeys'>;

/**
 * Draws a golden case for as many of the opened cases as the setting says. Which case draws one, which it is and when it is
 * opened are hashes under the key of this installation, so that no reviewer can compute them. One whose image was reported or
 * flagged is retired, and the next is drawn.
 */
export function goldenDrawing(
  { transactor, clock, pool, settings, store, viewReader, personKeys }: Ports,
  images: Pick<ImagesInUse, 'isInUse'>,
): Consumer {
  const hash = (purpose: string, ...of: string[]) => personKeys.keyedHash([`golden ${purpose}`, ...of].join('\n'));
  return defineConsumer({
    name: GOLDEN_DRAWING,
    events: [CaseOpened],
    // One at a time, so that two don't draw the same.
    key: () => GOLDEN_DRAWING,
    async react(event) {
      const { state } = await transactor.load(reviewSettingsStream, undefined);
      const { goldenPercent } = state.sampling;
      // A history that is consumed anew draws none.
      if (event.data.origin === 'golden' || Date.parse(event.recordedAt) < clock.now() - DAY_MS) return;
      if (!isInSample(hash('share', event.id), goldenPercent)) return;
      await viewReader.reached(goldenCasesView, await store.head(), settings.decisionWaitMs);
      if ((await queryView(pool, { text: DRAWN, values: [event.id] })).rows.length > 0) return;
      const { rows } = await queryView(pool, { text: WAITING });
      const choice = (goldenId: string) => hash('choice', event.id, goldenId);
      const ids: string[] = rows.map(({ golden_id }) => golden_id);
      const opensAt = toIso(clock.now() + Math.round(fractionOf(hash('delay', event.id)) * WITHIN_MS));
      for (const goldenId of ids.sort((one, other) => (choice(one) < choice(other) ? -1 : 1))) {
        const isInUse = await images.isInUse(goldenId);
        await transactor.transact(goldenStream, goldenId, causedBy(event, GOLDEN_DRAWING), (golden) =>
          isInUse
            ? retireUsedImage(golden, goldenId)
            : drawGoldenCase(golden, { goldenId, because: event.id, opensAt }),
        );
        if (!isInUse) return;
      }
    },
  });
}

import type { Transactor } from '../../event-store/transact.js';
import { ImageGenerated } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { seeModel } from '../gate-stage.js';
import { rolloutStream } from '../rollout.js';

export const MODEL_NOTING = 'model-noting';
/** Models that this process has looked up, or a sender could fill its memory. */
const MOST_KNOWN = 1_000;

/** Notes each model that an image names for the first time: what it makes needs evidence of its own. */
export function modelNoting(transactor: Transactor): Consumer {
  const known = new Set<string>();
  return defineConsumer({
    name: MODEL_NOTING,
    events: [ImageGenerated],
    key: ({ data }) => data.model ?? '',
    concerns: ({ data: { model } }) => model !== undefined && !known.has(model),
    async react(event) {
      const { model, imageId } = event.data;
      if (model === undefined || known.has(model)) return;
      await transactor.transact(rolloutStream, undefined, causedBy(event, MODEL_NOTING), ({ gate }) =>
        seeModel(gate, model, imageId),
      );
      if (known.size < MOST_KNOWN) known.add(model);
    },
  });
}

import type { QueryBus } from '@nestjs/cqrs';
import type { Context } from '../../context/context.js';
import type { Clock } from '../../kernel/clock.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { Unavailable } from '../../kernel/errors.js';
import { type Explanation, holds } from './explanation.js';

interface Needs {
  contexts: readonly Pick<Context, 'countsAgain'>[];
  queries: Pick<QueryBus, 'execute'>;
  clock: Clock;
  waitMs: number;
}

/** Adds to explanations what the decisions took from views, counted again in replays of the log. */
export class CountsInExplanations {
  private readonly until: number;

  /** For one question: after `waitMs` no further ones are counted, and a repeat goes on. */
  constructor(private readonly needs: Needs) {
    this.until = needs.clock.now() + needs.waitMs;
  }

  async addTo(event: RecordedEvent, explanation: Explanation): Promise<Explanation> {
    const found = await this.countsOf(event);
    if (!found) return explanation;
    const { counts, countedTo } = found;
    const others = counts.flatMap(({ path, recorded }) => (recorded === undefined ? [] : [path]));
    const detail = others.length === 0 ? `up to ${countedTo}` : `others: ${others.join(', ')}`;
    return {
      ...explanation,
      rules: [...explanation.rules, holds('counts-as-in-the-log', others.length === 0, detail)],
      restedOn: [...(explanation.restedOn ?? []), ...counts.map((one) => ({ of: 'views', ...one, countedTo }))],
    };
  }

  /** Undefined for a decision without counts, and while a replay runs. */
  private async countsOf(event: RecordedEvent) {
    const { contexts, queries, clock } = this.needs;
    const again = contexts.flatMap(({ countsAgain = [] }) => countsAgain).find(({ type }) => type === event.type);
    if (!again || clock.now() > this.until) return undefined;
    try {
      return await again.of(event, queries);
    } catch (error) {
      if (error instanceof Unavailable && error.code === 'replay-running') return undefined;
      throw error;
    }
  }
}

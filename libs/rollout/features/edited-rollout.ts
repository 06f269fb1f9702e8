import { Inject, type Type } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { EditCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import type { IfMatch } from '../../http/if-match.js';
import type { Clock } from '../../kernel/clock.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { type Asking, afterDue } from '../change-rollout.js';
import type { RolloutEvent } from '../events.js';
import { type Rollout, rolloutStream } from '../rollout.js';

/**
 * An edit of the rollout: a sender who did not know the last change learns of that first, whatever is wrong with the request.
 * @throws ChangedMeanwhile; whatever `decide` throws
 */
export function conditional(
  ifMatch: IfMatch | undefined,
  { changedAt }: Rollout,
  decide: () => readonly RolloutEvent[],
): readonly RolloutEvent[] {
  const allow = (events: readonly unknown[]) => ifMatch?.allow(events, changedAt, 'the rollout');
  let events: readonly RolloutEvent[];
  try {
    events = decide();
  } catch (error) {
    allow([error]);
    throw error;
  }
  allow(events);
  return events;
}

type Decide<Given> = (state: Rollout, command: Given, asking: Asking & { newId: string }) => readonly RolloutEvent[];

/**
 * The handler of a command about the rate, after what is due by the clock. It is an edit: an admission changes nothing that such
 * commands set, so their `If-Match` knows nothing of admissions.
 */
export function rolloutHandler<Given extends EditCommand>(
  command: Type<Given>,
  decide: Decide<Given>,
): Type<{ execute(command: Given): Promise<CommandResult> }> {
  @CommandHandler(command)
  class RolloutHandler {
    constructor(
      @Inject(Transactor) private readonly transactor: Transactor,
      @Inject(CLOCK) private readonly clock: Clock,
      @Inject(IDS) private readonly ids: Ids,
      @Inject(SETTINGS) private readonly settings: Settings,
    ) {}

    async execute(given: Given): Promise<CommandResult> {
      const newId = this.ids.next();
      const { context, ifMatch } = given;
      return commandResult(
        await this.transactor.transact(rolloutStream, undefined, context, (state) => {
          const asking = { by: context.actor.id, now: this.clock.now(), terms: this.settings, newId };
          return conditional(ifMatch, state, () =>
            afterDue(state, asking, (current) => decide(current, given, asking)),
          );
        }),
      );
    }
  }
  return RolloutHandler;
}

import { enforcingReaction } from '../libs/enforcement/index.js';
import { ownerOf } from '../libs/images/index.js';
import type { Metrics } from '../libs/platform/metrics/metrics.js';
import { Projector } from '../libs/projections/projector.js';
import { type Reaction, Reactor } from '../libs/projections/reactor.js';
import { caseOpeningReaction } from '../libs/review/index.js';
import { onboardingReaction } from '../libs/rollout/index.js';
import { nextInLine } from '../libs/waitlist/index.js';
import type { Runtime } from './runtime.js';
import { viewCatalogue } from './view-catalogue.js';

/** Work that goes on until the signal aborts, and can be told to work off what is there. */
export interface Worker {
  run(signal: AbortSignal): Promise<void>;
  processAll(): Promise<void>;
}

/** Keeps the read models up to date. */
export function projectorOf(runtime: Runtime, metrics: Metrics): Projector {
  const { pool, store, locks, rebuilder, viewReader, intakeGate, logger } = runtime;
  const events = metrics.counter({ name: 'projected_events_total', help: 'Events taken into the read models' });
  const troubles = metrics.counter({
    name: 'projector_troubles_total',
    help: 'Times the projector had to begin again',
  });
  return new Projector(pool, store, viewCatalogue, locks, rebuilder, {
    page(page, to) {
      events.inc(page.length);
      intakeGate.noteProjected(to);
      viewReader.moved();
    },
    trouble(error) {
      troubles.inc();
      logger.warn({ err: error }, 'the projector begins again');
    },
  });
}

/** What follows from events: flags open cases, confirmed reviews deactivate, admitted cohorts are let in. */
export function reactorsOf(runtime: Runtime, metrics: Metrics): Reactor[] {
  const { pool, store, locks, transactor, settings, viewReader, logger } = runtime;
  const reactions: Reaction[] = [
    caseOpeningReaction(transactor, settings.reviewPanel, ownerOf(pool)),
    enforcingReaction(transactor),
    onboardingReaction(transactor, nextInLine(pool, store, viewReader)),
  ];
  const parked = metrics.counter({
    name: 'reactor_parked_total',
    help: 'Events a reaction could not take',
    labels: ['reaction'],
  });
  return reactions.map(
    (reaction) =>
      new Reactor(pool, store, reaction, locks, {
        trouble: (error) => logger.warn({ err: error, reaction: reaction.name }, 'a reactor begins again'),
        parked(name, event, error) {
          parked.inc({ reaction: name });
          const { id, type, position } = event;
          logger.error(
            { err: error, reaction: name, event: { id, type, position } },
            'an event was parked: its key is left out until the next start',
          );
        },
      }),
  );
}

import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { NotCaughtUp, StoreUnavailable } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { ViewNotBuilt } from '../../projections/view-query.js';
import { type EvidencePeriod, NO_STAGE, StageEvidence } from '../../safety/index.js';
import type { Evidence } from '../gate-move.js';
import type { Gate } from '../gate-stage.js';

/** What part of the log the gate counts. Nothing is evidence before a stage begins. */
export const periodOf = (
  { settings, stage, labelsSince = NO_STAGE }: Pick<Gate, 'settings' | 'stage' | 'labelsSince'>,
  now: number,
): EvidencePeriod => ({
  since: stage?.since ?? NO_STAGE,
  labelsSince,
  now,
  labelDelayMs: settings.labelDelayDays * DAY_MS,
  accountWindowMs: settings.accountDays * DAY_MS,
});

type Counted = Pick<Gate, 'settings' | 'stage' | 'stages' | 'labelsSince'>;

/** The gate with its evidence. */
export interface GateState<Known extends Counted = Gate> extends Evidence {
  gate: Known;
  lateBySeconds: number;
}

/** Whether evidence could not be read because it is not complete yet, as after an upgrade whose views or counts are others. */
export const isEvidenceIncomplete = (error: unknown): boolean =>
  error instanceof ViewNotBuilt || error instanceof NotCaughtUp;

/** Reads the evidence of the present stage, and how late it is. */
@Injectable()
export class GateEvidence {
  constructor(
    @Inject(StageEvidence) private readonly evidence: StageEvidence,
    @Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'readAll' | 'head'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @param load the gate, which is loaded first: what is stored later may begin another stage
   * @throws ViewNotBuilt; NotCaughtUp while much is left to count
   */
  async read<Known extends Counted>(load: () => Promise<Known>): Promise<GateState<Known>> {
    const found = (await this.attempt(load)) ?? (await this.attempt(load));
    if (found) return found;
    throw new StoreUnavailable('the gate was read without the stage that has begun since: retry in a moment');
  }

  /** @returns undefined if another stage has begun since the gate was loaded */
  private async attempt<Known extends Counted>(load: () => Promise<Known>): Promise<GateState<Known> | undefined> {
    const until = await this.store.head();
    const gate = await load();
    const stages = gate.stages.map(({ since }) => since);
    const found = await this.evidence.read(periodOf(gate, this.clock.now()), stages, until);
    if (!found) return undefined;
    const { storedAt, ...reading } = found;
    return { gate, ...reading, lateBySeconds: await this.lateBy(reading.position, storedAt) };
  }

  /** How long the first event that the views lack has been stored; 0 if they lack none. */
  private async lateBy(position: Position, now: number): Promise<number> {
    const { events } = await this.store.readAll(position, { limit: 1 });
    const [next] = events;
    return next ? Math.max(0, Math.floor((now - Date.parse(next.recordedAt)) / 1000)) : 0;
  }
}

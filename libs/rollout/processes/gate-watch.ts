import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import type { Logger } from '../../platform/logging/logger.js';
import { CLOCK, EVENT_STORE, LOGGER, SETTINGS } from '../../platform/ports.js';
import type { View } from '../../projections/view.js';
import { onceBuilt } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { EVIDENCE_SOURCES } from '../../safety/index.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { advanceRamp } from '../change-ramp.js';
import type { RateTerms } from '../change-rollout.js';
import { askedRate, moveGate } from '../gate-move.js';
import { overrideInForce } from '../gate-override.js';
import { beginStage, type Gate } from '../gate-stage.js';
import { GateEvidence, type GateState, isEvidenceIncomplete } from '../queries/gate-evidence.js';
import { StageChanges } from '../queries/stage-changes.js';
import { type Rollout, rolloutStream } from '../rollout.js';

export const GATE_WATCH = 'gate';
/** A brake stops admissions within it. */
export const GATE_TICK_MS = 10_000;
/** How long a tick waits for views; then it decides by where they are, and says so. */
const MOST_WAIT_MS = 5_000;

/** Moves the gate as the evidence says, makes the steps of a ramp plan that it supports, and begins a stage with what changed elsewhere. */
@Injectable()
export class GateWatch {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(StageChanges) private readonly changes: StageChanges,
    @Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'head'>,
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(SETTINGS) private readonly terms: RateTerms,
  ) {}

  /** One process at a time ticks, until the signal aborts. */
  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = (error: unknown) => this.logger.warn({ err: error }, 'the gate could not be read; it retries');
    await runPeriodically(
      { name: GATE_WATCH, everyMs: GATE_TICK_MS, tick: (ends) => this.tick(ends), failed: onceBuilt(failed) },
      signal,
      locks,
    );
  }

  /**
   * Waits until the views have everything that is stored now, if that does not take long, and moves the gate.
   * @param ends aborts when it is to end
   */
  async tick(ends?: AbortSignal): Promise<void> {
    await this.beginStage();
    const head = await this.store.head();
    try {
      const views = EVIDENCE_SOURCES as unknown as readonly View[];
      await Promise.all(views.map((view) => this.reader.reached(view, head, MOST_WAIT_MS)));
    } catch (error) {
      if (!(error instanceof NotCaughtUp)) throw error;
    }
    await this.lookOnceCounted(ends);
  }

  /** Counts on for as long as it takes, since nobody is admitted meanwhile. */
  private async lookOnceCounted(ends?: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.look(false);
      } catch (error) {
        if (!(error instanceof NotCaughtUp) || ends?.aborted) throw error;
        this.logger.warn({ err: error }, 'the evidence of the gate is being counted; nobody is admitted until then');
      }
    }
  }

  /**
   * Before people are admitted: stops or frees admissions by what the views have now.
   * @throws StoreUnavailable if the evidence can't be read: nobody is admitted without, except before the first of all
   */
  async beforeAdmission(): Promise<void> {
    try {
      await this.look(true);
    } catch (error) {
      if (!isEvidenceIncomplete(error)) throw error;
      const { gate } = (await this.transactor.load(rolloutStream, undefined)).state;
      // Once it has moved there was evidence, which another release may be building or counting anew.
      if (gate.move && !overrideInForce(gate, this.clock.now())) throw error;
    }
  }

  private async beginStage(): Promise<void> {
    await this.transactor.transact(
      rolloutStream,
      undefined,
      contextOf(),
      ({ gate }, found) => (found?.begun && isSameStage(gate, found.gate) ? beginStage(gate, found.begun) : []),
      async (load: Load<Rollout>) => {
        const { gate } = await load();
        return gate.stage && { gate, begun: await this.changes.since(gate.stage, this.clock.now()) };
      },
    );
  }

  /** Looks again if the gate has changed while the evidence was read. */
  private async look(isAdmission: boolean): Promise<void> {
    while (!(await this.hasLooked(isAdmission)));
  }

  /** The evidence is read after the stream, and a move is stored only if there was no other and no other stage has begun since. */
  private async hasLooked(isAdmission: boolean): Promise<boolean> {
    let isNewest = true;
    await this.transactor.transact(
      rolloutStream,
      undefined,
      contextOf(),
      (state, found) => {
        isNewest = !found || isSame(state.gate, found.gate);
        if (!found || !isNewest) return [];
        const moved = moveGate(state.gate, found, askedRate(state), found.lateBySeconds, isAdmission);
        if (moved.length > 0 || isAdmission) return moved;
        return advanceRamp(state, found, found.lateBySeconds, { now: this.clock.now(), terms: this.terms });
      },
      async (load: Load<Rollout>): Promise<GateState | undefined> => {
        const loadGate = async () => (await load()).gate;
        return (await loadGate()).stage && this.evidence.read(loadGate);
      },
    );
    return isNewest;
  }
}

/** What was found in one stage says nothing about the next, which may have begun while it was read. */
const isSameStage = (one: Pick<Gate, 'stage'>, other: Pick<Gate, 'stage'>): boolean =>
  one.stage?.since === other.stage?.since;

/** A move that was stored meanwhile may be by newer evidence. */
const isSame = (one: Pick<Gate, 'stage' | 'move'>, other: Pick<Gate, 'stage' | 'move'>): boolean =>
  isSameStage(one, other) && one.move?.position === other.move?.position;

const contextOf = (): CommandContext => ({ actor: { kind: 'process', id: GATE_WATCH }, correlationid: GATE_WATCH });

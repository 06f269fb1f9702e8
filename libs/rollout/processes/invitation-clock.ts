import pMap from 'p-map';
import { expireInvitation, hasAccepted, invitedAccount, isEnded, remindOfInvitation } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { restrictedAt } from '../changes.js';
import type { HeldBatch } from '../held-places.js';
import { admitInvited, freePlaces, roomForInvited } from '../hold-places.js';
import { batchStream, endChoice } from '../invitation-batch.js';
import { invitedSliceIsDue } from '../invited-slices.js';
import { allowsClass } from '../phase.js';
import { CONCURRENT_ACCOUNTS } from '../queries/choosing.js';
import { type PartsLog, partAt } from '../queries/chosen-parts.js';
import { cohortsBeingOnboarded, type Rollout, rolloutStream } from '../rollout.js';
import { freeWithdrawn } from '../withdraw-invitations.js';
import type { GateWatch } from './gate-watch.js';

export const INVITATION_CLOCK = 'invitation-clock';
const TICK_MS = 5_000;

/** Both may lag: whom one leaves out, a later answer has. */
export interface AcceptedInvitations {
  /**
   * Pages of accounts that accepted and are not onboarded yet, in the order in which they accepted.
   * @param busy batches to leave out
   * @param classes only of these
   */
  pages(
    busy: readonly string[],
    classes?: readonly string[],
  ): AsyncIterable<readonly { accountId: string; batchId: string }[]>;
  /** How many they are of each of these batches. @param classes only of these */
  of(batches: readonly string[], classes?: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** Of the accounts of one part of a batch, by index, those who accepted in time and are not onboarded: an index takes less memory than an id. */
interface WaitingPart {
  part: Position;
  waiting: readonly number[];
}

const contextOf = (batchId: string): CommandContext => ({
  actor: { kind: 'process', id: INVITATION_CLOCK },
  correlationid: batchId,
});

/** Moves people who accepted into cohorts, reminds the others, ends invitations that nobody used, and frees the places of decided batches. */
export class InvitationClock {
  /** By batch that is over, who was not onboarded yet when its accounts were looked at last. */
  private readonly waiting = new Map<string, readonly WaitingPart[]>();

  /** The batches whose people were reminded. */
  private readonly reminded = new Set<string>();

  constructor(
    private readonly transactor: Transactor,
    private readonly log: PartsLog,
    private readonly accepted: AcceptedInvitations,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: Pick<Settings, 'invitationReminderDays'>,
    private readonly gate: Pick<GateWatch, 'beforeAdmission'>,
  ) {}

  /** One process at a time ticks, until the signal aborts. */
  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = (error: unknown) => this.logger.warn({ err: error }, 'invitations could not be settled; retrying');
    await runPeriodically(
      { name: INVITATION_CLOCK, everyMs: TICK_MS, tick: (ends) => this.tick(ends), failed },
      signal,
      locks,
    );
  }

  async tick(signal?: AbortSignal): Promise<void> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    const { batches } = state.held;
    this.forgetAllBut(batches);
    if (batches.length === 0) return;
    // First, since many invitations take long to end: who accepted in time must not wait for those of others.
    await this.admit(signal);
    const now = this.clock.now();
    for (const batch of batches) {
      if (signal?.aborted) return;
      if (isOver(batch, now) && !this.waiting.has(batch.batchId)) await this.expire(batch, signal);
      else if (this.isToRemind(batch, now)) await this.remind(batch.batchId, signal);
    }
    if (signal?.aborted) return;
    await this.free(batches.filter(({ batchId }) => this.waiting.has(batchId)));
  }

  /** If the invitations are longer than the time before their end at which people are reminded. */
  private isToRemind({ batchId, heldAt, until, withdrawal }: HeldBatch, now: number): boolean {
    const before = this.settings.invitationReminderDays * DAY_MS;
    const isDue = before > 0 && until - before > heldAt && now >= until - before && now < until;
    return isDue && !withdrawal && !this.reminded.has(batchId);
  }

  private async remind(batchId: string, signal?: AbortSignal): Promise<void> {
    const { state: batch } = await this.transactor.load(batchStream, batchId);
    const remindOne = (accountId: string) =>
      this.transactor.transact(invitedAccount, accountId, contextOf(batchId), (account) =>
        remindOfInvitation(account, { accountId, batchId }, this.clock.now()),
      );
    for (const part of batch.parts) {
      if (signal?.aborted) return;
      const { accounts } = await partAt(this.log, part);
      await pMap(accounts, remindOne, { concurrency: CONCURRENT_ACCOUNTS });
    }
    if (batch.complete) this.reminded.add(batchId);
  }

  /** Ends each invitation that was not accepted in time. Only the accounts' own streams say whether it was. */
  private async expire({ batchId, withdrawal }: HeldBatch, signal?: AbortSignal): Promise<void> {
    const context = contextOf(batchId);
    const { state: batch } = await this.transactor.transact(batchStream, batchId, context, (now) =>
      endChoice(now, batchId),
    );
    const settle = async (accountId: string) => {
      const { state } = await this.transactor.transact(invitedAccount, accountId, context, (account) =>
        expireInvitation(account, { accountId, batchId }, withdrawal !== undefined),
      );
      return !isEnded(state, batchId);
    };
    const left: WaitingPart[] = [];
    for (const part of batch.parts) {
      if (signal?.aborted) return;
      left.push(...(await this.waitingOf(part, settle)));
    }
    this.waiting.set(batchId, left);
  }

  /** @param among indexes of accounts of the part; all if absent @returns nothing for a part in which nobody waits */
  private async waitingOf(
    part: Position,
    waits: (accountId: string) => Promise<boolean>,
    among?: readonly number[],
  ): Promise<WaitingPart[]> {
    const { accounts } = await partAt(this.log, part);
    const look = async (n: number) => ((await waits(accounts[n]!)) ? [n] : []);
    const waiting = (await pMap(among ?? accounts.keys(), look, { concurrency: CONCURRENT_ACCOUNTS })).flat();
    return waiting.length === 0 ? [] : [{ part, waiting }];
  }

  /**
   * Admits people who accepted, in that order, as many as there is room for. Those whom earlier cohorts of their batch
   * admitted are onboarded or gone, since a batch is left out until its cohorts are onboarded. So nobody is admitted twice.
   */
  private async admit(signal?: AbortSignal): Promise<void> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    const hasRoom = (rollout: Rollout) => roomForInvited(rollout, this.clock.now()) > 0;
    if (!hasRoom(state)) return;
    const onboarding = new Set(cohortsBeingOnboarded(state).map(({ batchId }) => batchId));
    const free = state.held.batches.filter(({ batchId }) => !onboarding.has(batchId));
    const { classes } = restrictedAt(state, this.clock.now()).phase;
    const counts = await this.accepted.of(
      free.map(({ batchId }) => batchId),
      classes,
    );
    const isDue = (batch: HeldBatch) =>
      invitedSliceIsDue(state, batch, counts.get(batch.batchId) ?? 0, this.clock.now());
    const admitted = new Map(free.filter(isDue).map((one) => [one.batchId, one.admitted]));
    if (admitted.size === 0) return;
    await this.gate.beforeAdmission();
    const busy = state.held.batches.flatMap(({ batchId }) => (admitted.has(batchId) ? [] : [batchId]));
    // A page has at most as many accounts as a cohort may list.
    for await (const page of this.accepted.pages(busy, classes)) {
      for (const [batchId, accounts] of byBatch(page)) {
        if (signal?.aborted) return;
        const after = admitted.get(batchId);
        if (after === undefined) continue;
        const next = await this.admitOf(batchId, accounts, after);
        if (next === undefined) continue;
        if (!hasRoom(next.rollout)) return;
        if (next.size === 0) admitted.delete(batchId);
        else admitted.set(batchId, after + next.size);
      }
    }
  }

  /** Undefined if none of them waits for admission: the view is behind. */
  private async admitOf(batchId: string, listed: readonly string[], after: number) {
    const accepted = await this.stillAccepted(batchId, listed);
    if (accepted.length === 0) return undefined;
    const { state: rollout, events } = await this.transactor.transact(
      rolloutStream,
      undefined,
      contextOf(batchId),
      (current) => {
        const now = this.clock.now();
        const { phase } = restrictedAt(current, now);
        const allowed = accepted.filter((one) => allowsClass(phase, one.class));
        return admitInvited(current, { batchId, accounts: allowed.map(({ accountId }) => accountId), after, now });
      },
    );
    return { rollout, size: events.length === 0 ? 0 : (events[0]!.data.size as number) };
  }

  private async stillAccepted(batchId: string, accounts: readonly string[]) {
    const load = async (accountId: string) => {
      const { state } = await this.transactor.load(invitedAccount, accountId);
      return hasAccepted(state, batchId) ? [{ accountId, class: state.class }] : [];
    };
    return (await pMap(accounts, load, { concurrency: CONCURRENT_ACCOUNTS })).flat();
  }

  /** Looks at the accounts of a batch again only when the view says that fewer wait, so that no lasting pause costs anything. */
  private async free(batches: readonly HeldBatch[]): Promise<void> {
    if (batches.length === 0) return;
    const waiting = await this.accepted.of(batches.map(({ batchId }) => batchId));
    for (const { batchId } of batches) {
      const before = this.waiting.get(batchId)!;
      if (before.length > 0 && (waiting.get(batchId) ?? 0) >= peopleIn(before)) continue;
      const hasStillAccepted = async (accountId: string) =>
        hasAccepted((await this.transactor.load(invitedAccount, accountId)).state, batchId);
      const left: WaitingPart[] = [];
      for (const one of before) left.push(...(await this.waitingOf(one.part, hasStillAccepted, one.waiting)));
      this.waiting.set(batchId, left);
      const people = peopleIn(left);
      await this.transactor.transact(rolloutStream, undefined, contextOf(batchId), (rollout) =>
        people > 0 ? freeWithdrawn(rollout, batchId, people) : freePlaces(rollout, batchId),
      );
    }
  }

  /** Of batches that are over, also by the consumer or another scheduler. */
  private forgetAllBut(batches: readonly HeldBatch[]): void {
    const ids = new Set(batches.map(({ batchId }) => batchId));
    for (const known of [this.waiting, this.reminded])
      for (const batchId of known.keys()) if (!ids.has(batchId)) known.delete(batchId);
  }
}

/** One that is being withdrawn is left to the consumer that does so, unless its time is up. */
const isOver = ({ until, withdrawal }: HeldBatch, now: number): boolean => now >= until || withdrawal === 'completed';

const peopleIn = (parts: readonly WaitingPart[]): number => parts.reduce((sum, { waiting }) => sum + waiting.length, 0);

function byBatch(page: readonly { accountId: string; batchId: string }[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const { accountId, batchId } of page) {
    const accounts = found.get(batchId);
    if (accounts) accounts.push(accountId);
    else found.set(batchId, [accountId]);
  }
  return [...found];
}

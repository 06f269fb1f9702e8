import { type AccountEvent, type AccountStanding, type AccountStream, accountStream } from '../../account/index.js';
import { type EventStore, type Page } from '../../event-store/event-store.js';
import { isOf, typesOf } from '../../events/event-definition.js';
import { belongsTo, foldRecorded, placeOf } from '../../kernel/decider.js';
import type { Position, Recorded, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { Changes, pause } from '../../kernel/wait.js';
import { policyStream } from '../../policy/index.js';
import { ReviewConfirmed } from '../../review/index.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { runSubscription, type Subscriber } from '../../subscriptions/subscription.js';
import { InternedStandings } from './interned-standings.js';
import { RecentlyUsed } from './recently-used.js';

export interface AccessReplicaOptions {
  /** Accounts held in memory at the most; others are folded from their stream when they are asked for. */
  accounts: number;
  /** Following the log failed. It is retried; until it succeeds, decisions age. */
  error?(error: unknown): void;
}

/** The head of the log, asked for at a moment of the monotonic clock: everything stored before it is at most there. */
interface Sample {
  head: Position;
  at: number;
}

/** The decision point answers `decision-point-stale` until it has caught up, should that take longer. */
const FIRST_CATCH_UP_MS = 3_000;
const SAMPLE_MS = 250;
const PAGE = 2_000;
/** Samples of ten minutes, the longest staleness that can be set. */
const HEADS_KEPT = 600_000 / SAMPLE_MS;

/**
 * Where accounts stand, in memory, fed by the log itself: no view and no other process has to work for an access decision
 * to be right. Knows how old its knowledge may be.
 */
export class AccessReplica implements Subscriber {
  private readonly held: RecentlyUsed<AccountStanding>;
  private readonly standings = new InternedStandings();
  /** Of accounts whose stream was read beyond the replica's position: the position of their last event. */
  private readonly ahead = new Map<string, Position>();
  /** Accounts whose stream is being read, and their events from the log meanwhile. */
  private readonly loading = new Map<string, { events: RecordedEvent[]; result: Promise<AccountStanding> }>();
  /** Accounts with a confirmed review and no deactivation yet: they are denied already. */
  private readonly pendingDeactivation = new Set<string>();
  private policies = policyStream.initial;
  private position: Position = 0;
  private readonly moves = new Changes();
  private samples: Sample[] = [];
  /** Also those that are known here already, oldest first. */
  private readonly heads: Sample[] = [];
  /** On the monotonic clock: everything stored before it is known here. */
  private freshAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: EventStore,
    private readonly log: LogTail,
    private readonly options: AccessReplicaOptions,
    private readonly account: AccountStream = accountStream,
  ) {
    this.held = new RecentlyUsed(options.accounts);
  }

  get currentPolicy(): string | undefined {
    return this.policies.current;
  }

  get knownPosition(): Position {
    return this.position;
  }

  /** Milliseconds since everything stored was surely known here; Infinity before the first contact with the log. */
  get ageMs(): number {
    return performance.now() - this.freshAt;
  }

  /**
   * Where the log ended at some moment of the last so many milliseconds: what has passed it knows everything that was
   * stored before that time. Undefined when the log was not heard of since.
   */
  headWithin(ms: number): Position | undefined {
    const since = performance.now() - ms;
    return this.heads.find(({ at }) => at >= since)?.head;
  }

  /** Undefined if the account is not in memory. */
  heldStanding(accountId: string): AccountStanding | undefined {
    const standing = this.held.get(accountId);
    return standing && this.judged(accountId, standing);
  }

  /** @throws StoreUnavailable when the account is not in memory and the log does not answer */
  standing(accountId: string): AccountStanding | Promise<AccountStanding> {
    return this.heldStanding(accountId) ?? this.loading.get(accountId)?.result ?? this.load(accountId);
  }

  /** True once everything up to the position is known here; false when that takes longer than the limit. */
  waitFor(position: Position, limitMs: number): Promise<boolean> {
    return this.moves.until(() => this.position >= position, limitMs);
  }

  /**
   * Resolves when the replica may answer; it follows the log from then on, until the signal aborts.
   * @param enforced up to where every confirmed review has led to its deactivation
   * @param overdue accounts for which it has not
   */
  async start(signal: AbortSignal, enforced: Position, overdue: readonly string[] = []): Promise<void> {
    for (const accountId of overdue) this.pendingDeactivation.add(accountId);
    const head = await this.store.head();
    this.position = Math.min(enforced, head);
    this.policies = foldRecorded(policyStream, await this.store.readStream(policyStream.category));
    void runSubscription(this, signal);
    await this.waitFor(head, FIRST_CATCH_UP_MS);
    void this.sample(signal);
  }

  async follow(signal: AbortSignal): Promise<void> {
    const types = typesOf([...this.account.events, ...policyStream.events, ReviewConfirmed]);
    for await (const page of this.log.subscribe(this.position, { signal, types, limit: PAGE })) this.take(page);
  }

  failed(error: unknown): void {
    this.options.error?.(error);
  }

  private take({ events, next }: Page): void {
    for (const event of events) this.apply(event);
    this.position = next;
    for (const [accountId, position] of this.ahead) if (position <= next) this.ahead.delete(accountId);
    this.moves.notify();
    this.judgeFreshness();
  }

  private judged(accountId: string, standing: AccountStanding): AccountStanding {
    return this.pendingDeactivation.size > 0 && this.pendingDeactivation.has(accountId)
      ? { ...standing, deactivated: true }
      : standing;
  }

  private apply(event: RecordedEvent): void {
    if (belongsTo(this.account, event)) this.applyToAccount(event);
    else if (isOf(ReviewConfirmed, event)) {
      if (event.data.accountId !== undefined) this.pendingDeactivation.add(event.data.accountId);
    } else if (belongsTo(policyStream, event) && !this.policies.versions.includes(event.data.version)) {
      this.policies = policyStream.evolve(this.policies, event, placeOf(event));
    }
  }

  private applyToAccount(event: Recorded<AccountEvent>): void {
    const { accountId } = event.data;
    if (this.pendingDeactivation.size > 0 && decidesDeactivation(this.account, event)) {
      this.pendingDeactivation.delete(accountId);
    }
    this.loading.get(accountId)?.events.push(event);
    if (event.position <= (this.ahead.get(accountId) ?? 0)) return;
    const standing = this.held.peek(accountId);
    if (standing) this.held.set(accountId, this.standings.intern(this.account.evolve(standing, event, placeOf(event))));
  }

  private load(accountId: string): Promise<AccountStanding> {
    const events: RecordedEvent[] = [];
    const result = this.store
      .readStream(`${this.account.category}-${accountId}`)
      .then((history) => {
        let standing = this.account.initial;
        let position = 0;
        for (const event of [...history, ...events]) {
          if (event.position <= position) continue;
          if (belongsTo(this.account, event)) standing = this.account.evolve(standing, event, placeOf(event));
          position = event.position;
        }
        standing = this.standings.intern(standing);
        this.held.set(accountId, standing);
        if (position > this.position) this.ahead.set(accountId, position);
        return this.judged(accountId, standing);
      })
      .finally(() => this.loading.delete(accountId));
    this.loading.set(accountId, { events, result });
    return result;
  }

  /** Asks the log for its head now and then; once that much is known here, the knowledge is as fresh as the question. */
  private async sample(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const at = performance.now();
      try {
        const sample = { head: await this.store.head(), at };
        this.samples.push(sample);
        this.heads.push(sample);
        if (this.heads.length > HEADS_KEPT) this.heads.shift();
        this.judgeFreshness();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) this.options.error?.(error);
      }
      await pause(SAMPLE_MS, signal);
    }
  }

  private judgeFreshness(): void {
    while (this.samples.length > 0 && this.samples[0]!.head <= this.position) this.freshAt = this.samples.shift()!.at;
  }
}

/** Whether the account is deactivated after the event, or active after it, whichever it was before. */
function decidesDeactivation({ initial, evolve }: AccountStream, event: Recorded<AccountEvent>): boolean {
  const place = placeOf(event);
  const [active, deactivated] = [false, true].map((before) =>
    evolve({ ...initial, deactivated: before }, event, place),
  );
  return active!.deactivated === deactivated!.deactivated;
}

import {
  type AccountStanding,
  type AccountStream,
  accountStream,
  consequencesOf,
  isCause,
  type PendingDeactivations,
} from '../../account/index.js';
import { type Ladder, ladderStream } from '../../enforcement/index.js';
import type { EventStore, Page } from '../../event-store/event-store.js';
import { typesOf } from '../../events/event-definition.js';
import { type ImageRules, imageRulesStream } from '../../image-rules/index.js';
import { type KnownWithheld, withholdingStream } from '../../images/index.js';
import { evolveRecorded, isUsable } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { Changes, pause } from '../../kernel/wait.js';
import { type ContentPolicies, type PoliciesInForce, policiesAt, policyStream } from '../../policy/index.js';
import { ModelProblemFound, ReviewConfirmed } from '../../review/index.js';
import type { ConsumerProgress } from '../../subscriptions/checkpoints.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { runSubscription, type Subscriber } from '../../subscriptions/subscription.js';
import {
  type PhaseRestrictions,
  phaseRestrictionsStream,
  type Switches,
  switchesStream,
} from '../../switches/index.js';
import { idIn } from './entity-of.js';
import { FoldedStream } from './folded-stream.js';
import { InternedStandings } from './interned-standings.js';
import { ENFORCEMENT_ENDS, PendingEnforcements } from './pending-enforcements.js';
import { RecentlyUsed } from './recently-used.js';
import { readPending, readWithheld } from './unfinished-reviews.js';
import { WithheldImages } from './withheld-images.js';

export interface AccessReplicaOptions {
  /** Maximum accounts held in memory; others are folded from their stream on demand. */
  accounts: number;
  /** Reading the log failed. It is retried; until it succeeds, the replica ages. */
  error?(error: unknown): void;
  /** Events were applied just now, unlike those that the replica reads at its start. */
  applied?(events: readonly RecordedEvent[]): void;
}

/** From where the replica follows the log, and what is known there. */
export interface ReplicaStart {
  /** How far confirmed reviews are enforced against accounts; a key is an account. */
  enforcing: ConsumerProgress;
  /** How far the images of confirmed reviews are withheld; a key is an image. From the first event by default. */
  withholding?: ConsumerProgress;
  /** The images that are withheld as of a position; absent before their view is built. */
  withheld?: KnownWithheld | undefined;
}

/** The head of the log, read at a time of the monotonic clock: no event stored before that time is beyond it. */
interface Sample {
  head: Position;
  at: number;
}

/** Maximum wait at the start. Until the replica has caught up, the decision point answers `decision-point-stale`. */
const FIRST_CATCH_UP_MS = 3_000;
const SAMPLE_MS = 250;
const PAGE = 2_000;
/** Samples of ten minutes, the maximum of the staleness setting. */
const HEADS_KEPT = 600_000 / SAMPLE_MS;

/**
 * The state of accounts in memory, read from the log itself: access decisions depend on no view and no other process.
 * Knows the maximum age of its state.
 */
export class AccessReplica implements Subscriber, PendingDeactivations {
  private readonly held: RecentlyUsed<AccountStanding>;
  private readonly standings = new InternedStandings();
  /** The last position of each account whose stream was read beyond the replica's position. */
  private readonly ahead = new Map<string, Position>();
  /** Accounts whose stream is being read, with their events that the log delivers meanwhile. */
  private readonly loading = new Map<string, { events: RecordedEvent[]; result: Promise<AccountStanding> }>();
  private pending = new PendingEnforcements();
  private withheld: WithheldImages;
  private readonly ladder = new FoldedStream(ladderStream);
  private readonly policies = new FoldedStream(policyStream);
  private readonly switchesSoFar = new FoldedStream(switchesStream);
  private readonly rulesSoFar = new FoldedStream(imageRulesStream);
  private readonly phasesSoFar = new FoldedStream(phaseRestrictionsStream);
  /** Computed last, from these policies and as of this time. */
  private inForce: { of: ContentPolicies; from: number; policies: PoliciesInForce } | undefined;
  private position: Position = 0;
  /** The head of the log at the start. */
  private startedAt: Position = 0;
  private readonly moves = new Changes();
  private samples: Sample[] = [];
  /** All samples of the last ten minutes, oldest first. */
  private readonly heads: Sample[] = [];
  /** Everything stored before this time of the monotonic clock is applied. */
  private freshAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: EventStore,
    private readonly log: LogTail,
    private readonly options: AccessReplicaOptions,
    private readonly account: AccountStream = accountStream,
  ) {
    this.held = new RecentlyUsed(options.accounts);
    this.withheld = new WithheldImages(store);
  }

  /** What holds of the content policies. @param now epoch milliseconds */
  policiesAt(now: number): PoliciesInForce {
    const known = this.inForce;
    const { state: of } = this.policies;
    if (known && known.of === of && now >= known.from && now < known.policies.until) return known.policies;
    this.inForce = { of, from: now, policies: policiesAt(of, now) };
    return this.inForce.policies;
  }

  /** Which actions operators have suspended. */
  get switches(): Switches {
    return this.switchesSoFar.state;
  }

  /** What confirmed violations lead to. */
  get confirmedLeadTo(): Ladder {
    return this.ladder.state;
  }

  /** The rules about images. */
  get imageRules(): ImageRules {
    return this.rulesSoFar.state;
  }

  /** What the phase of the rollout restricts. */
  get phaseRestrictions(): PhaseRestrictions {
    return this.phasesSoFar.state;
  }

  get knownPosition(): Position {
    return this.position;
  }

  /** Milliseconds since the replica surely had everything stored; Infinity before the first contact with the log. */
  get ageMs(): number {
    return performance.now() - this.freshAt;
  }

  /**
   * The oldest head of the log that was read within the last `ms` milliseconds: a view beyond it is at most that old.
   * Undefined if the head was not read in that time.
   */
  headWithin(ms: number): Position | undefined {
    const since = performance.now() - ms;
    return this.heads.find(({ at }) => at >= since)?.head;
  }

  /** Undefined if the account is not in memory. */
  heldStanding(accountId: string): AccountStanding | undefined {
    const standing = this.held.get(accountId);
    return standing && this.denyPending(accountId, standing);
  }

  /** Whether a review of the account was confirmed and its deactivation is not stored yet. */
  includes(accountId: string, standing: AccountStanding): boolean {
    return !standing.deactivated && this.denyPending(accountId, standing).deactivated;
  }

  /** Whether nobody may share, download or flag the image; undefined if it has to be looked up. */
  heldWithheld(imageId: string): boolean | undefined {
    return this.withheld.includes(imageId);
  }

  /** @throws StoreUnavailable if the image is not in memory and the log does not answer */
  isWithheld(imageId: string): boolean | Promise<boolean> {
    return this.withheld.find(imageId);
  }

  /** @throws StoreUnavailable if the account is not in memory and the log does not answer */
  standing(accountId: string): AccountStanding | Promise<AccountStanding> {
    return this.heldStanding(accountId) ?? this.loading.get(accountId)?.result ?? this.load(accountId);
  }

  /** Whether a confirmed case denies its account anything, by what is applied. @throws StoreUnavailable as `standing` */
  async isDenied(accountId: string, caseId: string): Promise<boolean> {
    return isCause({ ...consequencesOf(await this.standing(accountId)), strikes: [] }, caseId);
  }

  /** Only what is stored after this position is reported as applied: the replica had the rest before it answered. */
  get reportsAfter(): Position {
    return this.startedAt;
  }

  /** Resolves to true once everything up to the position is applied, or to false after the limit. */
  waitFor(position: Position, limitMs: number): Promise<boolean> {
    return this.moves.until(() => this.position >= position, limitMs);
  }

  /**
   * Resolves once the replica may answer. It follows the log until the signal aborts.
   */
  async start(signal: AbortSignal, { enforcing, withholding, withheld }: ReplicaStart): Promise<void> {
    const head = await this.store.head();
    this.startedAt = head;
    this.position = Math.min(enforcing.position, head);
    this.pending = await readPending(this.store, this.account, enforcing);
    this.withheld = await readWithheld(this.store, this.position, withholding, withheld);
    for (const folded of [this.policies, this.switchesSoFar, this.ladder, this.rulesSoFar, this.phasesSoFar])
      await folded.readFrom(this.store);
    void runSubscription(this, signal);
    await this.waitFor(head, FIRST_CATCH_UP_MS);
    void this.sample(signal);
  }

  async follow(signal: AbortSignal): Promise<void> {
    const types = typesOf([
      ...this.account.events,
      ...policyStream.events,
      ...switchesStream.events,
      ...imageRulesStream.events,
      ...phaseRestrictionsStream.events,
      ...ladderStream.events,
      ...withholdingStream.events,
      ReviewConfirmed,
      ModelProblemFound,
      ...ENFORCEMENT_ENDS,
    ]);
    for await (const page of this.log.subscribe(this.position, { signal, types, limit: PAGE })) this.applyPage(page);
  }

  failed(error: unknown): void {
    this.options.error?.(error);
  }

  private applyPage({ events, next }: Page): void {
    for (const event of events) this.apply(event);
    this.position = next;
    this.options.applied?.(events.filter(({ position }) => position > this.startedAt));
    for (const [accountId, position] of this.ahead) if (position <= next) this.ahead.delete(accountId);
    this.moves.notify();
    this.updateFreshness();
  }

  private denyPending(accountId: string, standing: AccountStanding): AccountStanding {
    return this.pending.isEmpty ? standing : this.pending.expected(accountId, standing, this.ladder.state);
  }

  private apply(event: RecordedEvent): void {
    const accountId = idIn(this.account.category, event);
    if (accountId !== undefined) this.applyToAccount(accountId, event);
    else if (event.stream === policyStream.category) this.policies.apply(event);
    else if (event.stream === switchesStream.category) this.switchesSoFar.apply(event);
    else if (event.stream === imageRulesStream.category) this.rulesSoFar.apply(event);
    else if (event.stream === phaseRestrictionsStream.category) this.phasesSoFar.apply(event);
    else if (event.stream === ladderStream.category) this.ladder.apply(event);
    else {
      this.pending.apply(event);
      this.withheld.apply(event);
    }
  }

  private applyToAccount(accountId: string, event: RecordedEvent): void {
    if (isUsable(event)) this.pending.applyToAccount(accountId, event);
    this.loading.get(accountId)?.events.push(event);
    if (event.position <= (this.ahead.get(accountId) ?? 0)) return;
    const standing = this.held.peek(accountId);
    if (standing) this.held.set(accountId, this.standings.intern(evolveRecorded(this.account, standing, event)));
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
          standing = evolveRecorded(this.account, standing, event);
          position = event.position;
        }
        standing = this.standings.intern(standing);
        this.held.set(accountId, standing);
        if (position > this.position) this.ahead.set(accountId, position);
        return this.denyPending(accountId, standing);
      })
      .finally(() => this.loading.delete(accountId));
    this.loading.set(accountId, { events, result });
    return result;
  }

  /** Reads the head of the log regularly: once the replica has reached it, its state is as fresh as that reading. */
  private async sample(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const at = performance.now();
      try {
        const sample = { head: await this.store.head(), at };
        this.samples.push(sample);
        this.heads.push(sample);
        if (this.heads.length > HEADS_KEPT) this.heads.shift();
        this.updateFreshness();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) this.options.error?.(error);
      }
      await pause(SAMPLE_MS, signal);
    }
  }

  private updateFreshness(): void {
    while (this.samples.length > 0 && this.samples[0]!.head <= this.position) this.freshAt = this.samples.shift()!.at;
  }
}

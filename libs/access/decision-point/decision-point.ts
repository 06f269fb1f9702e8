import { accountStream } from '../../account/index.js';
import { type EventStore } from '../../event-store/event-store.js';
import type { Clock } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { conflictOf, readCase, readNotedFlagger } from '../../review/index.js';
import {
  ACCESS_ACTIONS,
  type AccessAction,
  type AccessDecision,
  type AccessFacts,
  decideAccess,
  RULE_REASONS,
} from '../decide-access.js';
import type { AccessReplica } from './access-replica.js';
import type { Evaluation, Semantic } from './evaluation-request.js';

export interface DecisionPointOptions {
  /** Past this age of the replica's knowledge every answer is deny. */
  stalenessMs: number;
  /** Longest wait of a request for positions that its caller demands, however many questions it asks. */
  waitMs: number;
}

/** What is known of an image as of a position; no facts where it was not told of. */
export interface KnownImage {
  facts: { accountId?: string; photorealistic?: boolean | null; faces?: boolean | null } | undefined;
  asOf: Position;
  /** Something told of it could not be taken: the facts may not be all. */
  isParked: boolean;
}

/**
 * Knows an image as of at least the position.
 * @param deadline on the monotonic clock; past it StoreUnavailable is thrown
 */
export type ImageLookup = (imageId: string, minPosition: Position, deadline: number) => Promise<KnownImage>;

const STALE: AccessDecision = Object.freeze({ decision: false, reason: 'decision-point-stale' });
const ACTION_UNKNOWN: AccessDecision = Object.freeze({ decision: false, reason: 'action-unknown' });
const SUBJECT_TYPE_UNKNOWN: AccessDecision = Object.freeze({ decision: false, reason: 'subject-type-unknown' });

/** Every reason of a deny. */
export const DENY_REASONS: readonly string[] = [
  ...[STALE, ACTION_UNKNOWN, SUBJECT_TYPE_UNKNOWN].map(({ reason }) => reason!),
  ...RULE_REASONS,
];

const SUBJECT_TYPES: ReadonlySet<string> = new Set(['account', 'reviewer']);

const isAction = (name: string): name is AccessAction => (ACCESS_ACTIONS as readonly string[]).includes(name);

/** Answers "may this account do this now?" from the replica and the clock; whatever can't be known is a deny. */
export class DecisionPoint {
  constructor(
    private readonly replica: AccessReplica,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly imageLookup: ImageLookup,
    private readonly options: DecisionPointOptions,
  ) {}

  /** How far the log is known here; part of every answer. */
  get position(): Position {
    return this.replica.knownPosition;
  }

  /** The answer, where nothing must be waited for; otherwise undefined, and `evaluate` is to be asked. */
  evaluateNow({ action, minPosition, subject }: Evaluation): AccessDecision | undefined {
    if (minPosition > this.replica.knownPosition) return undefined;
    if (this.isStale()) return STALE;
    if (!isAction(action)) return ACTION_UNKNOWN;
    if (action === 'review') return undefined;
    if (subject.type !== 'account') return SUBJECT_TYPE_UNKNOWN;
    const standing = this.replica.heldStanding(subject.id);
    const decision = standing && decideAccess(standing, action, this.facts());
    return action === 'share' && decision?.decision ? undefined : decision;
  }

  /**
   * Never throws for what can't be reached: without an answer from the log it is deny.
   * @param deadline of the request that asks, on the monotonic clock; without one it begins with the first wait
   */
  async evaluate(evaluation: Evaluation, deadline?: number): Promise<AccessDecision> {
    const { minPosition } = evaluation;
    if (minPosition > this.replica.knownPosition) {
      deadline ??= this.newDeadline();
      if (!(await this.replica.waitFor(minPosition, deadline - performance.now()))) return STALE;
    }
    const decision = this.evaluateNow(evaluation);
    if (decision) return decision;
    try {
      const awaited =
        evaluation.action === 'review'
          ? await this.decideReview(evaluation, deadline)
          : await this.decideUse(evaluation, deadline);
      // It may have waited for an account or an image while the knowledge grew old.
      return this.isStale() ? STALE : awaited;
    } catch (error) {
      if (error instanceof StoreUnavailable) return STALE;
      throw error;
    }
  }

  /** In order; what the semantic leaves out is not answered. They share one wait. */
  async evaluateAll(evaluations: readonly Evaluation[], semantic: Semantic): Promise<AccessDecision[]> {
    const deadline = this.newDeadline();
    if (semantic === 'execute_all') return Promise.all(evaluations.map((one) => this.evaluate(one, deadline)));
    const decisions: AccessDecision[] = [];
    for (const one of evaluations) {
      const decision = await this.evaluate(one, deadline);
      decisions.push(decision);
      if (decision.decision === (semantic === 'permit_on_first_permit')) break;
    }
    return decisions;
  }

  private facts(): AccessFacts {
    return { now: this.clock.now(), currentPolicy: this.replica.currentPolicy };
  }

  private newDeadline(): number {
    return performance.now() + this.options.waitMs;
  }

  private isStale(): boolean {
    return this.replica.ageMs > this.options.stalenessMs;
  }

  private async decideUse(evaluation: Evaluation, deadline?: number): Promise<AccessDecision> {
    const { subject, resource } = evaluation;
    const action = evaluation.action as AccessAction;
    const decision = decideAccess(await this.replica.standing(subject.id), action, this.facts());
    if (action !== 'share' || !decision.decision) return decision;
    // Only whom the account's own rules allow it waits for the image, and those rules are asked again after the wait.
    const { facts: told, isParked } = await this.image(evaluation, deadline);
    // A restriction that either the log or the caller names holds.
    const either = (name: 'photorealistic' | 'faces') => told?.[name] === true || resource.properties[name] === true;
    const image = { photorealistic: either('photorealistic'), faces: either('faces'), isParked };
    const after = await this.replica.standing(subject.id);
    return decideAccess(after, action, { ...this.facts(), image });
  }

  /** That somebody is a reviewer is the caller's word, as it is who asks; what they may review is not. */
  private async decideReview(evaluation: Evaluation, deadline?: number): Promise<AccessDecision> {
    const { subject, resource } = evaluation;
    if (!SUBJECT_TYPES.has(subject.type)) return SUBJECT_TYPE_UNKNOWN;
    const facts: AccessFacts = { now: this.clock.now(), isReviewer: subject.type === 'reviewer' };
    if (facts.isReviewer) {
      const [image, state, noted] = await Promise.all([
        this.image(evaluation, deadline),
        readCase(this.store, resource.id),
        readNotedFlagger(this.store, resource.id, subject.id),
      ]);
      facts.image = { isParked: image.isParked };
      if (state.status !== 'none') {
        const owner = image.facts?.accountId;
        facts.caseInfo = { conflict: conflictOf(state, subject.id, { owner, notedRound: noted.round }) };
      }
    }
    return decideAccess(accountStream.initial, 'review', facts);
  }

  /** @throws StoreUnavailable when what is known of it is older than an answer may rest on */
  private async image({ resource, minPosition }: Evaluation, deadline = this.newDeadline()): Promise<KnownImage> {
    const image = await this.imageLookup(resource.id, minPosition, deadline);
    const head = this.replica.headWithin(this.options.stalenessMs);
    if (head === undefined || image.asOf < head) throw new StoreUnavailable('the images are known too far back');
    return image;
  }
}

import { type AccountStanding, accountStream, sufficientPolicy } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isRuleInForce } from '../../image-rules/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput, PositionGone, StoreUnavailable } from '../../kernel/errors.js';
import { isTransient } from '../../kernel/transient.js';
import { type CurrentCases, conflictOf } from '../../review/index.js';
import { isSwitched, phaseRestricts, suspendedFor } from '../../switches/index.js';
import {
  ACCESS_ACTIONS,
  type AccessAction,
  type AccessDecision,
  type AccessFacts,
  CONCERN_IMAGE,
  decideAccess,
  IMAGE_WITHHELD,
  RULE_REASONS,
} from '../decide-access.js';
import type { AccessReplica } from './access-replica.js';
import type { Evaluation, Evaluations } from './evaluation-request.js';

export interface DecisionPointOptions {
  /** Every answer is a deny if the replica is older than this. */
  stalenessMs: number;
  /** Maximum wait of a request for the positions that it requires, however many evaluations it has. */
  waitMs: number;
  /**
   * Whether an image whose facts are unknown may be shared while the rule about photorealistic faces is in force. If not, an
   * image of which nothing is known is waited for, and then denied, whatever the rule.
   */
  mayShareUnknown?: boolean;
  /** Sharing an image was denied because of the image. */
  shareDenied?(reason: string): void;
  /** Every decision, with what it rested on if rules were asked. Returns it, with an id if it is recorded. */
  decided?(
    evaluation: Evaluation,
    decision: AccessDecision,
    basis: DecisionBasis | undefined,
    position: Position,
  ): AccessDecision;
}

/** What the rules of a decision were asked about. */
export interface DecisionBasis {
  standing: AccountStanding;
  facts: AccessFacts;
}

interface Decided {
  decision: AccessDecision;
  basis?: DecisionBasis;
}

/** An image as of a position; without facts if no event reported it. */
export interface KnownImage {
  facts: { accountId?: string; photorealistic?: boolean | null; faces?: boolean | null } | undefined;
  asOf: Position;
  /** Whether an event of the image could not be processed, so that the facts may be incomplete. */
  isParked: boolean;
}

/**
 * Looks an image up as of at least the position.
 * @param deadline on the monotonic clock; the lookup throws StoreUnavailable past it
 * @param isAwaited whether to wait until the deadline for an image that no event has reported yet
 */
export type ImageLookup = (
  imageId: string,
  minPosition: Position,
  deadline: number,
  isAwaited?: boolean,
) => Promise<KnownImage>;

const STALE: AccessDecision = Object.freeze({ decision: false, reason: 'decision-point-stale' });
const ACTION_UNKNOWN: AccessDecision = Object.freeze({ decision: false, reason: 'action-unknown' });
const EVALUATION_INVALID: AccessDecision = Object.freeze({ decision: false, reason: 'evaluation-invalid' });
const SUBJECT_TYPE_UNKNOWN: AccessDecision = Object.freeze({ decision: false, reason: 'subject-type-unknown' });

/** All reasons of a deny. */
export const DENY_REASONS: readonly string[] = [
  ...[STALE, EVALUATION_INVALID, ACTION_UNKNOWN, SUBJECT_TYPE_UNKNOWN].map(({ reason }) => reason!),
  ...RULE_REASONS,
];

const WITHHELD = Object.freeze({ isWithheld: true });

const SUBJECT_TYPES: ReadonlySet<string> = new Set(['account', 'reviewer']);

/** A fact of an image restricts if either the log or the caller reports it, and is unknown if neither does. */
const eitherOf = (reported: boolean | null | undefined, said: unknown): boolean | null =>
  reported === true || said === true ? true : reported === false || said === false ? false : null;

const isAction = (name: string): name is AccessAction => (ACCESS_ACTIONS as readonly string[]).includes(name);

/** Answers "may this account do this now?" from the replica and the clock; denies if anything needed is unknown. */
export class DecisionPoint {
  constructor(
    private readonly replica: AccessReplica,
    private readonly store: Pick<EventStore, 'head'>,
    private readonly cases: Pick<CurrentCases, 'find'>,
    private readonly clock: Clock,
    private readonly imageLookup: ImageLookup,
    private readonly epoch: { current: string },
    private readonly options: DecisionPointOptions,
  ) {}

  /** The replica's position; part of every answer. */
  get position(): Position {
    return this.replica.knownPosition;
  }

  /** Decides if that needs no wait; otherwise undefined: call `evaluate` then. */
  evaluateNow(evaluation: Evaluation): AccessDecision | undefined {
    const { action, minPosition, subject, resource } = evaluation;
    if (minPosition > this.replica.knownPosition) return undefined;
    if (this.isStale()) return this.noted(evaluation, STALE);
    if (!isAction(action)) return this.noted(evaluation, ACTION_UNKNOWN);
    if (action === 'review') return undefined;
    if (subject.type !== 'account') return this.noted(evaluation, SUBJECT_TYPE_UNKNOWN);
    const standing = this.replica.heldStanding(subject.id);
    if (!standing) return undefined;
    const facts = this.facts(action, standing);
    const isWithheld = CONCERN_IMAGE.includes(action) && this.replica.heldWithheld(resource.id);
    if (isWithheld) facts.image = WITHHELD;
    const decision = decideAccess(standing, action, facts);
    if (action === 'share' && decision.reason === IMAGE_WITHHELD) this.options.shareDenied?.(IMAGE_WITHHELD);
    if (decision.decision && (action === 'share' || isWithheld === undefined)) return undefined;
    return this.noted(evaluation, decision, { standing, facts });
  }

  /**
   * Denies instead of throwing if the log can't be reached.
   * @throws PositionGone if the log ends before the position that the caller demands
   * @param deadline of the request, on the monotonic clock; by default the time starts with the first wait
   */
  async evaluate(evaluation: Evaluation, deadline?: number): Promise<AccessDecision> {
    const { minPosition } = evaluation;
    if (minPosition > this.replica.knownPosition) {
      deadline ??= this.newDeadline();
      if (!(await this.replica.waitFor(minPosition, deadline - performance.now()))) {
        await this.refuseBeyondHead(minPosition);
        return this.noted(evaluation, STALE);
      }
    }
    const decision = this.evaluateNow(evaluation);
    if (decision) return decision;
    try {
      const { decision: awaited, basis } =
        evaluation.action === 'review'
          ? await this.decideReview(evaluation, deadline)
          : await this.decideUse(evaluation, deadline);
      // The replica may have become stale during the wait for an account or an image.
      return this.isStale() ? this.noted(evaluation, STALE) : this.noted(evaluation, awaited, basis);
    } catch (error) {
      if (isTransient(error)) return this.noted(evaluation, STALE);
      throw error;
    }
  }

  private noted(evaluation: Evaluation, decision: AccessDecision, basis?: DecisionBasis): AccessDecision {
    return this.options.decided?.(evaluation, decision, basis, this.replica.knownPosition) ?? decision;
  }

  /** Decides in order, until the semantic ends it; an invalid one is a deny. All evaluations share one deadline. */
  async evaluateAll({ evaluations, semantic }: Evaluations): Promise<AccessDecision[]> {
    const deadline = this.newDeadline();
    const decide = async (one: Evaluation | InvalidInput) =>
      one instanceof InvalidInput ? EVALUATION_INVALID : this.evaluate(one, deadline);
    if (semantic === 'execute_all') return Promise.all(evaluations.map(decide));
    const decisions: AccessDecision[] = [];
    for (const one of evaluations) {
      const decision = await decide(one);
      decisions.push(decision);
      if (decision.decision === (semantic === 'permit_on_first_permit')) break;
    }
    return decisions;
  }

  /** A log that ends before a position that was given once was restored from a backup, and never gets the write back. */
  private async refuseBeyondHead(position: Position): Promise<void> {
    const head = await this.store.head().catch(() => undefined);
    if (head !== undefined && position > head) throw new PositionGone(String(position), this.epoch.current);
  }

  private facts(action: AccessAction, standing: AccountStanding): AccessFacts {
    const now = this.clock.now();
    const { sufficient, unreadable } = this.replica.policiesAt(now);
    return {
      now,
      hasAcceptedPolicy: sufficientPolicy(standing, sufficient) !== undefined,
      isPolicyUnreadable: unreadable !== undefined,
      suspendedFor: suspendedFor(this.replica.switches, action, standing.cohortId, now),
      isSuspendedByPhase: isSwitched(action) && phaseRestricts(this.replica.phaseRestrictions, action, now),
    };
  }

  private newDeadline(): number {
    return performance.now() + this.options.waitMs;
  }

  private isStale(): boolean {
    return this.replica.ageMs > this.options.stalenessMs;
  }

  private async decideUse(evaluation: Evaluation, deadline?: number): Promise<Decided> {
    const { subject, resource } = evaluation;
    const action = evaluation.action as AccessAction;
    const standing = await this.replica.standing(subject.id);
    const known = this.facts(action, standing);
    const decision = decideAccess(standing, action, known);
    if (!CONCERN_IMAGE.includes(action) || !decision.decision) return { decision, basis: { standing, facts: known } };
    const isWithheld = await this.replica.isWithheld(resource.id);
    if (isWithheld || action !== 'share') {
      const facts = { ...this.facts(action, standing), image: { isWithheld } };
      const answer = decideAccess(standing, action, facts);
      if (action === 'share' && answer.reason === IMAGE_WITHHELD) this.options.shareDenied?.(IMAGE_WITHHELD);
      return { decision: answer, basis: { standing, facts } };
    }
    // The account's rules come first: a denied account need not wait for the image. They are checked again after the wait.
    const { photorealistic, faces } = resource.properties;
    // A caller that says what the image shows knows it, though it may be older than this log: no wait for its event.
    const isVouchedFor = photorealistic !== undefined || faces !== undefined || this.options.mayShareUnknown === true;
    const { facts: found, isParked } = await this.image(evaluation, deadline, !isVouchedFor);
    const image = {
      photorealistic: eitherOf(found?.photorealistic, photorealistic),
      faces: eitherOf(found?.faces, faces),
      isUnknown: found === undefined && !isVouchedFor,
      isParked,
      // A violation may have been confirmed during the wait.
      isWithheld: await this.replica.isWithheld(resource.id),
      isOthers: found?.accountId !== undefined && found.accountId !== subject.id,
    };
    const after = await this.replica.standing(subject.id);
    const facts = { ...this.facts(action, after), ...this.ruleFacts(after), image };
    const answer = decideAccess(after, action, facts);
    if (answer.reason !== undefined) this.options.shareDenied?.(answer.reason);
    return { decision: answer, basis: { standing: after, facts } };
  }

  private ruleFacts({ cohortId }: AccountStanding): Pick<AccessFacts, 'mayShareFaces' | 'mayShareUnknown'> {
    const rule = { rule: 'photorealistic-faces', cohortId } as const;
    const now = this.clock.now();
    const { imageRules, phaseRestrictions } = this.replica;
    return {
      mayShareFaces: !isRuleInForce(imageRules, rule, now) && !phaseRestricts(phaseRestrictions, rule.rule, now),
      mayShareUnknown: this.options.mayShareUnknown ?? false,
    };
  }

  /** Trusts the caller on who is a reviewer, and checks what they may review. */
  private async decideReview(evaluation: Evaluation, deadline?: number): Promise<Decided> {
    const { subject, resource } = evaluation;
    if (!SUBJECT_TYPES.has(subject.type)) return { decision: SUBJECT_TYPE_UNKNOWN };
    const facts: AccessFacts = { now: this.clock.now(), isReviewer: subject.type === 'reviewer' };
    if (facts.isReviewer) {
      const [image, { state, notedRound, linked, isParked }] = await Promise.all([
        this.image(evaluation, deadline),
        this.cases.find(resource.id, subject.id),
      ]);
      facts.image = { isParked: image.isParked };
      if (isParked) facts.caseInfo = { isParked };
      else if (state.status !== 'none') {
        const owner = image.facts?.accountId;
        const notedRounds = new Map([[subject.id, notedRound]]);
        const links = new Map([[subject.id, linked]]);
        facts.caseInfo = { conflict: conflictOf(state, subject.id, { owner, notedRounds, links }) };
      }
    }
    const standing = accountStream.initial;
    return { decision: decideAccess(standing, 'review', facts), basis: { standing, facts } };
  }

  /**
   * @param isAwaited whether to wait for an image that no event has reported yet
   * @throws StoreUnavailable if the images view is more stale than the staleness bound
   */
  private async image(
    { resource, minPosition }: Evaluation,
    deadline = this.newDeadline(),
    isAwaited = false,
  ): Promise<KnownImage> {
    const found = async (waits: boolean) => {
      const image = await this.imageLookup(resource.id, minPosition, deadline, waits);
      const head = this.replica.headWithin(this.options.stalenessMs);
      if (head === undefined || image.asOf < head)
        throw new StoreUnavailable(`the images view is at ${image.asOf}, too far behind`);
      return image;
    };
    // Looked up without a wait first: a view that is too far behind denies at once.
    const image = await found(false);
    return isAwaited && !image.facts && !image.isParked ? found(true) : image;
  }
}

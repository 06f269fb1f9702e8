import { accountStream } from '../../account/index.js';
import { type EventStore, StoreUnavailable } from '../../event-store/event-store.js';
import type { Clock } from '../../kernel/clock.js';
import { fold } from '../../kernel/decider.js';
import type { Position } from '../../kernel/envelope.js';
import { type CaseEvent, caseStream } from '../../review/index.js';
import {
  ACCESS_ACTIONS,
  type AccessAction,
  type AccessDecision,
  type AccessFacts,
  decideAccess,
} from '../decide-access.js';
import type { AccessReplica } from './access-replica.js';
import type { Evaluation, Semantic } from './evaluation-request.js';

export interface DecisionPointOptions {
  /** Past this age of the replica's knowledge every answer is deny. */
  stalenessMs: number;
  /** Longest wait for a position that a caller demands. */
  waitMs: number;
}

export interface ImageFacts {
  photorealistic?: boolean | null;
  faces?: boolean | null;
}

/** What is known of an image, as of at least the position. */
export type ImageLookup = (imageId: string, minPosition: Position) => Promise<ImageFacts | undefined>;

const STALE: AccessDecision = Object.freeze({ decision: false, reason: 'decision-point-stale' });
const ACTION_UNKNOWN: AccessDecision = Object.freeze({ decision: false, reason: 'action-unknown' });
const SUBJECT_TYPE_UNKNOWN: AccessDecision = Object.freeze({ decision: false, reason: 'subject-type-unknown' });

const isAction = (name: string): name is AccessAction => (ACCESS_ACTIONS as readonly string[]).includes(name);

/** Answers "may this account do this now?" from the replica and the clock; whatever can't be known is a deny. */
export class DecisionPoint {
  constructor(
    private readonly replica: AccessReplica,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly imageFacts: ImageLookup,
    private readonly options: DecisionPointOptions,
  ) {}

  /** How far the log is known here; part of every answer. */
  get position(): Position {
    return this.replica.knownPosition;
  }

  /** Never throws for what can't be reached: without an answer from the log it is deny. */
  async evaluate(evaluation: Evaluation): Promise<AccessDecision> {
    if (evaluation.minPosition > this.replica.knownPosition) {
      if (!(await this.replica.waitFor(evaluation.minPosition, this.options.waitMs))) return STALE;
    }
    if (this.isStale()) return STALE;
    if (!isAction(evaluation.action)) return ACTION_UNKNOWN;
    try {
      const decision = await this.decide(evaluation, evaluation.action);
      // It may have waited for an account or an image while the knowledge grew old.
      return this.isStale() ? STALE : decision;
    } catch (error) {
      if (error instanceof StoreUnavailable) return STALE;
      throw error;
    }
  }

  /** In order; what the semantic leaves out is not answered. */
  async evaluateAll(evaluations: readonly Evaluation[], semantic: Semantic): Promise<AccessDecision[]> {
    if (semantic === 'execute_all') return Promise.all(evaluations.map((one) => this.evaluate(one)));
    const decisions: AccessDecision[] = [];
    for (const one of evaluations) {
      const decision = await this.evaluate(one);
      decisions.push(decision);
      if (decision.decision === (semantic === 'permit_on_first_permit')) break;
    }
    return decisions;
  }

  private isStale(): boolean {
    return this.replica.ageMs > this.options.stalenessMs;
  }

  private async decide({ subject, resource, minPosition }: Evaluation, action: AccessAction): Promise<AccessDecision> {
    const facts: AccessFacts = { now: this.clock.now(), subject: subject.id };
    if (action === 'review') {
      if (subject.type !== 'reviewer') return SUBJECT_TYPE_UNKNOWN;
      return decideAccess(accountStream.initial, action, {
        ...facts,
        isReviewer: true,
        caseInfo: await this.caseInfo(resource.id),
      });
    }
    if (subject.type !== 'account') return SUBJECT_TYPE_UNKNOWN;
    const known = this.replica.standing(subject.id);
    const standing = known instanceof Promise ? await known : known;
    facts.currentPolicy = this.replica.currentPolicy;
    const decision = decideAccess(standing, action, facts);
    if (action !== 'share' || !decision.decision) return decision;
    // Only whom the account's own rules allow it waits for the image, and those rules are asked again after the wait.
    facts.image = await this.imageOf(resource, minPosition);
    facts.now = this.clock.now();
    facts.currentPolicy = this.replica.currentPolicy;
    return decideAccess(await this.replica.standing(subject.id), action, facts);
  }

  /** What the log says of the image and what the caller says: a restriction that either names holds. */
  private async imageOf({ id, properties }: Evaluation['resource'], minPosition: Position): Promise<ImageFacts> {
    const known = await this.imageFacts(id, minPosition);
    const either = (name: 'photorealistic' | 'faces') => known?.[name] === true || properties[name] === true;
    return { photorealistic: either('photorealistic'), faces: either('faces') };
  }

  private async caseInfo(caseId: string): Promise<AccessFacts['caseInfo']> {
    const events = await this.store.readStream(`${caseStream.category}-${caseId}`);
    if (events.length === 0) return undefined;
    const { flaggers, accountId } = fold(caseStream, events as unknown as CaseEvent[]);
    return { flaggers, accountId: accountId ?? null };
  }
}

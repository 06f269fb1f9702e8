import {
  atItsMoment,
  type Circumstances,
  type DecisionsAgain,
  decisionsAgain,
  type MadeAgain,
} from '../../context/decisions-again.js';
import { OWN_SOURCE } from '../../kernel/command-context.js';
import { handleInBulk } from '../bulk-decisions.js';
import { BulkJobStarted } from '../bulk-events.js';
import { type BulkJob, bulkJobStream } from '../bulk-job.js';
import { undoInBulk } from '../bulk-undoing.js';
import { type Case, caseStream } from '../case.js';
import {
  claimCase,
  escalateCase,
  handOverCase,
  holdCase,
  releaseCase,
  renewClaim,
  reopenCase,
} from '../claim-decisions.js';
import type { CaseEvent } from '../events.js';
import { openCase } from '../flag-decisions.js';
import { withdrawGolden } from '../golden-answers.js';
import { IsolatedFlagsReplayed } from '../isolation-events.js';
import { importReviewConfirmed } from '../outside-confirmation.js';
import { amendReview, BULK_JOB_UNDONE, overturnReview } from '../overturning.js';
import { moveCase } from '../routing.js';
import { CaseRouted } from '../routing-events.js';
import { openUnflagged } from '../unflagged-cases.js';
import { closeVerdicts, giveVerdict, withdrawVerdict } from '../verdict-decisions.js';
import { caseFactsAgain, movingFactsAgain } from './case-facts-again.js';
import { isLead } from './reviewing-roles.js';

type DataOf<Type extends CaseEvent['type']> = Extract<CaseEvent, { type: Type }>['data'];
type Decided = Promise<readonly CaseEvent[] | undefined>;

const KNOWN = { 'case-unknown': 'case-known' };
const OPEN = { ...KNOWN, 'case-not-open': 'case-open' };
const FREE_OF_CONFLICTS = {
  'own-flag': 'flagged-nothing-of-it',
  'own-image': 'not-own-image',
  'linked-account': 'not-linked-to-the-account',
  'own-decision': 'did-not-confirm-it-before',
};
const ABLE = {
  'skill-needed': 'has-the-skill-of-the-queue',
  'severe-content': 'may-see-it',
  'already-reviewed': 'has-given-no-verdict',
};
const CLAIM = { 'claim-lost': 'holds-the-claim' };
const CLAIM_OR_LEAD = { 'claim-lost': 'holds-the-claim-or-leads' };

/** Where a case waits follows in the same append; see CaseRouted. */
const unrouted = (events: readonly CaseEvent[]): CaseEvent[] => events.filter(({ type }) => type !== CaseRouted.type);

/** Of a decision of several events, each is made again by itself. */
const first = (events: readonly CaseEvent[]): CaseEvent[] => events.slice(0, 1);

/** The verdicts that there are decide, or a bulk job, or an outside tool. */
const deciding: MadeAgain<Case, CaseEvent, { caseId: string; accountId?: string; jobId?: string }> = {
  rules: {
    ...KNOWN,
    ...FREE_OF_CONFLICTS,
    'clause-unknown': 'clause-in-force',
    'image-owner-unknown': 'owner-known',
    'panel-too-small': 'panel-complete',
  },
  async decide(state, data, made) {
    const { caseId, accountId, jobId } = data;
    if (jobId !== undefined) return inBulk(state, caseId, jobId, made);
    const reviewers = state.verdicts.map(({ reviewer }) => reviewer);
    const owner = accountId === undefined ? {} : { owner: accountId };
    const facts = await caseFactsAgain(state, reviewers, made, owner);
    if (made.source === OWN_SOURCE) return closeVerdicts(state, { caseId, now: made.now }, facts);
    return importReviewConfirmed(state, data as DataOf<'ReviewConfirmed'>, facts);
  },
};

export const casesAgain: DecisionsAgain = decisionsAgain(caseStream, {
  CaseOpened: {
    rules: {},
    async decide(state, data, made) {
      const {
        imageId,
        accountId,
        origin,
        categories,
        confidence,
        golden,
        sample,
        flaggedAt: chosenAt,
        panelSize,
      } = data;
      if (origin === undefined) return flagAgain(state, data, panelSize, made);
      const given = {
        ...(accountId !== undefined && { accountId }),
        ...(confidence !== undefined && { confidence }),
        ...(golden && { golden }),
        ...(sample && { sample }),
      };
      return openUnflagged(state, { imageId, origin, categories, chosenAt, panelSize, ...given });
    },
  },
  CaseJoined: { rules: {}, decide: (state, data, made) => flagAgain(state, data, state.panelSize, made) },
  CaseRouted: { because: 'its priority counts rows of views as they were then; the event has each part of it' },
  CaseMoved: {
    rules: { ...OPEN, 'queue-unknown': 'queue-known', ...CLAIM_OR_LEAD },
    async decide(state, { caseId, queue, by, isByRules, note, jobId }, made) {
      const undone = undoneBy(made);
      if (undone) return undoAgain(state, caseId, undone, made);
      if (jobId !== undefined) return inBulk(state, caseId, jobId, made);
      if (isByRules) return undefined;
      const token = isLead(made.actor) ? {} : { token: state.claim?.token ?? 0 };
      const move = { caseId, queue, by, isLead: isLead(made.actor), ...token, ...(note !== undefined && { note }) };
      const facts = await movingFactsAgain(state, [], made);
      return first(moveCase(state, move, facts));
    },
  },
  CaseClaimed: {
    rules: {
      ...OPEN,
      ...FREE_OF_CONFLICTS,
      ...ABLE,
      'awaiting-decision': 'not-decided-by-verdicts',
      'case-escalated': 'not-escalated-or-leads',
      'case-reserved': 'kept-for-nobody-else',
      'case-claimed': 'claimed-by-nobody-else',
    },
    async decide(state, { caseId, reviewer, until, token, isSevere }, made) {
      const { now } = made;
      const lease = { caseId, reviewer, now, leaseMs: Date.parse(until) - now };
      if (state.claim?.reviewer === reviewer && state.claim.token === token)
        return renewClaim(state, { ...lease, token });
      // An earlier release did not ask who may see it.
      const known = isSevere === undefined ? { severeViewers: undefined } : {};
      const facts = await caseFactsAgain(state, [reviewer, ...judgesOf(state)], made, known);
      return claimCase(state, { ...lease, isLead: isLead(made.actor) }, facts);
    },
  },
  CaseReleased: {
    rules: KNOWN,
    decide: (state, { caseId, reviewer }) => releaseCase(state, { caseId, reviewer, token: state.claim?.token ?? 0 }),
  },
  CaseHandedOver: {
    rules: { ...OPEN, ...CLAIM_OR_LEAD, ...FREE_OF_CONFLICTS, ...ABLE, 'reviewer-unsuitable': 'suitable' },
    async decide(state, { caseId, by, reviewer: to, until, note }, made) {
      const token = isLead(made.actor) ? {} : { token: state.claim?.token ?? 0 };
      const handOver = { caseId, by, to, isLead: isLead(made.actor), ...token, ...(note !== undefined && { note }) };
      const facts = await caseFactsAgain(state, [to], made);
      return atItsMoment(made, until, untilOf, (now) => handOverCase(state, { ...handOver, now }, facts));
    },
  },
  CaseHeld: {
    rules: { ...KNOWN, 'invalid-input': 'end-within-a-week', ...CLAIM },
    decide: (state, { caseId, reviewer, until, note }, { now }) =>
      holdCase(state, {
        ...{ caseId, reviewer, token: state.claim?.token ?? 0, until: Date.parse(until), now },
        ...(note !== undefined && { note }),
      }),
  },
  CaseEscalated: {
    rules: { ...OPEN, ...CLAIM_OR_LEAD },
    decide(state, { caseId, by, note }, { actor }) {
      const token = isLead(actor) ? {} : { token: state.claim?.token ?? 0 };
      return escalateCase(state, { caseId, by, isLead: isLead(actor), ...token, ...(note !== undefined && { note }) });
    },
  },
  CaseReopened: {
    rules: { ...KNOWN, 'golden-case': 'not-golden', 'case-changed': 'unchanged-since-the-job' },
    async decide(state, { caseId, by, reason, panelSize, undoes }, made) {
      if (undoes !== undefined) return undoAgain(state, caseId, undoes, made);
      // Whether somebody is to hear an appeal is in another stream, of a context that knows of cases.
      return unrouted(reopenCase(state, { caseId, by, reason, panelSize }, false));
    },
  },
  VerdictGiven: {
    rules: {
      ...KNOWN,
      'already-reviewed': 'has-given-no-other-verdict',
      'case-not-open': 'case-open',
      ...FREE_OF_CONFLICTS,
      ...CLAIM,
      'invalid-input': 'founded',
      'clause-unknown': 'clause-in-force',
    },
    async decide(state, { finalAt, reviewerSource, ...given }, made) {
      const { now } = made;
      const owner = state.accountId ?? '';
      const facts = await caseFactsAgain(state, [given.reviewer, ...judgesOf(state)], made, { owner });
      const windowMs = finalAt === undefined ? 0 : Date.parse(finalAt) - now;
      const command =
        reviewerSource === undefined
          ? { ...given, token: state.claim?.token ?? 0, windowMs, now }
          : { ...given, reviewerSource, now };
      return first(giveVerdict(state, command, facts));
    },
  },
  VerdictWithdrawn: {
    rules: { ...KNOWN, 'verdict-final': 'not-final' },
    decide: (state, { caseId, reviewer }, { now }) => withdrawVerdict(state, { caseId, reviewer, now }),
  },
  FurtherReviewRequired: {
    rules: KNOWN,
    async decide(state, { caseId, because }, made) {
      // Whether the case is in the sample is a hash under a key that no event has.
      const furtherReview = { isSampled: because === 'sample', deactivates: () => because === 'deactivation' };
      const facts = await caseFactsAgain(state, judgesOf(state), made, { furtherReview });
      return closeVerdicts(state, { caseId, now: made.now }, facts);
    },
  },
  ReviewConfirmed: deciding,
  ReviewUpheld: deciding,
  ReviewDismissed: deciding,
  ModelProblemFound: deciding,
  ReviewOverturned: {
    rules: KNOWN,
    async decide(state, { caseId, accountId, round, reason, decidedRound }, made) {
      if (decidedRound === undefined) return overturnReview(state, { caseId, round, reason });
      const undone = undoneBy(made);
      if (reason === BULK_JOB_UNDONE) return undone === undefined ? undefined : undoAgain(state, caseId, undone, made);
      return deciding.decide(state, { caseId, ...(accountId !== undefined && { accountId }) }, made);
    },
  },
  ReviewAmended: {
    rules: KNOWN,
    decide: (state, { caseId, round, reason, clause }) => amendReview(state, { caseId, round, reason, clause }),
  },
  GoldenCaseAnswered: {
    rules: KNOWN,
    decide: (state, { caseId }, made) => deciding.decide(state, { caseId, accountId: caseId }, made),
  },
  GoldenCaseWithdrawn: { rules: {}, decide: (state, { caseId }, { now }) => withdrawGolden(state, caseId, now) },
});

const judgesOf = ({ verdicts }: Case): string[] => verdicts.map(({ reviewer }) => reviewer);

const untilOf = (event: CaseEvent): string | undefined =>
  event.type === 'CaseHandedOver' ? event.data.until : undefined;

/** How much surer a repeated flag has to be is a setting, and what is known of its flagger a view: neither is in an event. */
async function flagAgain(
  state: Case,
  { caseId, flagId, ...flag }: Omit<DataOf<'CaseJoined'>, 'flagId' | 'flaggedBy'> & Partial<DataOf<'CaseJoined'>>,
  panelSize: number,
  { find, together }: Circumstances,
): Decided {
  const flagged = await find(flagId);
  if (!flagged || flagId === undefined || flag.flaggedBy === undefined) return undefined;
  const cause = await find(together[0]!.metadata.causationid);
  // A flag that was kept apart counts from when it is put into its case.
  const { position } = cause?.type === IsolatedFlagsReplayed.type ? cause : flagged;
  const flaggedAt = flagged.metadata.time;
  const given = { ...flag, flaggedBy: flag.flaggedBy, imageId: caseId, flagId, flaggedAt, position };
  return unrouted(openCase(state, { ...given, panelSize, confidenceStep: 0 }));
}

/** As the lead who started the job. */
async function inBulk(state: Case, caseId: string, jobId: string, made: Circumstances): Decided {
  const started = await made.event(`${bulkJobStream.category}-${jobId}`, ({ type }) => type === BulkJobStarted.type);
  if (!started) return undefined;
  const job = started.data as BulkJob;
  const by = started.metadata.actor.id;
  const facts = await movingFactsAgain(state, [by], made);
  const { position, metadata } = started;
  const given = { caseId, by, job, startedAt: Date.parse(metadata.time), position, now: made.now };
  return unrouted(handleInBulk(state, given, facts));
}

/** The job that is undone by the job that caused it, if one did. */
function undoneBy({ together }: Circumstances): string | undefined {
  const reopened = together.find(({ type }) => type === 'CaseReopened');
  return reopened?.data.undoes as string | undefined;
}

async function undoAgain(state: Case, caseId: string, jobId: string, made: Circumstances): Decided {
  const by = made.actor.id;
  const reopened = made.together.find(({ type }) => type === 'CaseReopened');
  const facts = await movingFactsAgain(state, [by], made);
  const undo = { caseId, by, jobId, reason: (reopened?.data.reason as string | undefined) ?? '' };
  return unrouted(undoInBulk(state, undo, Object.assign(facts, { appeal: 'none' as const })));
}

import {
  type Circumstances,
  type DecisionsAgain,
  decisionsAgain,
  type MadeAgain,
} from '../../context/decisions-again.js';
import { enforcementStream } from '../../enforcement/index.js';
import { DAY_MS } from '../../kernel/clock.js';
import { clausesAt, policyStream, severitiesAt } from '../../policy/index.js';
import {
  type Case,
  caseStream,
  notedFlaggerId,
  notedFlaggerStream,
  reviewerStream,
  severeViewersStream,
} from '../../review/index.js';
import { type Appeal, appealStream, lapseAppeal, noteOverdue, type Outcome } from '../appeal.js';
import type { AppealEvent } from '../events.js';
import { fileAppeal } from '../filing.js';
import {
  claimAppeal,
  decideAppeal,
  type HearingFacts,
  handOverAppeal,
  releaseAppeal,
  renewAppealClaim,
} from '../hearing.js';
import { isLead } from './appeal-fields.js';
import { conflictWith } from './hearing-conflicts.js';
import { imposersOf, peopleBehind, peopleOfCase } from './people-involved.js';

type DataOf<Type extends AppealEvent['type']> = Extract<AppealEvent, { type: Type }>['data'];

const HEARABLE = {
  'appeal-unknown': 'appeal-known',
  'appeal-decided': 'appeal-open',
  'took-part': 'took-no-part',
  'own-account': 'not-own-account',
  'own-flag': 'flagged-nothing-of-it',
  'linked-account': 'not-linked-to-the-account',
  'severe-content': 'may-see-it',
};

const decided = <Type extends 'AppealGranted' | 'AppealPartlyGranted' | 'AppealDenied'>(
  outcome: Outcome,
): MadeAgain<Appeal, AppealEvent, DataOf<Type>> => ({
  rules: {
    ...HEARABLE,
    'claim-lost': 'holds-the-claim',
    'invalid-input': 'clause-only-if-partly-granted',
    'clause-unknown': 'clause-in-force',
    'decision-undone': 'decision-not-undone',
    'case-reopened': 'case-not-judged-again',
  },
  async decide(state, data, made) {
    const { appealId, reviewer, reason } = data;
    const facts = await hearingFacts(state, reviewer, made);
    if (!facts) return undefined;
    const clause = 'clause' in data ? data.clause : undefined;
    const token = state.claim?.token ?? 0;
    return decideAppeal(state, { appealId, reviewer, reason, outcome, clause, token, now: made.now }, facts);
  },
});

export const appealsAgain: DecisionsAgain = decisionsAgain(appealStream, {
  AppealFiled: {
    rules: {
      'enforcement-unknown': 'enforcement-known',
      'other-account': 'own-enforcement',
      'enforcement-reversed': 'in-force',
      'case-reopened': 'case-not-judged-again',
      'already-appealed': 'appeals-left',
    },
    decide: fileAgain,
  },
  AppealClaimed: {
    rules: { ...HEARABLE, 'appeal-reserved': 'kept-for-nobody-else', 'appeal-claimed': 'claimed-by-nobody-else' },
    async decide(state, { appealId, reviewer, until, token }, made) {
      const { now } = made;
      const lease = { appealId, reviewer, now, leaseMs: Date.parse(until) - now };
      if (state.claim?.reviewer === reviewer && state.claim.token === token)
        return renewAppealClaim(state, { ...lease, token });
      const facts = await hearingFacts(state, reviewer, made);
      return facts && claimAppeal(state, lease, facts);
    },
  },
  AppealReleased: {
    rules: { 'appeal-unknown': 'appeal-known' },
    decide: (state, { appealId, reviewer }) =>
      releaseAppeal(state, { appealId, reviewer, token: state.claim?.token ?? 0 }),
  },
  AppealHandedOver: {
    rules: { ...HEARABLE, 'claim-lost': 'holds-the-claim-or-leads' },
    async decide(state, { appealId, by, reviewer: to, until, reason }, made) {
      const facts = await hearingFacts(state, to, made);
      const lead = isLead(made.actor);
      const token = lead ? undefined : state.claim?.token;
      // It lasts a day from the moment of the decision.
      const handOver = { appealId, by, to, isLead: lead, token, now: Date.parse(until) - DAY_MS, reason };
      return facts && handOverAppeal(state, handOver, Object.assign(facts, { isHearer: true }));
    },
  },
  AppealOverdue: { rules: {}, decide: (state, { appealId }, { now }) => noteOverdue(state, appealId, now) },
  AppealLapsed: {
    rules: {},
    async decide(state, { appealId, caseId }, made) {
      const next = made.together[1];
      if (next?.type === 'AppealFiled') return fileAgain(state, next.data as DataOf<'AppealFiled'>, made);
      if (caseId === undefined) return undefined;
      return lapseAppeal(state, appealId, (await made.state(caseStream, caseId)).inForce?.since);
    },
  },
  AppealGranted: decided('granted'),
  AppealPartlyGranted: decided('partly-granted'),
  AppealDenied: decided('denied'),
});

async function caseOf(caseId: string, made: Circumstances) {
  const involved = await made.state(peopleOfCase, caseId);
  return {
    state: await made.state(caseStream, caseId),
    get people() {
      return involved.people;
    },
  };
}

const isReopened = ({ status, inForce }: Case): boolean => status === 'open' && inForce !== undefined;

/** Whether the measure was imposed by then, and how long decisions may be appealed against, is in no event. */
async function fileAgain(state: Appeal, data: DataOf<'AppealFiled'>, made: Circumstances) {
  const { appealId: enforcementId, accountId, caseId, text, hasNewEvidence, dueAt } = data;
  const enforcement = await made.state(enforcementStream, enforcementId);
  const ofCase = caseId === undefined ? undefined : await made.state(caseStream, caseId);
  // The setting is a number of days.
  const deadlineDays = Math.round((Date.parse(dueAt) - made.now) / DAY_MS);
  const filing = { enforcementId, accountId, text, hasNewEvidence, deadlineDays, windowDays: Number.POSITIVE_INFINITY };
  return fileAppeal(
    state,
    { ...filing, now: Date.parse(dueAt) - deadlineDays * DAY_MS },
    {
      ...{ enforcement, orderedAt: 0, isImposed: true },
      get isReopened() {
        return ofCase !== undefined && isReopened(ofCase);
      },
      get since() {
        return ofCase?.inForce?.since;
      },
    },
  );
}

/** As they were stored; undefined without an order. Each is read when the decision asks for it. */
async function hearingFacts(appeal: Appeal, reviewer: string, made: Circumstances): Promise<HearingFacts | undefined> {
  const { id, now } = made;
  const { order } = await made.state(enforcementStream, id);
  if (!order) return undefined;
  const { accountId, caseId } = order;
  const behind = await made.state(peopleBehind, accountId);
  const profile = await made.state(reviewerStream, reviewer);
  const ofCase = caseId === undefined ? undefined : await caseOf(caseId, made);
  const noted =
    caseId === undefined ? undefined : await made.state(notedFlaggerStream, notedFlaggerId(caseId, reviewer));
  const policies = await made.state(policyStream);
  const severe = await made.state(severeViewersStream);
  const involved = {
    ...{ appeal, accountId, ...(ofCase && { ofCase }) },
    get imposedBy() {
      return imposersOf(behind, id);
    },
  };
  const known = {
    get links() {
      return new Map([[reviewer, profile.accounts]]);
    },
    get notedRounds() {
      return new Map([[reviewer, noted?.round ?? 0]]);
    },
    get severities() {
      return severitiesAt(policies, now);
    },
    get severeViewers() {
      return new Set(severe.viewers.has(reviewer) ? [reviewer] : []);
    },
  };
  return {
    order,
    get clauses() {
      return ofCase ? clausesAt(policies, now).map((one) => one.id) : [];
    },
    get conflict() {
      return conflictWith(involved, reviewer, known);
    },
    get round() {
      return ofCase?.state.round;
    },
    get since() {
      return ofCase?.state.inForce?.since;
    },
    get isReopened() {
      return ofCase && isReopened(ofCase.state);
    },
  };
}

import {
  type AccountEvent,
  type AccountStanding,
  acceptInvitation,
  acceptPolicy,
  accountStream,
  adoptAddress,
  changeAddress,
  confirmAddress,
  confirmByHand,
  confirmRequest,
  deactivateAccount,
  expireInvitation,
  imposeMeasures,
  invite,
  invitedAccount,
  joinWaitlist,
  leaveWaitlist,
  onboardAccount,
  personStream,
  policiesWhen,
  reinstateAccount,
  releaseAddress,
  remindOfInvitation,
  replaceMeasures,
  reserveAddress,
  restrictAccount,
  STILL_IN_FORCE,
  setWaitlistClass,
  suspendAccount,
  undoDecision,
  waitingTurn,
  waitlistClassStream,
} from '../../account/index.js';
import { type Circumstances, type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { policyStream } from '../../policy/index.js';
import { enforcementStream } from '../enforcement.js';
import { orderedMeasures } from '../ordered-measures.js';

/* The decisions about accounts, many of which carry out an order of an enforcement. */

const KNOWN = { 'account-unknown': 'account-known' };
const ACTIVE = { 'account-deactivated': 'account-not-deactivated' };
const BY_HAND = { ...ACTIVE, ...KNOWN, 'suspension-over': 'end-ahead' };
const READABLE = { 'account-unreadable': 'account-readable' };

export const accountAgain: DecisionsAgain = decisionsAgain(accountStream, {
  WaitlistJoined: {
    rules: { ...ACTIVE, 'account-suspended': 'account-not-suspended' },
    decide: (state, data, { now }) => joinWaitlist(state, data, now),
  },
  WaitlistLeft: {
    rules: { ...KNOWN, 'already-onboarded': 'account-not-onboarded' },
    decide: (state, { accountId }) => leaveWaitlist(state, accountId),
  },
  WaitlistClassSet: {
    rules: { ...KNOWN, 'already-onboarded': 'account-not-onboarded' },
    async decide(_, data, made) {
      return setWaitlistClass(await made.state(waitlistClassStream, made.id), data);
    },
  },
  AddressChanged: {
    rules: KNOWN,
    decide: (standing, { formerHash, ...data }) =>
      changeAddress({ standing, changedAt: 0, ...(formerHash !== undefined && { address: formerHash }) }, data),
  },
  AddressConfirmationRequested: { because: 'it rested on settings of the deployment, which the log does not have' },
  AddressConfirmed: {
    rules: {
      ...KNOWN,
      ...ACTIVE,
      'not-waiting': 'account-waiting',
      'confirmation-token-wrong': 'link-valid',
      'confirmation-expired': 'link-not-expired',
    },
    async decide(_, { accountId, requestId, reason = '' }, { id, now, ...made }) {
      const state = await made.state(waitingTurn, id);
      return requestId === undefined
        ? confirmByHand(state, { accountId, reason })
        : confirmRequest(state, { accountId, requestId }, now);
    },
  },
  PolicyAccepted: {
    rules: {
      ...ACTIVE,
      ...KNOWN,
      'policy-unknown': 'version-published',
      'policy-withdrawn': 'version-not-withdrawn',
      'policy-unreadable': 'policy-readable',
      'policy-outdated': 'version-in-force-or-announced',
    },
    async decide(state, data, { now, together: [first], ...made }) {
      const policies = await made.state(policyStream);
      // With a join that another system reported it happened before it was stored.
      const happenedAt = Date.parse(first!.metadata.time);
      return acceptPolicy(state, data, policiesWhen(policies, Math.min(now, happenedAt)));
    },
  },
  InvitationSent: {
    rules: {},
    async decide(_, { until, ...data }, { id, now, ...made }) {
      const state = await made.state(invitedAccount, id);
      return invite(state, { ...data, turn: state.turn.turn, until: Date.parse(until), isListed: true }, now);
    },
  },
  InvitationReminded: {
    rules: {},
    async decide(_, data, { id, now, ...made }) {
      return remindOfInvitation(await made.state(invitedAccount, id), data, now);
    },
  },
  InvitationAccepted: {
    rules: {
      ...KNOWN,
      'not-invited': 'account-invited',
      'invitation-withdrawn': 'invitation-not-withdrawn',
      'invitation-expired': 'invitation-in-force',
    },
    async decide(_, { accountId }, { id, now, ...made }) {
      return acceptInvitation(await made.state(invitedAccount, id), { accountId }, now);
    },
  },
  InvitationExpired: {
    rules: {},
    async decide(_, data, { id, ...made }) {
      return expireInvitation(await made.state(invitedAccount, id), data, data.withdrawn);
    },
  },
  AccountOnboarded: {
    rules: { ...ACTIVE, 'not-waiting': 'account-waiting' },
    decide: (state, data) => onboardAccount(state, data),
  },
  AccountSuspended: {
    rules: BY_HAND,
    decide: (state, data, made) =>
      isByHand(data) ? suspendAccount(state, data, made.now) : carriedOut(state, data, made),
  },
  AccountRestricted: {
    rules: BY_HAND,
    decide: (state, data, made) =>
      isByHand(data) ? restrictAccount(state, data, made.now) : carriedOut(state, data, made),
  },
  AccountDeactivated: {
    rules: {},
    decide: (state, data, made) =>
      isByHand(data) ? deactivateAccount(state, data, made.source) : carriedOut(state, data, made),
  },
  DeactivationCauseAdded: {
    rules: {},
    decide: (state, data, made) =>
      isByHand(data) ? deactivateAccount(state, data, made.source) : carriedOut(state, data, made),
  },
  StrikeIssued: { rules: {}, decide: (state, data, made) => carriedOut(state, data, made) },
  StrikeRescinded: { rules: READABLE, decide: (state, data, made) => carriedOut(state, data, made) },
  CauseLifted: {
    rules: READABLE,
    decide: (state, { accountId, cause }, made) => carriedOut(state, { accountId, caseId: cause }, made),
  },
  AccountReinstated: {
    rules: READABLE,
    decide(state, { accountId, reason, cause }, made) {
      if (cause !== undefined) return carriedOut(state, { accountId, caseId: cause }, made);
      return reinstateAccount(state, { accountId, reason }, made.now);
    },
  },
});

/** Not one of a case, nor one that is said again because something else was lifted. */
const isByHand = ({ caseId, reason }: { caseId?: string; reason?: string }): boolean =>
  caseId === undefined && reason !== STILL_IN_FORCE;

/**
 * What is done to an account because of one case or one decision by hand: it is imposed as it was ordered, it is lifted, or other
 * measures take its place.
 */
async function carriedOut(
  state: AccountStanding,
  data: { accountId: string; caseId?: string },
  { together, now, isStored, ...made }: Circumstances,
): Promise<readonly AccountEvent[] | undefined> {
  const { accountId } = data;
  const undone = together.find(({ type }) => type === 'CauseLifted' || type === 'StrikeRescinded')?.data as
    | { cause?: string; caseId?: string; reason: string }
    | undefined;
  const cause = undone?.cause ?? undone?.caseId ?? data.caseId;
  if (cause === undefined) return undefined;
  const { order } = await made.state(enforcementStream, cause);
  const review = order && {
    ...{ accountId, caseId: cause, imageId: order.imageId ?? cause },
    ...{ categories: order.categories, clause: order.clause },
  };
  const possible = [
    ...(undone
      ? [
          () => reinstateAccount(state, { accountId, cause, reason: undone.reason }, now),
          () => undoDecision(state, { accountId, cause, reason: undone.reason }, now),
        ]
      : []),
    ...(undone && review
      ? [() => replaceMeasures(state, review, orderedMeasures(order), { reason: undone.reason, now })]
      : []),
    ...(!undone && review ? [() => imposeMeasures(state, review, orderedMeasures(order))] : []),
    // Added later to a deactivation by an earlier release that did not name the case.
    ...(!undone && review ? [() => imposeMeasures(state, review, { deactivate: true })] : []),
  ];
  const outcomes = possible.map((decide) => decide());
  return outcomes.find((one) => isStored(one)) ?? outcomes[0];
}

export const personAgain: DecisionsAgain = decisionsAgain(personStream, {
  AddressReserved: { rules: {}, decide: (state, wish) => reserveAddress(state, wish) },
  PersonRegistered: {
    rules: {},
    decide: (state, { accountId }) =>
      state.reserved ? confirmAddress(state, state.reserved) : adoptAddress(state, accountId),
  },
  AddressReleased: { rules: {}, decide: (state) => releaseAddress(state, state) },
});

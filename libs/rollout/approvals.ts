import { phaseText } from '../gate/gate-words.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import {
  type Asking,
  aheadTime,
  basisOf,
  type ChangeRequest,
  changedNow,
  changeFields,
  expectedAt,
  isConfirmed,
  isOtherRaise,
  isStillConfirmed,
  raiseCommands,
  refuseRaise,
} from './change-rollout.js';
import { openProposals, type ProposedChange } from './changes.js';
import type { RolloutEvent } from './events.js';
import { isBeforeUnreadable, isOtherPhase, isSamePhase, type Phase, phaseIn } from './phase.js';
import type { Rollout } from './rollout.js';

export const LONGEST_PROPOSAL_DAYS = 30;
const USUAL_PROPOSAL_DAYS = 7;
const MOST_OPEN = 20;

export interface Proposal extends ChangeRequest {
  changeId: string;
  reason: string;
  /** RFC 3339; seven days from now if absent, or when it is to take effect if that is earlier. */
  expiresAt?: string;
}

/**
 * Proposes a change that another person has to approve.
 * @throws InvalidInput for times that do not fit; Refusal confirmation-needed, change-known, too-many-proposals
 */
export function proposeChange(state: Rollout, proposal: Proposal, { by, now, terms }: Asking): RolloutEvent[] {
  const { changeId, perWeek, reason, effectiveAt, reverts } = proposal;
  const sure = isConfirmed(proposal);
  const at = effectiveAt === undefined ? undefined : aheadTime(effectiveAt, now);
  const expiresAt = expiryOf(proposal, at, now);
  const open = openProposals(state.changes, now);
  const same = open.find((one) => one.changeId === changeId);
  if (same?.by === by && isSame(same, proposal)) return [];
  if (state.changes.known.includes(changeId)) {
    throw new Refusal('change-known', `change ${changeId} was proposed or planned before; choose another id`);
  }
  const expected = expectedAt(state, at ?? now);
  if (at === undefined && changedNow(state, proposal, { reason }).length === 0) return [];
  if (perWeek !== undefined) {
    const { propose } = raiseCommands(perWeek, reverts, phaseOf(proposal));
    refuseRaise(expected, perWeek, { isConfirmed: sure, isApproved: true }, terms, { repeat: propose, propose });
  }
  if (open.length >= MOST_OPEN) {
    throw new Refusal('too-many-proposals', `${MOST_OPEN} proposals wait already; approve or decline one first`);
  }
  return [
    {
      type: 'RolloutChangeProposed',
      data: {
        ...{ changeId, ...changeFields(proposal) },
        ...{ ...basisOf(expected, proposal), ...(reverts !== undefined && { reverts }) },
        ...{ ...(sure && { isConfirmed: true }), reason, expiresAt: toIso(expiresAt) },
        ...(at !== undefined && { effectiveAt: toIso(at) }),
      },
    },
  ];
}

const isSame = (one: ProposedChange, other: Proposal): boolean =>
  one.does === other.does &&
  one.perWeek === other.perWeek &&
  one.daily === other.daily &&
  isSamePhase(phaseIn(one), phaseIn(other)) &&
  one.reason === other.reason &&
  timeOf(one.effectiveAt) === timeOf(other.effectiveAt);

const timeOf = (iso?: string): number | undefined => (iso === undefined ? undefined : Date.parse(iso));

function expiryOf({ expiresAt }: Proposal, effectiveAt: number | undefined, now: number): number {
  if (expiresAt === undefined) return Math.min(now + USUAL_PROPOSAL_DAYS * DAY_MS, effectiveAt ?? Number.MAX_VALUE);
  const end = Date.parse(expiresAt);
  const last = Math.min(now + LONGEST_PROPOSAL_DAYS * DAY_MS, effectiveAt ?? Number.MAX_VALUE);
  if (end > now && end <= last) return end;
  const message = `must be after now, at most ${LONGEST_PROPOSAL_DAYS} days away and no later than effectiveAt: until ${toIso(last)}`;
  throw new InvalidInput([{ field: '/expiresAt', message }]);
}

/** @throws NotFound proposal-unknown */
function proposalIn({ changes }: Rollout, changeId: string, now: number): ProposedChange {
  const found = openProposals(changes, now).find((one) => one.changeId === changeId);
  if (found) return found;
  const expired = changes.proposed.find((one) => one.changeId === changeId);
  const why = expired
    ? `change ${changeId} expired at ${expired.expiresAt}`
    : `change ${changeId} was withdrawn or refused, or it was never a proposal`;
  throw new NotFound(
    'proposal-unknown',
    expired || changes.known.includes(changeId)
      ? `${why}; propose it under another id`
      : `no change ${changeId} waits for an approval; check the id (gatehouse rate show), or propose it first`,
  );
}

/**
 * Approves a proposal, as the state is now: if the rate was lowered since, the raise is another one, which the approver confirms.
 * Nor does it allow a phase that was forbidden since: that is another proposal.
 * @throws NotFound proposal-unknown; InvalidInput for a confirmation of another figure
 * @throws Refusal same-person, confirmation-needed, phase-narrowed (details: phase, ceiling)
 */
export function approveChange(
  state: Rollout,
  { changeId, confirm }: { changeId: string; confirm?: number },
  { by, now, terms }: Asking,
): RolloutEvent[] {
  if (state.changes.approved.includes(changeId)) return [];
  const proposal = proposalIn(state, changeId, now);
  if (proposal.by === by) {
    throw new Refusal('same-person', `${by} proposed change ${changeId}; another person has to approve it`);
  }
  const { perWeek, effectiveAt, reason, reverts, by: proposedBy } = proposal;
  const sure = isConfirmed({ ...(perWeek !== undefined && { perWeek }), ...(confirm !== undefined && { confirm }) });
  const at = effectiveAt === undefined ? now : Date.parse(effectiveAt);
  const expected = expectedAt(state, at);
  if (perWeek !== undefined) {
    const confirmed = sure || isStillConfirmed(expected, proposal);
    const commands = {
      ...raiseCommands(perWeek, reverts, phaseOf(proposal)),
      repeat: `gatehouse rollout approve ${changeId}`,
    };
    refuseRaise(expected, perWeek, { isConfirmed: confirmed, isApproved: true }, terms, commands);
    if (isOtherRaise(expected, proposal) && !sure) {
      throw new Refusal(
        'confirmation-needed',
        `the rate was lowered to ${expected.perWeek ?? 0} since ${proposedBy} proposed ${perWeek}; if that is what you want, repeat the request with confirm ${perWeek} (${commands.repeat} --confirm ${perWeek})`,
        { confirm: perWeek, perWeek: expected.perWeek ?? 0, factorPercent: terms.rateConfirmPercent },
      );
    }
  }
  if (isBeforeUnreadable(state, proposal)) {
    throw new Refusal(
      'phase-narrowed',
      `the event at position ${state.phaseUnreadable}, which came after change ${changeId}, may have set the phase and can't be read; decline the change, and propose what you want now (gatehouse rollout decline, propose-phase)`,
      { ...expected.phase },
    );
  }
  if (isOtherPhase(expected, proposal)) {
    throw new Refusal(
      'phase-narrowed',
      `the phase was set to ${phaseText(expected.phase)} since ${proposedBy} proposed change ${changeId}; decline it, and propose what you want now (gatehouse rollout decline, propose-phase)`,
      { ...expected.phase },
    );
  }
  const change = changeFields(proposal);
  const cause = { by: proposedBy, approvedBy: by, ...(reverts !== undefined && { reverts }) };
  const effect: RolloutEvent[] =
    at > now
      ? [
          {
            type: 'RolloutChangePlanned',
            data: {
              ...{ changeId, ...change, ...basisOf(expected, change), isConfirmed: true },
              ...{ reason, effectiveAt: toIso(at), ...cause },
            },
          },
        ]
      : changedNow(state, change, { changeId, reason, ...cause });
  return [{ type: 'ApprovalGiven', data: { changeId, proposedBy } }, ...effect];
}

const phaseOf = (change: Partial<Phase>): Phase | undefined =>
  change.phase === undefined ? undefined : phaseIn(change);

import type { EventPlace } from '../kernel/decider.js';
import type { Case, Closed, DataOf, InForce } from './case-state.js';
import { GrowingSet } from './growing-set.js';

/* How a decision changes a case. */

/** Without claim and reservation. */
export function unreserved({ claim: _claim, reserved: _reserved, ...state }: Case): Case {
  return state;
}

const clauseOf = ({ clause }: { clause?: string }) => (clause === undefined ? {} : { clause });

/** The case with a decision, and nothing of one before. */
export function decided(
  state: Case,
  status: Closed,
  { accountId }: { accountId?: string },
  { position }: EventPlace,
): Case {
  const { clause: _, inForce: __, ...rest } = unreserved(state);
  return {
    ...rest,
    status,
    accountId: accountId ?? state.accountId,
    closedAt: status === 'confirmed' ? state.closedAt : position,
  };
}

/** @param before since when that confirmation is in force, and who has decided so */
export function confirmed(
  state: Case,
  data: DataOf<'ReviewConfirmed'> | DataOf<'ReviewUpheld'>,
  place: EventPlace,
  { since, deciders = GrowingSet.empty, accountId = data.accountId }: Pick<InForce, 'since'> & Partial<InForce>,
): Case {
  const { round = state.round, clause, reviewers = [] } = data;
  const people = [...reviewers, ...state.verdicts.map(({ reviewer }) => reviewer)];
  return {
    ...decided(state, 'confirmed', data, place),
    ...(clause !== undefined && { clause }),
    inForce: {
      ...{ since, round, at: place.position, deciders: deciders.with(people) },
      ...(accountId !== undefined && { accountId }),
    },
  };
}

/** A round that is open goes on: it decides about the image, and no longer about the confirmation. */
export function overturned(state: Case, data: DataOf<'ReviewOverturned'>, place: EventPlace): Case {
  if (state.status !== 'open') return decided(state, 'overturned', data, place);
  const { clause: _, inForce: __, ...rest } = state;
  return rest;
}

/** As any decided case, for readers who may not know that it is golden. */
export const answered = (state: Case, data: DataOf<'GoldenCaseAnswered'>, place: EventPlace): Case => ({
  ...decided(state, data.outcome, {}, place),
  ...(data.outcome === 'confirmed' && clauseOf(data)),
  isShownWithheld: data.outcome === 'confirmed' || data.withhold === true,
});

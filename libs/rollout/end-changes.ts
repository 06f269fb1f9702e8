import { NotFound, Refusal } from '../kernel/errors.js';
import { type Changes, openProposals } from './changes.js';
import type { RolloutEvent } from './events.js';
import type { Rollout } from './rollout.js';

/**
 * Ends a proposal: its proposer withdraws it, anybody else refuses it; a no-op for one that has ended or expired.
 * @throws NotFound proposal-unknown; Refusal change-in-force
 */
export function declineChange(
  { changes }: Rollout,
  changeId: string,
  reason: string,
  by: string,
  now: number,
): RolloutEvent[] {
  const proposal = openProposals(changes, now).find((one) => one.changeId === changeId);
  if (proposal) {
    const how = proposal.by === by ? 'withdrawn' : 'refused';
    return [{ type: 'RolloutChangeEnded', data: { changeId, how, reason } }];
  }
  const planned = changes.planned.find((one) => one.changeId === changeId);
  if (planned) {
    throw new NotFound(
      'proposal-unknown',
      `change ${changeId} is planned for ${planned.effectiveAt} and waits for no approval; cancel it (gatehouse rollout cancel)`,
    );
  }
  return nothingToEnd(changes, changeId, 'proposal-unknown', 'waits for an approval');
}

/**
 * Cancels a planned change; a no-op for one that has ended.
 * @throws NotFound planned-change-unknown; Refusal change-in-force
 */
export function cancelPlanned({ changes }: Rollout, changeId: string, reason: string): RolloutEvent[] {
  if (changes.planned.some((one) => one.changeId === changeId)) {
    return [{ type: 'RolloutChangeEnded', data: { changeId, how: 'cancelled', reason } }];
  }
  if (changes.proposed.some((one) => one.changeId === changeId)) {
    throw new NotFound(
      'planned-change-unknown',
      `change ${changeId} was proposed and is not planned; decline it (gatehouse rollout decline)`,
    );
  }
  return nothingToEnd(changes, changeId, 'planned-change-unknown', 'is planned');
}

function nothingToEnd({ known, effective }: Changes, changeId: string, code: string, what: string): RolloutEvent[] {
  if (effective.includes(changeId)) {
    throw new Refusal(
      'change-in-force',
      `change ${changeId} has taken effect; revert it (gatehouse rollout history, then gatehouse rollout revert)`,
    );
  }
  if (!known.includes(changeId)) {
    throw new NotFound(code, `no change ${changeId} ${what}; gatehouse rate show prints the ids`);
  }
  return [];
}

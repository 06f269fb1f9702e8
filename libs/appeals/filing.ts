import type { Enforcement } from '../enforcement/index.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type Appeal, appealStream, isAnotherDecision, lapseAppeal } from './appeal.js';
import type { AppealEvent } from './events.js';

/** Appeals against one decision. */
const MAX_APPEALS = 2;

export interface FileAppeal {
  /** Of the enforcement, and so of the appeal. */
  enforcementId: string;
  /** The account that the sender believes it is about. */
  accountId?: string | undefined;
  text: string;
  hasNewEvidence: boolean;
  /** Epoch milliseconds. */
  now: number;
  windowDays: number;
  /** How long deciding may take. */
  deadlineDays: number;
}

/** What else is stored about the measure. */
export interface FilingFacts {
  enforcement: Enforcement;
  /** When the last order was stored, in epoch milliseconds. */
  orderedAt: number;
  /** Whether the case is confirmed and is being judged again. */
  isReopened?: boolean;
  /**
   * The round that confirmed the case; undefined if its confirmation was undone, while what it has led to may not be yet, and for
   * a decision by hand.
   */
  since?: number | undefined;
  /** Whether everything that was ordered is in force, or was. */
  isImposed: boolean;
}

/**
 * A no-op while an appeal against the enforcement is open. One whose decision was undone lapses first.
 * @throws NotFound enforcement-unknown
 * @throws Refusal other-account, enforcement-reversed, case-reopened, enforcement-pending, already-appealed, appeal-window-closed
 */
export function fileAppeal(before: Appeal, filing: FileAppeal, facts: FilingFacts): AppealEvent[] {
  const { enforcementId, text, hasNewEvidence, now, deadlineDays } = filing;
  const { enforcement, since } = facts;
  const { order } = enforcement;
  if (!order) {
    throw new NotFound(
      'enforcement-unknown',
      `no enforcement ${enforcementId} is known; GET /v1/enforcements?account=… lists them`,
    );
  }
  if (filing.accountId !== undefined && filing.accountId !== order.accountId) {
    throw new Refusal(
      'other-account',
      `enforcement ${enforcementId} is against another account than ${filing.accountId}; only its own holder can appeal`,
    );
  }
  const lapsed = lapseAppeal(before, enforcementId, since);
  const state = fold(appealStream, lapsed, before);
  if (state.status === 'open') return [];
  refuseNotInForce(state, enforcementId, facts);
  refuseRepeated(state, filing, facts);
  refuseLate(filing, facts);
  const { accountId, caseId } = order;
  return [
    ...lapsed,
    {
      type: 'AppealFiled',
      data: {
        appealId: enforcementId,
        number: state.number + 1,
        accountId,
        ...(caseId !== undefined && { caseId }),
        order: enforcement.orders,
        ...(since !== undefined && { since }),
        text,
        hasNewEvidence,
        dueAt: toIso(now + deadlineDays * DAY_MS),
      },
    },
  ];
}

function refuseNotInForce(state: Appeal, id: string, { enforcement, isImposed, isReopened, since }: FilingFacts): void {
  const { order, orders, appeal, status } = enforcement;
  const isGranted = state.status === 'granted' || state.status === 'partly-granted';
  const isCarriedOut = !isGranted || appeal >= state.number || isAnotherDecision(state, { order: orders, since });
  if (status === 'reversed' || (order?.caseId !== undefined && since === undefined)) {
    throw new Refusal('enforcement-reversed', `enforcement ${id} was undone; nothing is left to appeal`);
  }
  if (isReopened) {
    throw new Refusal(
      'case-reopened',
      `the case of enforcement ${id} is judged again, by reviewers who took no part in its confirmation: file the appeal once they have confirmed it`,
    );
  }
  if (isImposed && isCarriedOut) return;
  throw new Refusal(
    'enforcement-pending',
    `enforcement ${id} is being carried out: file the appeal in a moment; if that lasts, check that a reactor is running`,
  );
}

function refuseRepeated(
  state: Appeal,
  { enforcementId, hasNewEvidence }: FileAppeal,
  { enforcement, since }: FilingFacts,
): void {
  if (isAnotherDecision(state, { order: enforcement.orders, since })) return;
  if (state.ofDecision >= MAX_APPEALS) {
    throw new Refusal(
      'already-appealed',
      `the decision behind enforcement ${enforcementId} was appealed ${state.ofDecision} times, which is the most`,
    );
  }
  if (hasNewEvidence) return;
  throw new Refusal(
    'already-appealed',
    `an appeal against enforcement ${enforcementId} was decided (${state.status}); a second one needs new evidence: say so with hasNewEvidence`,
  );
}

function refuseLate({ enforcementId, now, windowDays }: FileAppeal, { orderedAt }: FilingFacts): void {
  const end = orderedAt + windowDays * DAY_MS;
  if (now <= end) return;
  throw new Refusal(
    'appeal-window-closed',
    `enforcement ${enforcementId} could be appealed until ${toIso(end)}, ${windowDays} days after it was ordered`,
    { until: toIso(end) },
  );
}

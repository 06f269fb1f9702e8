import type { DataOf } from '../events/event-definition.js';
import type { Case, GivenVerdict } from './case.js';
import type { CaseEvent } from './events.js';
import type { GoldenCaseAnswered } from './golden-events.js';

type Answered = DataOf<typeof GoldenCaseAnswered>;
type Answer = Answered['answers'][number];

/** The decision of an ordinary case. */
type Decision = Extract<
  CaseEvent,
  { type: 'ReviewConfirmed' | 'ReviewUpheld' | 'ReviewDismissed' | 'ModelProblemFound' }
>;

const OUTCOMES = {
  ReviewConfirmed: 'confirmed',
  ReviewUpheld: 'confirmed',
  ReviewDismissed: 'dismissed',
  ModelProblemFound: 'model-problem',
} as const;

/**
 * What is stored in the place of a golden case's decision, so that nothing that acts on decisions ever sees one. A verdict is
 * right if it is the known one, and for `unsafe` names the known clause; `unsure` is no answer.
 */
export function answerInstead(
  state: Case,
  caseId: string,
  decision: Decision,
  valid: readonly GivenVerdict[],
): CaseEvent {
  const { verdict, clause } = state.golden!;
  const { data } = decision;
  return {
    type: 'GoldenCaseAnswered',
    data: {
      caseId,
      round: state.round,
      outcome: OUTCOMES[decision.type],
      ...('clause' in data && data.clause !== undefined && { clause: data.clause }),
      ...('withhold' in data && data.withhold === true && { withhold: true }),
      expected: { verdict, ...(clause !== undefined && { clause }) },
      answers: valid.flatMap((given) => answerOf(given, verdict, clause)),
    },
  };
}

function answerOf(
  { reviewer, verdict, clause }: GivenVerdict,
  expected: Answer['verdict'],
  expectedClause: string | undefined,
): Answer[] {
  if (verdict === 'unsure') return [];
  const isRight = verdict === expected && clause === expectedClause;
  return [{ reviewer, verdict, ...(clause !== undefined && { clause }), isRight }];
}

/**
 * Closes the case of a retired golden case. A no-op while a reviewer has it or has judged it: they end it themselves, or it is
 * closed once it is free.
 * @param now epoch milliseconds
 */
export function withdrawGolden(state: Case, caseId: string, now: number): CaseEvent[] {
  const { status, origin, claim, reserved, verdicts, round } = state;
  const isBusy = (claim && now < claim.until) || (reserved && now < reserved.until) || verdicts.length > 0;
  if (status !== 'open' || origin !== 'golden' || isBusy) return [];
  return [{ type: 'GoldenCaseWithdrawn', data: { caseId, round } }];
}

import type { Transactor } from '../../libs/event-store/transact.js';
import type { CommandContext } from '../../libs/kernel/command-context.js';
import { caseStream, type Verdict } from '../../libs/review/case.js';
import { reopenCase } from '../../libs/review/claim-decisions.js';
import { openCase } from '../../libs/review/flag-decisions.js';
import { giveVerdict } from '../../libs/review/verdict-decisions.js';
import { flag } from './case-file.js';

const LEAD: CommandContext = { actor: { kind: 'user', id: 'lena', role: 'lead' }, correlationid: 'spec' };

/** Cases in a log, decided by reviewers from outside, who claim nothing. */
export function reviewedCases(transactor: () => Transactor) {
  let people = 0;
  return {
    async open(caseId: string, accountId: string, position = 1): Promise<void> {
      const given = flag({ imageId: caseId, accountId, flagId: `flag-${caseId}-${position}`, position });
      await transactor().transact(caseStream, caseId, LEAD, (state) =>
        openCase(state, { ...given, flaggedBy: `flagger-${position}` }),
      );
    },
    async judge(caseId: string, verdict: Verdict, clause?: string): Promise<void> {
      const given = { caseId, reviewer: `reviewer-${people++}`, verdict, now: 0, reviewerSource: '/tool' };
      await transactor().transact(caseStream, caseId, LEAD, (state) =>
        giveVerdict(state, { ...given, ...(clause !== undefined && { clause }) }, {}),
      );
    },
    async reopen(caseId: string): Promise<void> {
      await transactor().transact(caseStream, caseId, LEAD, (state) =>
        reopenCase(state, { caseId, by: 'lena', reason: 'spec', panelSize: 1 }, false),
      );
    },
  };
}

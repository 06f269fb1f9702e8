import { Module } from '@nestjs/common';
import { type CommandBus, CqrsModule } from '@nestjs/cqrs';
import { ImagesModule } from '../images/index.js';
import type { InboundCommand } from '../ingest/ingest.js';
import { CaseDecisions } from './features/case-decisions.js';
import { ClaimCaseController, ClaimCaseHandler } from './features/claim-case.js';
import { ConfirmReviewHandler, confirmReviewInbound } from './features/confirm-review.js';
import { GiveVerdictController, GiveVerdictHandler, giveVerdictInbound } from './features/give-verdict.js';
import { ListCasesController, ListCasesHandler } from './features/list-cases.js';
import { ReleaseCaseController, ReleaseCaseHandler } from './features/release-case.js';
import { ShowCaseController, ShowCaseHandler } from './features/show-case.js';
import { CaseQueue } from './queries/case-queue.js';
import { OpenedCases } from './queries/opened-cases.js';

@Module({
  imports: [CqrsModule, ImagesModule],
  controllers: [
    ListCasesController,
    ShowCaseController,
    ClaimCaseController,
    ReleaseCaseController,
    GiveVerdictController,
  ],
  providers: [
    ListCasesHandler,
    ShowCaseHandler,
    ClaimCaseHandler,
    ReleaseCaseHandler,
    GiveVerdictHandler,
    ConfirmReviewHandler,
    CaseDecisions,
    CaseQueue,
    OpenedCases,
  ],
})
export class ReviewModule {}

/** VerdictGiven and ReviewConfirmed of other systems. */
export const inboundCommands = (commands: CommandBus): InboundCommand[] => [
  giveVerdictInbound(commands),
  confirmReviewInbound(commands),
];

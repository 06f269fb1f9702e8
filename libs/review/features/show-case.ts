import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { EventStore } from '../../event-store/event-store.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { caseStream, type Verdict } from '../case.js';

/** A case as it stands; flaggers, categories, claim and verdicts are those of the round in force. */
export interface CaseAnswer {
  caseId: string;
  imageId: string;
  /** The account the image was made for, where it is known. */
  accountId: string | null;
  status: 'open' | 'claimed' | 'confirmed' | 'dismissed';
  /** Reviewed for the first time, the second time and so on. */
  round: number;
  /** Distinct reviewers that decide. */
  panelSize: number;
  flaggers: string[];
  categories: string[];
  claim: { reviewer: string; until: string } | null;
  verdicts: { reviewer: string; verdict: Verdict }[];
  /** Of the case's last event. */
  position: string;
  /** Everything that led here, oldest first. */
  history: { position: string; type: string; time: string; actor: Actor }[];
}

export class ShowCase extends Query<CaseAnswer> {
  constructor(readonly caseId: string) {
    super();
  }
}

/** From the case's own stream, so that whoever has just written to it sees what was written. */
@QueryHandler(ShowCase)
export class ShowCaseHandler implements IQueryHandler<ShowCase> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ caseId }: ShowCase): Promise<CaseAnswer> {
    const history = await this.store.readStream(`${caseStream.category}-${caseId}`);
    const state = foldRecorded(caseStream, history);
    if (state.status === 'none') {
      throw new NotFound('case-unknown', `there is no case ${caseId}; a flag on an image opens the case of its id`);
    }
    const { imageId, accountId, status, round, panelSize, flaggers, categories, verdicts } = state;
    const claim = state.claim && this.clock.now() < state.claim.until ? state.claim : undefined;
    return {
      caseId,
      imageId,
      accountId: accountId ?? null,
      status: status === 'open' && claim ? 'claimed' : status,
      round,
      panelSize,
      flaggers: [...flaggers].sort(),
      categories: [...categories].sort(),
      claim: claim ? { reviewer: claim.reviewer, until: toIso(claim.until) } : null,
      verdicts: [...verdicts],
      position: String(history.at(-1)!.position),
      history: history.map(({ position, type, metadata: { time, actor } }) => ({
        position: String(position),
        type,
        time,
        actor,
      })),
    };
  }
}

@Controller('v1/cases')
export class ShowCaseController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** A case as it stands, and everything that led there. */
  @Get(':id')
  @Roles('reviewer', 'administrator', 'operator', 'compliance', 'service')
  show(@Param() { id }: IdParam): Promise<CaseAnswer> {
    return this.queries.execute(new ShowCase(id));
  }
}

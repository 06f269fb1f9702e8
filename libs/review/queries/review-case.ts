import { Controller, Get, Inject, Optional, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { AccountRecords } from '../../account/index.js';
import { FromViews } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { ImageOwners, ImagePrompts, type ImageRow, imagesView } from '../../images/index.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { type Clause, type ContentPolicies, clausesAt, policiesAt, policyStream } from '../../policy/index.js';
import { APPEAL_HEARINGS, type AppealHearings } from '../appeal-hearings.js';
import { type Case, caseStream } from '../case.js';
import { CONFLICTS, ownerOf } from '../conflict-of-interest.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { refuseConflict, refuseIncomplete } from '../refusals.js';
import { isText, REVEAL_LEVELS, severeClauseOf } from '../reveal.js';
import { casesView } from '../views/cases.js';
import { AccountCasesReader } from './account-cases.js';
import { CASE_ID, placeOf } from './case-fields.js';
import { hasNotes } from './case-notes.js';
import { scoresOf } from './case-scores.js';
import { CurrentCases } from './current-cases.js';
import { GoldenImages, NO_CASES } from './golden-images.js';
import { knownSeverities } from './known-severities.js';
import { ReviewAnswer, reviewExample } from './review-answer.js';
import { REVIEWERS } from './reviewing-roles.js';
import { SevereViewing } from './severe-viewing.js';
import { visibleHistory, visibleReview } from './visible-review.js';

export class ReviewCase extends IdQuery<ReviewAnswer> {
  declare readonly reader: Actor;
}

/** Everything that a reviewer needs for a verdict but the content. A second review looks like a first one. */
@QueryHandler(ReviewCase)
export class ReviewCaseHandler implements IQueryHandler<ReviewCase> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CurrentCases) private readonly current: CurrentCases,
    @Inject(ImageOwners) private readonly images: ImageOwners,
    @Inject(ImagePrompts) private readonly prompts: ImagePrompts,
    @Inject(AccountRecords) private readonly accounts: AccountRecords,
    @Inject(AccountCasesReader) private readonly cases: AccountCasesReader,
    @Inject(SevereViewing) private readonly viewing: SevereViewing,
    @Inject(GoldenImages) private readonly golden: GoldenImages,
    @Inject(CLOCK) private readonly clock: Clock,
    @Optional() @Inject(APPEAL_HEARINGS) private readonly hearings?: AppealHearings,
  ) {}

  async execute({ id: caseId, reader }: ReviewCase): Promise<ReviewAnswer> {
    // Before the case's own events: then every flag stored so far is in one of the two.
    const current = await this.current.find(caseId, reader.id);
    const [history, { image, isParked }, { state: policies }, { state: rules }, isSevereViewer] = await Promise.all([
      this.store.readStream(`${caseStream.category}-${caseId}`),
      this.images.row(caseId),
      this.transactor.load(policyStream, undefined),
      this.transactor.load(reviewSettingsStream, undefined),
      this.viewing.isViewer(reader),
    ]);
    const state = foldRecorded(caseStream, history);
    const facts = {
      ...(image && { owner: image.account_id }),
      ...{ isParked, isCaseParked: current.isParked },
      notedRounds: new Map([[reader.id, current.notedRound]]),
      links: new Map([[reader.id, current.linked]]),
    };
    refuseIncomplete(state, caseId, facts);
    refuseConflict(current.state, caseId, reader.id, facts);
    const now = this.clock.now();
    const clauses = clausesAt(policies, now);
    const severeClause = severeClauseOf(current.state, { severities: knownSeverities(policies, now) }, reader, now);
    const scores = scoresOf(history);
    const seen = visibleHistory(history, state, reader, now);
    const known = { image, accountId: ownerOf(state, facts) };
    const [{ hasPrompt, ...shown }, seesAccount] = await Promise.all([
      this.subjectOf(state, caseId, known),
      this.seesAccount(state, caseId, reader, now),
    ]);
    return {
      caseId,
      imageId: state.imageId,
      ...visibleReview(state, reader, now),
      round: state.round,
      panelSize: state.panelSize,
      isEscalated: state.isEscalated,
      ...placeOf(state, { patienceHours: rules.patienceHours, now }),
      openedAt: scores.openedAt,
      image: shown.image,
      hasPrompt,
      hasComments: scores.hasComments,
      hasNotes: hasNotes(seen),
      categories: scores.categories,
      account: seesAccount ? shown.account : null,
      policy: policyOf(policies, clauses, state, now),
      severeClause: severeClause ?? null,
      levels: REVEAL_LEVELS.filter((level) => isText(level) || severeClause === undefined || isSevereViewer),
      position: String(seen.at(-1)!.position),
    };
  }

  /** What is stored of the image and its account. Of a golden case nothing is, and it looks as if something were. */
  private async subjectOf(
    { origin, categories }: Case,
    caseId: string,
    { image, accountId }: { image: ImageRow | undefined; accountId: string | undefined },
  ): Promise<Pick<ReviewAnswer, 'image' | 'hasPrompt' | 'account'>> {
    const golden = origin === 'golden' ? await this.golden.of(caseId) : undefined;
    if (golden) {
      const { latest, similar, ...cases } = NO_CASES;
      const account = { ...golden.account, restrictions: [], cases, latestCases: latest, similarCases: similar };
      return { image: golden.image, hasPrompt: golden.hasPrompt, account };
    }
    const [hasPrompt, account] = await Promise.all([
      image ? this.prompts.exists(image) : null,
      accountId === undefined ? null : this.accountOf(accountId, caseId, [...categories]),
    ]);
    return { image: image ? factsOf(image) : null, hasPrompt, account };
  }

  /** What a decision has led to is for leads, and for a reviewer who hears an appeal against it: a reviewer needs it to judge only. */
  private async seesAccount({ status }: Case, caseId: string, { id, role }: Actor, now: number): Promise<boolean> {
    if (role !== 'reviewer' || status === 'open') return true;
    return (await this.hearings?.heldUntil(caseId, id, now)) !== undefined;
  }

  private async accountOf(accountId: string, caseId: string, categories: string[]): Promise<ReviewAnswer['account']> {
    const [record, { latest, similar, ...cases }] = await Promise.all([
      this.accounts.of(accountId),
      this.cases.of(accountId, caseId, categories),
    ]);
    const restrictions = record.restrictions.map((one) => ({ ...one }));
    return { accountId, ...record, restrictions, cases, latestCases: latest, similarCases: similar };
  }
}

const factsOf = (image: ImageRow) => ({
  generatedAt: toIso(image.generated_at),
  photorealistic: image.photorealistic,
  faces: image.faces,
  promptCategory: image.prompt_category,
});

function policyOf(policies: ContentPolicies, clauses: readonly Clause[], { categories }: Case, now: number) {
  const shown = clauses.map(({ id, title, severity, text }) => ({
    id,
    title,
    severity,
    text: text ?? null,
    isNamed: categories.has(id),
  }));
  return {
    version: policiesAt(policies, now).current ?? null,
    clauses: shown.sort((one, other) => Number(other.isNamed) - Number(one.isNamed)),
  };
}

@Controller('v1/cases')
export class ReviewCaseController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id/review')
  @FromViews(casesView, imagesView)
  @Roles(...REVIEWERS, 'compliance')
  @Operation('Everything that a reviewer needs to judge a case, except for the content', {
    description:
      'Whether there are a prompt and comments, never their words; they and the image are revealed by POST /v1/cases/{id}/reveals, and GET /v1/images/{id}/preview shows the image blurred and grey. Verdicts of others are not shown before the caller’s own.',
    fields: { id: CASE_ID },
    answer: answer('Review', 'The case.', ReviewAnswer, reviewExample),
    refusals: {
      404: ['case-unknown'],
      409: [...CONFLICTS, 'image-parked', 'case-parked'],
      503: ['not-caught-up'],
    },
  })
  reviewCase(@Param() query: ReviewCase, @Context() { actor: reader }: Context): Promise<ReviewAnswer> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}

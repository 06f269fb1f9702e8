import { Inject, Optional } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { AuditTrail } from '../../audit/index.js';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { IfGiven, IsReason, Means } from '../../http/field-rules.js';
import { ImagePrompts, type Picture, Pictures } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Actor, Position } from '../../kernel/envelope.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { APPEAL_HEARINGS, type AppealHearings } from '../appeal-hearings.js';
import { type Case, caseStream } from '../case.js';
import { renewClaim } from '../claim-decisions.js';
import { viewed } from '../exposure.js';
import { type CaseNotes, CaseNotesReader } from '../queries/case-notes.js';
import { ExposureReader } from '../queries/exposure-reader.js';
import { type FlagComments, FlagCommentsReader } from '../queries/flag-comments.js';
import { GoldenImages } from '../queries/golden-images.js';
import { isLead } from '../queries/reviewing-roles.js';
import { SevereViewing } from '../queries/severe-viewing.js';
import { ShownFlags } from '../queries/shown-flags.js';
import { checkReveal, isText, REVEAL_LEVELS, type RevealLevel, severeClauseOf, type TextLevel } from '../reveal.js';
import { CaseFactsReader } from './case-facts.js';
import { IsClaimToken } from './claim-answer.js';

export const LEVEL =
  'What to look at: the prompt of the image, what people wrote when they flagged it, the notes and rationales of those who worked on the case, or the image blurred and grey, grey, or in full.';

export interface RevealedTexts extends Partial<FlagComments & CaseNotes> {
  prompt?: string | null;
  unavailable: number;
}

/** The content, once it is recorded who looks at it. */
export interface Revealed {
  content: { texts: RevealedTexts } | { picture: Picture };
  position: Position;
  /** The end of the claim, in epoch milliseconds; null for a lead who reads without one. */
  claimUntil: number | null;
  isBreakAdvised: boolean;
}

export class RevealContent extends RequestCommand<Revealed> {
  @IsIn(REVEAL_LEVELS)
  @Means(LEVEL)
  level!: RevealLevel;

  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason!: string;

  @IfGiven()
  @IsClaimToken()
  token?: number;

  declare readonly caseId: string;
}

@CommandHandler(RevealContent)
export class RevealContentHandler implements ICommandHandler<RevealContent> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(SevereViewing) private readonly viewing: SevereViewing,
    @Inject(ImagePrompts) private readonly prompts: ImagePrompts,
    @Inject(FlagCommentsReader) private readonly comments: FlagCommentsReader,
    @Inject(ShownFlags) private readonly shown: ShownFlags,
    @Inject(CaseNotesReader) private readonly notes: CaseNotesReader,
    @Inject(GoldenImages) private readonly golden: GoldenImages,
    @Inject(Pictures) private readonly pictures: Pictures,
    @Inject(ExposureReader) private readonly exposures: ExposureReader,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Optional() @Inject(APPEAL_HEARINGS) private readonly hearings?: AppealHearings,
  ) {}

  /** What can't be read or shown is not recorded as viewed, and what can't be recorded is not shown. */
  async execute(reveal: RevealContent): Promise<Revealed> {
    const { caseId, level, reason, context } = reveal;
    const { id: reviewer, role } = context.actor;
    const { facts, state } = await this.facts.readWithState(caseId, [reviewer]);
    const isSevereViewer = await this.viewing.isViewer(context.actor);
    const now = this.clock.now();
    const heardUntil = state.status === 'open' ? undefined : await this.hearings?.heldUntil(caseId, reviewer, now);
    const isHearing = heardUntil !== undefined;
    const reader = { reviewer, ...(role && { role }), isLead: isLead(context.actor), isSevereViewer, isHearing };
    checkReveal(state, { ...reveal, ...reader, now }, facts);
    const [content, stretch] = await Promise.all([
      this.read(state, caseId, level, context.actor),
      this.exposures.stretch(reviewer),
    ]);
    const isHeld = state.claim?.reviewer === reviewer && now < state.claim.until;
    const claimUntil = heardUntil ?? (isHeld ? await this.renewed(reveal, state) : null);
    const severeClause = isText(level) ? undefined : severeClauseOf(state, facts, context.actor, now);
    const data = { caseId, level, reason, ...(severeClause !== undefined && { severeClause }) };
    const position = await this.audit.record({ type: 'ContentViewed', data }, context);
    const at = this.clock.now();
    const after = level === 'notes' ? stretch : viewed(stretch, level, at);
    const isBreakAdvised = this.exposures.isBreakAdvised(after, at);
    return { content, position, claimUntil, isBreakAdvised };
  }

  private async read(state: Case, caseId: string, level: RevealLevel, reader: Actor): Promise<Revealed['content']> {
    return isText(level)
      ? { texts: await this.texts(state, caseId, level, reader) }
      : { picture: await this.pictures.at(caseId, level) };
  }

  private async texts({ origin }: Case, caseId: string, level: TextLevel, reader: Actor): Promise<RevealedTexts> {
    if (level === 'notes') return this.notes.ofCase(caseId, reader);
    if (level === 'comments') return this.commentsOf(caseId, reader);
    const read = origin === 'golden' ? this.golden.prompt(caseId) : this.prompts.find(caseId);
    const { text: prompt, isErased } = await read;
    return { prompt, unavailable: Number(isErased) };
  }

  private async commentsOf(caseId: string, reader: Actor): Promise<FlagComments> {
    const { comments, unavailable } = await this.comments.ofCase(caseId);
    const shown = comments.map(({ flagId, flaggedBy, comment }) => ({
      flagId: this.shown.flagId(caseId, flagId, reader),
      flaggedBy: this.shown.flagger(caseId, flaggedBy, reader),
      comment,
    }));
    return { comments: shown, unavailable };
  }

  /** Somebody else may have claimed the case while the image was fetched. @throws Refusal claim-lost */
  private async renewed({ caseId, context }: RevealContent, { claim }: Case): Promise<number> {
    const use = { caseId, reviewer: context.actor.id, token: claim!.token, leaseMs: this.settings.claimLeaseMs };
    const { state } = await this.transactor.transact(caseStream, caseId, context, (now) =>
      renewClaim(now, { ...use, now: this.clock.now() }),
    );
    return state.claim!.until;
  }
}

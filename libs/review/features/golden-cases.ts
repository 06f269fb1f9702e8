import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsBoolean, IsIn, IsNumber, Max, Min } from 'class-validator';
import { CommandRoute, EditCommand, editHandler, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  AreLabels,
  IdParam,
  IfGiven,
  IsEntityId,
  IsLabel,
  IsName,
  IsPersonalText,
  IsReason,
  IsSet,
  IsTitle,
  Means,
} from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CONTENT_PROBLEMS, ContentError, Pictures } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { Refusal } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/ports.js';
import { clausesAt, policyStream } from '../../policy/index.js';
import { addGoldenCase, goldenStream, retireGoldenCase } from '../golden-case.js';
import { GOLDEN_VERDICTS } from '../golden-events.js';
import { GOLDEN_ID } from '../queries/golden-answer.js';
import { ImagesInUse } from '../queries/images-in-use.js';
import { NobodysAccounts } from '../queries/nobodys-account.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { queueOf, reviewSettingsStream } from '../queue-rules.js';
import { refuseUnknownClause } from '../refusals.js';

const MAX_CATEGORIES = 20;

export class AddGoldenCase extends RequestCommand {
  @IsEntityId('An image that the image service serves, and that nobody has reported or flagged: add a copy of its own.')
  imageId!: string;

  @IsIn(GOLDEN_VERDICTS)
  @Means('The right verdict.')
  verdict!: (typeof GOLDEN_VERDICTS)[number];

  @IfGiven()
  @IsLabel('The clause of the content policy that the image violates; needed for `unsafe`, and only for it.')
  clause?: string;

  @AreLabels('The categories that its case names, as flags would.')
  @IsSet(0, MAX_CATEGORIES)
  categories!: string[];

  @IfGiven()
  @IsNumber()
  @Min(0)
  @Max(1)
  @Means('How sure a flagger of it would be; leave it out where flags don’t say.')
  confidence?: number;

  @IfGiven()
  @IsLabel('The queue that its case waits in; by the rules, if it is left out.')
  queue?: string;

  @IfGiven()
  @IsEntityId('The account that its case names, which nobody may have; one like others, if it is left out.')
  accountId?: string;

  @IfGiven()
  @IsBoolean()
  @Means('Whether it could be mistaken for a photograph; give it where images are reported with it.')
  photorealistic?: boolean;

  @IfGiven()
  @IsBoolean()
  @Means('Whether it shows faces of people; give it where images are reported with it.')
  faces?: boolean;

  @IfGiven()
  @IsName('The category of its prompt; give it where images are reported with it.')
  promptCategory?: string;

  @IfGiven()
  @IsPersonalText(2000, 'The prompt that reviewers can reveal; give it where images are reported with it. Encrypted.')
  prompt?: string;

  @IfGiven()
  @IsTitle('A note for leads. No personal data.')
  note?: string;
}

@CommandHandler(AddGoldenCase)
export class AddGoldenCaseHandler implements ICommandHandler<AddGoldenCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ImagesInUse) private readonly images: ImagesInUse,
    @Inject(Pictures) private readonly pictures: Pictures,
    @Inject(NobodysAccounts) private readonly accounts: NobodysAccounts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @throws InvalidInput; NotFound queue-unknown; ContentError
   * @throws Refusal golden-case-exists, image-in-use, account-in-use, clause-unknown
   */
  async execute({ imageId: goldenId, accountId, context, ...given }: AddGoldenCase): Promise<CommandResult> {
    const { state } = await this.transactor.load(goldenStream, goldenId);
    const { verdict, clause, categories, queue } = given;
    const by = context.actor.id;
    const answer = { goldenId, verdict, ...(clause !== undefined && { clause }), by };
    // The account is found once nothing else is wrong.
    const nobody = { accountId: goldenId, accountStatus: 'unknown' as const };
    const isNew = addGoldenCase(state, { ...answer, ...nobody, categories }).length > 0;
    if (isNew) await this.refuseUnfit(goldenId, clause, queue);
    const account = isNew ? await this.accounts.for(goldenId, accountId) : nobody;
    const data = {
      ...answer,
      ...account,
      categories: [...new Set(categories)].sort(),
      ...(queue !== undefined && { queue }),
      ...detailsOf(given),
    };
    return commandResult(
      await this.transactor.transact(goldenStream, goldenId, context, (now) => addGoldenCase(now, data)),
    );
  }

  /** @throws NotFound queue-unknown; Refusal clause-unknown, image-in-use; ContentError */
  private async refuseUnfit(imageId: string, clause?: string, queue?: string): Promise<void> {
    const [{ state: rules }, { state: policies }] = await Promise.all([
      this.transactor.load(reviewSettingsStream, undefined),
      this.transactor.load(policyStream, undefined),
    ]);
    if (queue !== undefined) queueOf(rules, queue);
    refuseUnknownClause(clause, { clauses: new Set(clausesAt(policies, this.clock.now()).map(({ id }) => id)) });
    if (await this.images.isInUse(imageId))
      throw new Refusal(
        'image-in-use',
        `image ${imageId} was reported or flagged: give the image service a copy of the picture under an id of its own, and add that`,
      );
    await this.refuseUnserved(imageId);
  }

  /** @throws ContentError */
  private async refuseUnserved(imageId: string): Promise<void> {
    try {
      // Not the preview, which would be kept, so that the first reviewer got it sooner.
      await this.pictures.at(imageId, 'blurred');
    } catch (error) {
      if (!(error instanceof ContentError) || error.problem !== 'image-content-unknown') throw error;
      throw new ContentError(
        error.problem,
        `the image service has no image ${imageId}: give the image service this picture first`,
      );
    }
  }
}

type Details = Pick<AddGoldenCase, 'confidence' | 'photorealistic' | 'faces' | 'promptCategory' | 'prompt' | 'note'>;

/** What is given. */
const detailsOf = ({ confidence, photorealistic, faces, promptCategory, prompt, note }: Details) => ({
  ...(confidence !== undefined && { confidence }),
  ...(photorealistic !== undefined && { photorealistic }),
  ...(faces !== undefined && { faces }),
  ...(promptCategory !== undefined && { promptCategory }),
  ...(prompt !== undefined && { prompt }),
  ...(note !== undefined && { note }),
});

export class RetireGoldenCase extends EditCommand {
  declare readonly goldenId: string;
  declare readonly reason: string;
}

export const RetireGoldenCaseHandler = editHandler(
  RetireGoldenCase,
  goldenStream,
  { what: ({ goldenId }) => `golden case ${goldenId}`, id: ({ goldenId }) => goldenId },
  (state, { goldenId, reason }) => retireGoldenCase(state, { goldenId, reason }),
);

export class RetireGoldenCaseQuery {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@Controller('v1/golden-cases')
export class GoldenCasesController extends CommandRoute {
  @Post()
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Adds an image whose right verdict is known, to be mixed into the cases of reviewers', {
    description:
      'Its case is opened once, some time after another case (PUT /v1/review-sampling says for how many of them), and waits like others. To reviewers it looks like any other; its verdicts have no consequence, and GET /v1/metrics/reviewers counts the right ones. A repeat with the same answer changes nothing.',
    example: {
      imageId: 'img-77',
      verdict: 'unsafe',
      clause: 'violent',
      categories: ['violent'],
      prompt: 'a battle',
      note: 'from the training set',
    },
    answer: receipt('It is added.'),
    refusals: {
      ...CONTENT_PROBLEMS,
      404: ['queue-unknown', ...CONTENT_PROBLEMS[404]!],
      409: ['golden-case-exists', 'image-in-use', 'account-in-use', 'clause-unknown', ...CONTENT_PROBLEMS[409]!],
      503: ['not-caught-up', ...CONTENT_PROBLEMS[503]!],
    },
  })
  addGoldenCase(@Body() golden: AddGoldenCase, @Context() context: Context) {
    return this.receipt(golden.with({ context }));
  }

  @Delete(':id')
  @Edits('/v1/golden-cases/:id')
  @Roles(...LEADS)
  @Operation('Retires a golden case: nobody gets it any more, and its answers no longer count', {
    description:
      'If its case is open, it is closed as if a lead had dismissed it, or once the reviewer who has it gives it back. A repeat changes nothing.',
    fields: { id: GOLDEN_ID },
    answer: receipt('It is retired.'),
    refusals: { 404: ['golden-case-unknown'] },
  })
  retireGoldenCase(
    @Param() { id }: IdParam,
    @Query() { reason }: RetireGoldenCaseQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new RetireGoldenCase().with({ context, ifMatch, goldenId: id, reason }));
  }
}

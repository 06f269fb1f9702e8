import { Controller, Get, Inject, Optional, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, flag, instant, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { toIso } from '../../kernel/clock.js';
import type { Actor, Position } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import type { Pool } from '../../platform/database/database.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { WITHHOLDING_CAUSES } from '../events.js';
import { causeOf, isWithheld, type Withholding, withholdingStream } from '../image-withholding.js';
import { imagesView } from '../views/images.js';

export const ImageAnswer = closed({
  imageId: text('The image.'),
  accountId: text('The account it was generated for.'),
  generatedAt: instant('When it was generated.'),
  photorealistic: orNull(flag('Whether it could be mistaken for a photograph.')),
  faces: orNull(flag('Whether it shows faces of people.')),
  promptCategory: orNull(text('The category of its prompt.')),
  withheld: flag('Whether nobody may share, download or flag it.'),
  withheldBecause: orNull(
    oneOf(
      WITHHOLDING_CAUSES,
      'What its case found: a violation, or a problem of the model. Null if it is not withheld, or if an event of it can’t be read.',
    ),
  ),
});
export type ImageAnswer = Static<typeof ImageAnswer>;

const ShownImage = closed({
  ...ImageAnswer.properties,
  etag: text(
    'Also the header `ETag`. Send it as `If-Match` to restore the image only if it is still withheld as shown here.',
  ),
  position: Type.Optional(position('It includes every event up to here.')),
});
type ShownImage = Static<typeof ShownImage>;

const example: ShownImage = {
  imageId: 'img-1',
  accountId: 'acc-1',
  generatedAt: '2022-05-19T10:00:00.000Z',
  photorealistic: true,
  faces: false,
  promptCategory: null,
  withheld: false,
  withheldBecause: null,
  etag: '"9c1f03ab55d2-1042"',
  position: '1050',
};

/** With the position of what withheld it, as if it were in its own stream; 0 for none. */
export type UnreportedImage = ImageAnswer & { changedAt: Position };

/** Images that no other system has reported, and that some readers know all the same. The review context has them. */
export interface UnreportedImages {
  find(imageId: string, reader: Actor): Promise<UnreportedImage | undefined>;
}

/** Nest injection token of UnreportedImages. */
export const UNREPORTED_IMAGES = Symbol('UnreportedImages');

export class ShowImage extends IdQuery<ShownImage> {
  declare readonly reader: Actor;
}

@QueryHandler(ShowImage)
export class ShowImageHandler implements IQueryHandler<ShowImage> {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Optional() @Inject(UNREPORTED_IMAGES) private readonly others?: UnreportedImages,
  ) {}

  async execute({ id: imageId, reader }: ShowImage): Promise<ShownImage> {
    const [{ rows }, { state, changedAt }] = await Promise.all([
      this.row(imageId),
      this.transactor.load(withholdingStream, imageId),
    ]);
    const tagOf = (position: Position) => entityTagOf(position, this.epoch.current);
    if (rows[0]) return { ...toAnswer(rows[0], state), etag: tagOf(changedAt) };
    const other = await this.others?.find(imageId, reader);
    if (other) {
      const { changedAt: shownAt, ...image } = other;
      return { ...image, etag: tagOf(shownAt) };
    }
    throw new NotFound('image-unknown', `no image ${imageId} is known; check the id, or send its ImageGenerated`);
  }

  private row(imageId: string) {
    return queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(imagesView)} WHERE image_id = $1`,
      values: [imageId],
    });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const toAnswer = (row: any, withholding: Withholding): ImageAnswer => ({
  imageId: row.image_id,
  accountId: row.account_id,
  generatedAt: toIso(row.generated_at),
  photorealistic: row.photorealistic,
  faces: row.faces,
  promptCategory: row.prompt_category,
  withheld: isWithheld(withholding),
  withheldBecause: causeOf(withholding) ?? null,
});

@Controller('v1/images')
export class ShowImageController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromViews(imagesView)
  @AsOf({ notFor: ['reviewer'] })
  @Roles('lead', 'operator', 'reviewer', 'compliance', 'administrator')
  @Operation('The account of an image and what is known about it; never its prompt', {
    fields: { id: 'The image.' },
    answer: answer('Image', 'The image.', ShownImage, example),
    refusals: { 404: ['image-unknown'] },
  })
  showImage(@Param() query: ShowImage, @Context() { actor: reader }: Context): Promise<ShownImage> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}

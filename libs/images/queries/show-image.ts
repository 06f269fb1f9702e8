import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { Static } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { closed, flag, instant, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { toIso } from '../../kernel/clock.js';
import { NotFound } from '../../kernel/errors.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { imagesView } from '../views/images.js';

export const ImageAnswer = closed({
  imageId: text('The image.'),
  accountId: text('The account it was generated for.'),
  generatedAt: instant('When it was generated.'),
  photorealistic: orNull(flag('Whether it could be mistaken for a photograph.')),
  faces: orNull(flag('Whether it shows faces of people.')),
  promptCategory: orNull(text('The category of its prompt.')),
});
export type ImageAnswer = Static<typeof ImageAnswer>;

const example: ImageAnswer = {
  imageId: 'img-1',
  accountId: 'acc-1',
  generatedAt: '2022-05-19T10:00:00.000Z',
  photorealistic: true,
  faces: false,
  promptCategory: null,
};

export class ShowImage extends IdQuery<ImageAnswer> {}

@QueryHandler(ShowImage)
export class ShowImageHandler implements IQueryHandler<ShowImage> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ id: imageId }: ShowImage): Promise<ImageAnswer> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(imagesView)} WHERE image_id = $1`,
      values: [imageId],
    });
    if (rows[0]) return toAnswer(rows[0]);
    throw new NotFound('image-unknown', `no image ${imageId} is known; check the id, or send its ImageGenerated`);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const toAnswer = (row: any): ImageAnswer => ({
  imageId: row.image_id,
  accountId: row.account_id,
  generatedAt: toIso(row.generated_at),
  photorealistic: row.photorealistic,
  faces: row.faces,
  promptCategory: row.prompt_category,
});

@Controller('v1/images')
export class ShowImageController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @Roles('operator', 'reviewer', 'compliance', 'administrator')
  @Operation('The account of an image and what is known about it; never its prompt', {
    fields: { id: 'The image.' },
    answer: answer('Image', 'The image.', ImageAnswer, example),
    refusals: { 404: ['image-unknown'] },
  })
  showImage(@Param() query: ShowImage): Promise<ImageAnswer> {
    return this.queries.execute(query);
  }
}

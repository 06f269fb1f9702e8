import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { NotFound } from '../../kernel/errors.js';
import { type ImageAnswer, Images } from '../queries/image-facts.js';

export class ShowImage extends Query<ImageAnswer> {
  constructor(readonly imageId: string) {
    super();
  }
}

@QueryHandler(ShowImage)
export class ShowImageHandler implements IQueryHandler<ShowImage> {
  constructor(@Inject(Images) private readonly images: Images) {}

  async execute({ imageId }: ShowImage): Promise<ImageAnswer> {
    const image = await this.images.find(imageId);
    if (!image) {
      throw new NotFound('image-unknown', `no image ${imageId} is known; check the id, or send its ImageGenerated`);
    }
    return image;
  }
}

@Controller('v1/images')
export class ShowImageController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** Whose an image is and what is known of it; never its prompt. */
  @Get(':id')
  @Roles('operator', 'reviewer', 'compliance', 'administrator')
  show(@Param() { id }: IdParam): Promise<ImageAnswer> {
    return this.queries.execute(new ShowImage(id));
  }
}

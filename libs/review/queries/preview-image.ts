import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CONTENT_PROBLEMS, MAX_PREVIEW_BYTES, type Picture, Pictures } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { CLOCK } from '../../platform/ports.js';
import { refuseUnknown } from '../refusals.js';
import { refuseSevere } from '../reveal.js';
import { CurrentCases } from './current-cases.js';
import { PICTURE, sendPicture } from './picture-answer.js';
import { REVIEWERS } from './reviewing-roles.js';
import { SevereViewing } from './severe-viewing.js';

export class PreviewImage extends IdQuery<Picture> {
  declare readonly reader: Actor;
}

/** Shows images with a case only, so that nobody looks through all others. */
@QueryHandler(PreviewImage)
export class PreviewImageHandler implements IQueryHandler<PreviewImage> {
  constructor(
    @Inject(CurrentCases) private readonly current: CurrentCases,
    @Inject(SevereViewing) private readonly viewing: SevereViewing,
    @Inject(Pictures) private readonly pictures: Pictures,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ id, reader }: PreviewImage): Promise<Picture> {
    const [{ state }, severities, isSevereViewer] = await Promise.all([
      this.current.find(id, reader.id),
      this.viewing.severities(),
      this.viewing.isViewer(reader),
    ]);
    refuseUnknown(state, id);
    const { id: reviewer, role } = reader;
    const look = { caseId: id, reviewer, ...(role && { role }), isSevereViewer, now: this.clock.now() };
    refuseSevere(state, look, { severities });
    return this.pictures.preview(id);
  }
}

@Controller('v1/images')
export class PreviewImageController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id/preview')
  @Roles(...REVIEWERS)
  @Operation('A small grey and blurred picture of an image that has a case', {
    description: `At most ${MAX_PREVIEW_BYTES.toLocaleString('en-US')} bytes, as WebP. Nothing can be recognized in it but shapes, so a look at it is not recorded.`,
    fields: { id: 'The image.' },
    answer: { description: 'The picture.', content: PICTURE },
    refusals: {
      ...CONTENT_PROBLEMS,
      404: ['case-unknown', ...CONTENT_PROBLEMS[404]!],
      409: ['severe-content', ...CONTENT_PROBLEMS[409]!],
      503: ['not-caught-up', ...CONTENT_PROBLEMS[503]!],
    },
  })
  async previewImage(
    @Param() query: PreviewImage,
    @Context() { actor: reader }: Context,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendPicture(reply, await this.queries.execute(Object.assign(query, { reader })));
  }
}

import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { AuditTrail } from '../../audit/index.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { isKnownToClient } from '../../http/if-none-match.js';
import { Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CONTENT_PROBLEMS, MAX_PREVIEW_BYTES, type Picture, Pictures } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import { CLOCK } from '../../platform/ports.js';
import { refuseUnknown } from '../refusals.js';
import { refuseSevere, severeClauseOf } from '../reveal.js';
import { CurrentCases } from './current-cases.js';
import { PICTURE, sendPicture } from './picture-answer.js';
import { REVIEWERS } from './reviewing-roles.js';
import { SevereViewing } from './severe-viewing.js';

/** How long a browser shows a preview again without asking. */
const FRESH_S = 300;

export interface Preview {
  etag: string;
  /** Absent if the caller has it already: then nothing is shown or recorded. */
  shown?: { picture: Picture; position: Position };
}

export class PreviewImage extends IdQuery<Preview> {
  declare readonly context: CommandContext;
  /** The header If-None-Match. */
  declare readonly known: string | undefined;
}

/** Shows images with a case only, so that nobody looks through all others. */
@QueryHandler(PreviewImage)
export class PreviewImageHandler implements IQueryHandler<PreviewImage> {
  constructor(
    @Inject(CurrentCases) private readonly current: CurrentCases,
    @Inject(SevereViewing) private readonly viewing: SevereViewing,
    @Inject(Pictures) private readonly pictures: Pictures,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What can't be recorded is not shown. */
  async execute({ id, context, known }: PreviewImage): Promise<Preview> {
    const { actor: reader } = context;
    const [{ state }, severities, isSevereViewer] = await Promise.all([
      this.current.find(id, reader.id),
      this.viewing.severities(),
      this.viewing.isViewer(reader),
    ]);
    refuseUnknown(state, id);
    const { id: reviewer, role } = reader;
    const now = this.clock.now();
    refuseSevere(state, { caseId: id, reviewer, ...(role && { role }), isSevereViewer, now }, { severities });
    const picture = await this.pictures.preview(id);
    const etag = tagOf(picture, reviewer);
    if (isKnownToClient(known, etag)) return { etag };
    const severeClause = severeClauseOf(state, { severities }, reader, now);
    const data = { caseId: id, level: 'preview' as const, ...(severeClause !== undefined && { severeClause }) };
    const position = await this.audit.record({ type: 'ContentViewed', data }, context);
    return { etag, shown: { picture, position } };
  }
}

/** Another for each reader: who knows the tag of a colleague has not seen the picture themselves. */
const tagOf = ({ bytes }: Picture, reader: string): string =>
  `"${createHash('sha256').update(`${reader}\n`).update(bytes).digest('base64url')}"`;

@Controller('v1/images')
export class PreviewImageController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id/preview')
  @Roles(...REVIEWERS)
  @Operation('A small grey and blurred picture of an image that has a case', {
    description: `At most ${MAX_PREVIEW_BYTES.toLocaleString('en-US')} bytes, as WebP. Nothing can be recognized in it but shapes. It is recorded in the log who gets it, before that, at the position in the header Gatehouse-Position; it does not count as a revealed image. With \`If-None-Match\`, a client that has it gets 304, which is not recorded.`,
    fields: { id: 'The image.' },
    headers: {
      'If-None-Match': { schema: Type.String(), description: 'The `ETag` of a preview that the client has.' },
    },
    answer: { description: 'The picture.', content: PICTURE },
    otherAnswers: { 304: { description: 'The client has it.', content: {} } },
    refusals: {
      ...CONTENT_PROBLEMS,
      404: ['case-unknown', ...CONTENT_PROBLEMS[404]!],
      409: ['severe-content', ...CONTENT_PROBLEMS[409]!],
      503: ['not-caught-up', ...CONTENT_PROBLEMS[503]!],
    },
  })
  async previewImage(
    @Param() query: PreviewImage,
    @Context() context: Context,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const known = request.headers['if-none-match'];
    const { etag, shown } = await this.queries.execute(Object.assign(query, { context, known }));
    // A browser keeps it for the person who asked, so that a list that is drawn again asks for nothing.
    reply.headers({ etag, 'cache-control': `private, max-age=${FRESH_S}`, vary: 'authorization, cookie' });
    if (shown) sendPicture(reply.header('gatehouse-position', String(shown.position)), shown.picture);
    else reply.status(304).send();
  }
}

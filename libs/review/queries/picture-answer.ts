import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Answer } from '../../http/openapi/operation.js';
import { PICTURE_TYPES, type Picture } from '../../images/index.js';

/** A picture in the documents, by media type. */
export const PICTURE: Answer<void>['content'] = Object.fromEntries(
  PICTURE_TYPES.map((mediaType) => [
    mediaType,
    { schema: Type.String({ contentMediaType: mediaType, description: 'The picture.' }) },
  ]),
);

/** Every response says that it must not be stored and that its type must not be guessed. */
export function sendPicture(reply: FastifyReply, { mediaType, bytes }: Picture): void {
  reply.type(mediaType).header('content-disposition', 'inline').send(bytes);
}

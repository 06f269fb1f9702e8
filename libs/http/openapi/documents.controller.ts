import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Public } from '../credentials/route-access.js';
import { isKnownToClient } from '../if-none-match.js';
import { preferredEncoding } from '../preferred.js';
import { type ApiDocument, ApiDocuments } from './api-documents.js';
import { type Answer, Operation, plain } from './operation.js';

const document = (description: string): Answer => ({
  description,
  content: { 'application/json': { name: 'Document', schema: Type.Record(Type.String(), Type.Unknown()) } },
});

@Controller()
@Public()
export class DocumentsController {
  constructor(@Inject(ApiDocuments) private readonly documents: ApiDocuments) {}

  @Get('openapi.json')
  @Operation('This document', { answer: document('OpenAPI 3.1.') })
  async openapi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    send((await this.documents.all()).openApi, request, reply);
  }

  @Get('asyncapi.json')
  @Operation('The events that Gatehouse receives and publishes', { answer: document('AsyncAPI 3.0.') })
  async asyncapi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    send((await this.documents.all()).asyncApi, request, reply);
  }

  /** Static HTML, which allows the strictest content security policy. */
  @Get('docs')
  @Operation('Both documents as a page to read', {
    answer: plain('text/html', 'The page; it loads no script and nothing from other hosts.', Type.String()),
  })
  async docs(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    send((await this.documents.all()).page, request, reply);
  }
}

/** Clients may keep a document, but ask each time whether it is still the same. */
function send({ forms, headers }: ApiDocument, request: FastifyRequest, reply: FastifyReply): void {
  const encoding = preferredEncoding(request.headers['accept-encoding']);
  const { bytes, etag } = forms[encoding];
  reply.headers({ ...headers, etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (isKnownToClient(request.headers['if-none-match'], etag)) {
    reply.status(304).send();
    return;
  }
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  reply.send(bytes);
}

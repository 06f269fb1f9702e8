import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '../../../libs/http/credentials/route-access.js';
import { ApiDocuments } from './api-documents.js';

@Controller()
@Public()
export class DocumentsController {
  constructor(@Inject(ApiDocuments) private readonly documents: ApiDocuments) {}

  @Get('openapi.json')
  openApi(): object {
    return this.documents.openApi;
  }

  @Get('asyncapi.json')
  asyncApi(): object {
    return this.documents.asyncApi;
  }

  /** Both as a page to read: static HTML, so that the strictest policy suits it. */
  @Get('docs')
  docs(@Res() reply: FastifyReply): void {
    const { html, contentSecurityPolicy } = this.documents.page;
    reply.header('content-security-policy', contentSecurityPolicy).type('text/html; charset=utf-8').send(html);
  }
}

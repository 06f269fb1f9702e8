import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import { DeclaredRoutes } from '../credentials/declared-routes.js';
import { API_DESCRIPTION, type ApiDescription } from './api-description.js';
import { asyncApiDocument } from './async-api.js';
import { openApiDocument } from './open-api.js';
import { referencePage } from './reference-page.js';

/** A document as it is sent. */
export interface ApiDocument {
  bytes: Buffer;
  /** A strong one, RFC 9110, section 8.8.3. */
  etag: string;
  headers: Record<string, string>;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** The documents of this application, generated once, at the first request. */
@Injectable()
export class ApiDocuments {
  private generated: Record<'openApi' | 'asyncApi' | 'page', ApiDocument> | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(API_DESCRIPTION) private readonly description: ApiDescription,
    @Inject(DeclaredRoutes) private readonly routes: DeclaredRoutes,
  ) {}

  get all() {
    this.generated ??= this.generate();
    return this.generated;
  }

  private generate() {
    const openApi = openApiDocument(this.routes.all(), this.description);
    const asyncApi = asyncApiDocument(this.description, this.settings);
    const { html, contentSecurityPolicy } = referencePage(openApi, asyncApi);
    return {
      openApi: asSent(JSON.stringify(openApi), { 'content-type': JSON_TYPE }),
      asyncApi: asSent(JSON.stringify(asyncApi), { 'content-type': JSON_TYPE }),
      page: asSent(html, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentSecurityPolicy,
      }),
    };
  }
}

function asSent(text: string, headers: Record<string, string>): ApiDocument {
  const bytes = Buffer.from(text);
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`, headers };
}

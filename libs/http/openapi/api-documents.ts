import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import { compressed } from '../compression.js';
import { DeclaredRoutes } from '../credentials/declared-routes.js';
import type { Encoding } from '../preferred.js';
import { API_DESCRIPTION, type ApiDescription } from './api-description.js';
import { asyncApiDocument } from './async-api.js';
import { openApiDocument } from './open-api.js';
import { referencePage } from './reference-page.js';

/** A document in each encoding. */
export interface ApiDocument {
  forms: Record<Encoding, Form>;
  headers: Record<string, string>;
}

/** As it is sent. */
interface Form {
  bytes: Buffer;
  /** A strong one, RFC 9110, section 8.8.3, so each encoding has its own. */
  etag: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** The documents of this application, generated once, when they are first asked for. */
@Injectable()
export class ApiDocuments {
  private generated: Promise<Record<'openApi' | 'asyncApi' | 'page', ApiDocument>> | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(API_DESCRIPTION) private readonly description: ApiDescription,
    @Inject(DeclaredRoutes) private readonly routes: DeclaredRoutes,
  ) {}

  all() {
    this.generated ??= this.generate();
    return this.generated;
  }

  private async generate() {
    const openApi = openApiDocument(this.routes.all(), this.description);
    const asyncApi = asyncApiDocument(this.description, this.settings);
    const { html, contentSecurityPolicy } = referencePage(openApi, asyncApi);
    return {
      openApi: await asSent(JSON.stringify(openApi), { 'content-type': JSON_TYPE }),
      asyncApi: await asSent(JSON.stringify(asyncApi), { 'content-type': JSON_TYPE }),
      page: await asSent(html, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentSecurityPolicy,
      }),
    };
  }
}

async function asSent(text: string, headers: Record<string, string>): Promise<ApiDocument> {
  const identity = Buffer.from(text);
  const [br, gzip] = await Promise.all([
    compressed(identity, 'br', { isThorough: true }),
    compressed(identity, 'gzip', { isThorough: true }),
  ]);
  const hash = createHash('sha256').update(identity).digest('base64url');
  return {
    forms: {
      identity: { bytes: identity, etag: `"${hash}"` },
      br: { bytes: br, etag: `"${hash}-br"` },
      gzip: { bytes: gzip, etag: `"${hash}-gzip"` },
    },
    headers,
  };
}

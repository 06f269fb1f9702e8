import { type INestApplication, Inject, Injectable } from '@nestjs/common';
import type { Settings } from '../../../libs/platform/configuration/settings.js';
import { SETTINGS } from '../../../libs/platform/ports.js';
import { version } from '../../composition/version.js';
import { asyncApiDocument } from './async-api.js';
import { openApiDocument } from './open-api.js';
import { incoming, outgoing } from './operations/events.js';
import { type Page, referencePage } from './reference-page.js';

/** The documents of this application, made when somebody first asks for them. */
@Injectable()
export class ApiDocuments {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  private app: INestApplication | undefined;
  private made: { openApi: object; asyncApi: object; page: Page } | undefined;

  /** To be called once the application is created; its routes are read later. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  get openApi(): object {
    return this.documents.openApi;
  }

  get asyncApi(): object {
    return this.documents.asyncApi;
  }

  get page(): Page {
    return this.documents.page;
  }

  private get documents() {
    if (this.made) return this.made;
    if (!this.app) throw new Error('ApiDocuments.describe was not called: the application is not known');
    const openApi = openApiDocument(this.app, version);
    const asyncApi = asyncApiDocument(version, incoming, outgoing, this.settings);
    this.made = { openApi, asyncApi, page: referencePage(openApi, asyncApi) };
    return this.made;
  }
}

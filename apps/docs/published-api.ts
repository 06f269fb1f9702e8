import { readFileSync } from 'node:fs';
import { routesOf } from '../../libs/http/credentials/declared-routes.js';
import { openApiDocument } from '../../libs/http/openapi/open-api.js';
import { catalogue } from '../composition/catalogue.js';
import { apiDescription } from '../gateway/api-description.js';
import { breakingChanges } from './breaking-changes.js';

/** The document that clients of /v1 were last promised. */
export const PUBLISHED_API = 'docs/api/openapi.v1.json';
const CHANGELOG = 'CHANGELOG.md';

/** The OpenAPI document of the code. */
export function currentApi() {
  const description = apiDescription(catalogue);
  const controllers = new Set(description.groups.flatMap((group) => group.controllers));
  return openApiDocument(routesOf([...controllers]), description);
}

/** The changes that break a promise of docs/api/promise.md, and that the changelog does not name. */
export function brokenPromises(): string[] {
  const published = JSON.parse(readFileSync(PUBLISHED_API, 'utf8'));
  const changelog = readFileSync(CHANGELOG, 'utf8');
  return breakingChanges(published, currentApi()).filter((change) => !changelog.includes(change));
}

export const REMEDY = `The API would break clients of /v1 (docs/api/promise.md). Keep what they use, or name each change in ${CHANGELOG}, word for word, then run npm run docs:`;

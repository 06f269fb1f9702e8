import { settingsTable } from '../../libs/platform/configuration/settings.js';
import { catalogue } from '../composition/catalogue.js';
import { eventCatalogueText } from './event-catalogue-text.js';
import { withAlignedTables } from './markdown.js';
import { currentApi, PUBLISHED_API } from './published-api.js';

export interface GeneratedDocument {
  /** Relative to the root of the checkout. */
  path: string;
  text: string;
}

/** The documents that are generated from the code. */
export const generatedDocuments = (): GeneratedDocument[] => [
  { path: 'docs/events.md', text: eventCatalogueText(catalogue.events, catalogue.accepts) },
  { path: PUBLISHED_API, text: `${JSON.stringify(currentApi(), null, 2)}\n` },
  { path: 'docs/operations/settings.md', text: withAlignedTables(`${SETTINGS_INTRODUCTION}\n${settingsTable()}\n`) },
];

const SETTINGS_INTRODUCTION = `# Settings

<!-- Generated from libs/platform/configuration/settings.ts by npm run docs; change that file. -->

Settings are environment variables. A process reads and validates them once, at its start, and names every wrong one at
once. An empty value counts as unset. A variable that starts with \`GATEHOUSE_\` and is not a setting is an error.
`;

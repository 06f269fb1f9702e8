import { apiUrl, day, integer, list, text } from './setting-kinds.js';

const COUNTRY = /^(?:AT|BE|BG|CY|CZ|DE|DK|EE|ES|FI|FR|GR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK)$/;

/** The settings of reports to authorities. */
export const regulationSettings = {
  dsaUrl: apiUrl().means(
    'Root of the API of the Commission’s database of statements of reasons, like https://transparency.dsa.ec.europa.eu/api/v1; if unset, no statements are made or sent',
  ),
  dsaTokenFile: text().means(
    'File with the platform’s token for it; read for each call, since a new token ends the old one',
  ),
  dsaSince: day().means('The first day whose decisions are sent to it, also if that is long over'),
  dsaScope: list(COUNTRY, 'codes of countries of the European Economic Area like DE').means(
    'The countries of the statements; all of them if unset',
  ),
  dsaTimeoutMs: integer(30_000, 100, 300_000).means('Maximum time of a call to that database, in ms'),
};

import type { PersonExport } from '../features/export-person.js';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{font-size:1rem;margin:1.5rem 0 .25rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}
dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}`;

/** What is stored of a person, for the person to read: one file without anything from elsewhere. */
export function personPage(person: string, events: PersonExport['events']): string {
  const sections = events.map(({ type, time, by, data }) => {
    const rows = Object.entries({ ...data, by }).map(
      ([name, value]) =>
        `<dt>${escaped(name)}</dt><dd>${escaped(typeof value === 'string' ? value : JSON.stringify(value))}</dd>`,
    );
    return `<section><h2>${escaped(time)} ${escaped(type)}</h2><dl>${rows.join('')}</dl></section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What is stored of ${escaped(person)}</title><style>${STYLE}</style></head>
<body><h1>What is stored of ${escaped(person)}</h1>
<p>${events.length} events, the oldest first. What others wrote and who they are is withheld; what was erased can’t be read by anybody.</p>
${sections.join('\n')}
</body></html>
`;
}

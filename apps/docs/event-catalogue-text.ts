import type { EventDefinition } from '../../libs/events/event-definition.js';
import type { JsonSchema } from '../gateway/openapi/request-schemas.js';
import { schemaRows } from '../gateway/openapi/schema-rows.js';
import { cell, jsonBlock, withAlignedTables } from './markdown.js';

/** The event catalogue in markdown. */
export function eventCatalogueText(
  catalogue: readonly EventDefinition[],
  isTaken: (definition: EventDefinition) => boolean,
): string {
  const rows = catalogue.map((definition) => {
    const { type, contract, summary } = definition;
    const name = contract ? `**[${type}](#${type.toLowerCase()})**` : `[${type}](#${type.toLowerCase()})`;
    return `| ${name} | ${isTaken(definition) ? 'yes' : ''} | ${contract ? 'yes' : ''} | ${summary} |`;
  });
  const text = [
    '# Events',
    '',
    '<!-- Generated from the event definitions by npm run docs; change those. -->',
    '',
    INTRODUCTION,
    '',
    '| event | comes in | goes out | what happened |',
    '|---|---|---|---|',
    ...rows,
    ...catalogue.flatMap((definition) => ['', ...eventText(definition, isTaken(definition))]),
    '',
  ].join('\n');
  return withAlignedTables(text);
}

const INTRODUCTION = `Every event that the log may hold. Those in bold are the public contract: they go out on the feed and keep their names.
"Comes in" says that \`POST /v1/events\` takes the event from other systems: facts about images are recorded as they come; the
others are commands for the stream that owns them, so that its rules hold. Events travel as CloudEvents 1.0;
\`/asyncapi.json\` of a running backend has the whole messages, this file their \`data\`. Fields marked _sealed_ are personal:
they are encrypted under a key of their person before they are stored, and never go out.`;

function eventText(definition: EventDefinition, taken: boolean): string[] {
  const { type, version, summary, schema, example, contract, fact, personal } = definition;
  const ways = [taken ? 'comes in' : '', contract ? 'goes out' : ''].filter(Boolean).join(', ') || 'inside only';
  const about = fact ? ` Its subject is \`${fact.category}-{${fact.id}}\`.` : '';
  const fields = schemaRows(schema as unknown as JsonSchema, () => ({})).map(
    ({ path, type: value, required, description }) => {
      const sealed = personal?.fields.includes(path) ? ` _sealed_ for \`${personal.person}\`` : '';
      return `| \`${path}\` | ${cell(value)}${required ? '' : ', optional'}${sealed} | ${cell(description)} |`;
    },
  );
  return [
    `## ${type}`,
    '',
    `Version ${version}; ${ways}. ${summary}${about}`,
    '',
    ...(fields.length > 0 ? ['| field | value | what it is |', '|---|---|---|', ...fields, ''] : []),
    jsonBlock(example),
  ];
}

import { type EventDefinition, isPublished } from '../../libs/events/event-definition.js';
import type { JsonSchema } from '../../libs/http/openapi/request-schemas.js';
import { schemaRows } from '../../libs/http/openapi/schema-rows.js';
import { cell, jsonBlock, withAlignedTables } from './markdown.js';

/** The event catalogue as markdown. */
export function eventCatalogueText(
  catalogue: readonly EventDefinition[],
  isTaken: (definition: EventDefinition) => boolean,
): string {
  const rows = catalogue.map((definition) => {
    const { type, contract, summary } = definition;
    const name = contract ? `**[${type}](#${type.toLowerCase()})**` : `[${type}](#${type.toLowerCase()})`;
    return `| ${name} | ${isTaken(definition) ? 'yes' : ''} | ${isPublished(definition) ? 'yes' : ''} | ${summary} |`;
  });
  const text = [
    '# Events',
    '',
    '<!-- Generated from the event definitions by npm run docs; change those. -->',
    '',
    INTRODUCTION,
    '',
    '| event | accepted | published | meaning |',
    '|---|---|---|---|',
    ...rows,
    ...catalogue.flatMap((definition) => ['', ...eventText(definition, isTaken(definition))]),
    '',
  ].join('\n');
  return withAlignedTables(text);
}

const INTRODUCTION = `Every event type that the log may contain. The types in bold are the public contract and keep their names. They are
published on the feed and the Kafka topic, together with the events that reverse or limit one of their decisions, so that a
service with a copy of these decisions can follow. "Accepted" means that other systems may report the event to \`POST /v1/events\`. A reported fact about an
image is recorded as it is. Any other reported event is a command for the stream that owns it, and that stream's rules apply.

Events are CloudEvents 1.0. \`/asyncapi.json\` of a running backend describes the whole messages, this file their \`data\`.
Fields marked _encrypted_ are personal: they are encrypted with the person's key before they are stored, and never published.`;

function eventText(definition: EventDefinition, accepted: boolean): string[] {
  const { type, version, summary, schema, example, fact, personal } = definition;
  const ways =
    [accepted ? 'accepted' : '', isPublished(definition) ? 'published' : ''].filter(Boolean).join(', ') || 'internal';
  const about = fact ? ` Its subject is \`${fact.category}-{${fact.id}}\`.` : '';
  const fields = schemaRows(schema as unknown as JsonSchema, () => ({})).map(
    ({ path, type: value, required, description }) => {
      const encrypted = personal?.fields.includes(path) ? ` _encrypted_ for \`${personal.person}\`` : '';
      return `| \`${path}\` | ${cell(value)}${required ? '' : ', optional'}${encrypted} | ${cell(description)} |`;
    },
  );
  return [
    `## ${type}`,
    '',
    `Version ${version}; ${ways}. ${summary}${about}`,
    '',
    ...(fields.length > 0 ? ['| field | value | meaning |', '|---|---|---|', ...fields, ''] : []),
    jsonBlock(example),
  ];
}

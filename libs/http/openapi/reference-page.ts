import { createHash } from 'node:crypto';
import { htmlText } from '../../kernel/html-text.js';
import { referenceStyle } from './reference-style.js';
import type { JsonSchema } from './request-schemas.js';
import { schemaRows, typeText } from './schema-rows.js';

export interface Page {
  html: string;
  /** Allows the page's own style sheet and nothing else. */
  contentSecurityPolicy: string;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON documents whose form their validators check
type Json = Record<string, any>;

/** Both documents as one static page without a script. */
export function referencePage(openApi: Json, asyncApi: Json): Page {
  const groups = groupsOf(openApi);
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${htmlText(openApi.info.title)} API ${htmlText(openApi.info.version)}</title><style>${referenceStyle}</style></head>
<body>${navigation(openApi, asyncApi, groups)}<main>
<header><h2>API reference</h2>${paragraphs(openApi.info.description)}
<p>Machines read <a href="openapi.json">openapi.json</a> (OpenAPI ${htmlText(openApi.openapi)}) and
<a href="asyncapi.json">asyncapi.json</a> (AsyncAPI ${htmlText(asyncApi.asyncapi)}).</p></header>
${groups.map((group) => groupSection(group, openApi)).join('\n')}
${eventSection(asyncApi)}
</main></body></html>`;
  const hash = createHash('sha256').update(referenceStyle).digest('base64');
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

type Group = ReturnType<typeof groupsOf>[number];

function groupsOf({ tags, paths }: Json) {
  const all = Object.entries<Json>(paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([verb, operation]) => ({ verb, path, operation })),
  );
  return (tags as { name: string; description: string }[]).map(({ name, description }) => ({
    name,
    description,
    operations: all.filter(({ operation }) => operation.tags[0] === name),
  }));
}

function navigation({ info }: Json, { components }: Json, groups: readonly Group[]): string {
  const operations = groups.map(
    ({ name, operations }) =>
      `<h2>${htmlText(name)}</h2><ul>${operations
        .map(
          ({ verb, path, operation }) =>
            `<li><a href="#${operation.operationId}"><span class="verb ${verb}">${verb.toUpperCase()}</span><span>${breakable(path)}</span></a></li>`,
        )
        .join('')}</ul>`,
  );
  const events = typesOf(components.messages).map((type) => `<li><a href="#event-${type}">${type}</a></li>`);
  return `<nav aria-label="Contents"><h1>${htmlText(info.title)} <small>${htmlText(info.version)}</small></h1>
<div class="list">${operations.join('')}<h2>Event messages</h2><ul>${events.join('')}</ul></div></nav>`;
}

function groupSection({ name, description, operations }: Group, openApi: Json): string {
  const resolve = resolver(openApi);
  return `<section><h2>${htmlText(name)}</h2>${paragraphs(description)}${operations
    .map(({ verb, path, operation }) => operationArticle(verb, path, operation, resolve))
    .join('')}</section>`;
}

type Resolve = (ref: string) => JsonSchema;

function operationArticle(verb: string, path: string, operation: Json, resolve: Resolve): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const roles: string[] = operation['x-gatehouse-roles'];
  const said = description.replace(/(?:^|\n\n)(Roles: .*)$/, '');
  return `<article id="${operationId}"><h3><a href="#${operationId}"><span class="verb ${verb}">${verb.toUpperCase()}</span>
<code>${htmlText(path)}</code></a></h3><p>${inline(summary)}.</p>${paragraphs(said)}
${roles.map((role) => `<span class="role">${role}</span>`).join('')}
${parameters.length > 0 ? `<h4>Parameters</h4>${fieldTable(parameters.map((one: Json) => parameterRow(one, resolve)))}` : ''}
${requestBody ? `<h4>Body</h4>${contents(requestBody.content, resolve)}` : ''}
<h4>Answers</h4>${Object.entries<Json>(responses)
    .map(([status, response]) => answer(status, response, resolve))
    .join('')}</article>`;
}

const parameterRow = ({ name, in: location, required, description, schema }: Json, resolve: Resolve) => ({
  path: name,
  type: `${typeText(schema, resolve)} (${location})`,
  required: required === true,
  description,
});

function answer(status: string, { description, content = {} }: Json, resolve: Resolve): string {
  const line = `<code>${status}</code> ${inline(description)}`;
  const isProblem = 'application/problem+json' in content;
  return isProblem ? `<p>${line}</p>` : `<details><summary>${line}</summary>${contents(content, resolve)}</details>`;
}

const contents = (content: Json, resolve: Resolve): string =>
  Object.entries<Json>(content)
    .map(([mediaType, { schema, example }]) => {
      const rows = schemaRows(schema, resolve);
      const type = rows.length > 0 ? '' : `<p>${inline(typeOf(schema, resolve))}</p>`;
      return `<p class="dim"><code>${htmlText(mediaType)}</code></p>${type}${fieldTable(rows)}${exampleOf(example)}`;
    })
    .join('');

function typeOf(schema: JsonSchema, resolve: Resolve): string {
  const whole = typeof schema.$ref === 'string' ? resolve(schema.$ref) : schema;
  return whole.description ?? typeText(whole, resolve);
}

const exampleOf = (example: unknown): string =>
  example === undefined ? '' : `<pre>${htmlText(JSON.stringify(example, null, 2))}</pre>`;

const fieldTable = (rows: { path: string; type: string; required: boolean; description: string }[]): string =>
  rows.length === 0
    ? ''
    : `<div class="scroll"><table><thead><tr><th>field</th><th>value</th><th>what it is</th></tr></thead><tbody>${rows
        .map(
          ({ path, type, required, description }) =>
            `<tr><td><code>${htmlText(path)}</code>${required ? ' <span class="required">required</span>' : ''}</td><td>${htmlText(type)}</td><td>${inline(description)}</td></tr>`,
        )
        .join('')}</tbody></table></div>`;

function eventSection(asyncApi: Json): string {
  const { messages } = asyncApi.components;
  return `<section><h2>Event messages</h2>${paragraphs(asyncApi.info.description)}${typesOf(messages)
    .map((type) => eventArticle(type, messages[`${type}In`], messages[`${type}Out`]))
    .join('')}</section>`;
}

function eventArticle(type: string, into: Json | undefined, out: Json | undefined): string {
  const directions = [into ? 'received' : '', out ? 'published' : ''].filter(Boolean).join(', ');
  const { summary, payload, examples } = (into ?? out)!;
  const published: Json = out?.payload.properties.data.properties ?? {};
  const rows = schemaRows(payload.properties.data, () => ({})).map((row) => ({
    ...row,
    description: `${row.description}${into && out && !(row.path.split(/[.[]/)[0]! in published) ? ' Never published.' : ''}`,
  }));
  return `<article id="event-${type}"><h3><a href="#event-${type}"><code>${type}</code></a> <span class="role">${directions}</span></h3>
<p>${inline(summary)}</p>${fieldTable(rows)}<details><summary>Example</summary>${exampleOf(examples[0].payload)}</details></article>`;
}

const typesOf = (messages: Json): string[] => [
  ...new Set(Object.values<Json>(messages).map(({ name }) => name as string)),
];

const resolver =
  (document: Json): Resolve =>
  (ref) =>
    ref
      .slice(2)
      .split('/')
      .reduce((part, name) => part[name], document) as JsonSchema;

/** Allows a line break before a slash and after a hyphen. */
const breakable = (path: string): string => htmlText(path).replace(/(?<=.)\/|(?<=-)/g, '<wbr>$&');
/** Markdown's `code`, which is all the documents use. */
const inline = (text: string): string => htmlText(text).replace(/`([^`]+)`/g, '<code>$1</code>');
const paragraphs = (text: string): string =>
  text
    .split('\n\n')
    .filter(Boolean)
    .map((one) => `<p>${inline(one)}</p>`)
    .join('');

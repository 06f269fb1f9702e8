import { HTTP_CODE_METADATA } from '@nestjs/common/constants.js';
import { AS_OF_PARAMETER, asOfProblems, hasAsOf } from '../as-of.js';
import type { DeclaredRoute } from '../credentials/declared-routes.js';
import { type RouteAccess, rolesOf } from '../credentials/route-access.js';
import { editsOf } from '../if-match.js';
import { locationOf } from '../location.js';
import { hasMinPosition, MIN_POSITION_PARAMETER, positionProblems } from '../min-position.js';
import { isOptionalBody } from '../optional-body.js';
import { PROBLEM_MEDIA_TYPE } from '../problem.js';
import { problemExample, problemSchema } from './answer-schemas.js';
import type { ApiDescription, ApiGroup } from './api-description.js';
import { type Answer, type DescribedOperation, operationOf } from './operation.js';
import { portableDocument } from './portable-document.js';
import { described, type JsonSchema, type Part, RequestSchemas } from './request-schemas.js';

const SECURITY = 'bearer';
// biome-ignore lint/suspicious/noExplicitAny: a JSON document whose form its validator checks
type Json = Record<string, any>;

/**
 * The OpenAPI 3.1 document of an application: its routes and their access as the guard enforces it, requests by the rules
 * of their classes, and the rest as the handlers are documented.
 * @throws Error for a route that no group has, or that is not documented
 */
export function openApiDocument(routes: readonly DeclaredRoute[], api: ApiDescription): Json {
  const components = new Components();
  const requests = new RequestSchemas();
  const problem = components.ref('Problem', problemSchema);
  const paths: Json = {};
  const grouped = new Set<DeclaredRoute>();
  for (const { name: tag, controllers } of api.groups) {
    for (const route of controllers.flatMap((one) => routes.filter(({ controller }) => controller === one))) {
      grouped.add(route);
      const template = templateOf(route);
      const operation = documented(route, api);
      paths[template] ??= {};
      paths[template][route.method.toLowerCase()] = {
        operationId: operation.id,
        tags: [tag],
        summary: operation.summary,
        description: [operation.description, accessText(route.access)].filter(Boolean).join('\n\n'),
        'x-gatehouse-roles': rolesOf(route.access) ?? [],
        security: securityOf(route.access),
        parameters: parametersOf(route, operation, requests),
        ...bodyOf(route, operation, requests, components),
        responses: {
          ...answersOf(route, operation, components),
          ...problemsOf(route, operation, requests, problem),
        },
      };
    }
  }
  const missing = routes.filter((route) => !grouped.has(route)).map(({ handler }) => handler);
  if (missing.length > 0) throw new Error(`${missing.join(', ')}: add the controller to a group of the API`);
  const { title, version, licence, introduction } = api;
  const document = {
    openapi: '3.1.0',
    info: { title, description: introduction.openApi, version, contact: {}, license: licence },
    servers: [{ url: '/' }],
    tags: tagsOf(api.groups),
    paths,
    components: {
      securitySchemes: {
        [SECURITY]: {
          scheme: 'bearer',
          bearerFormat: 'JWT',
          type: 'http',
          description: 'A token, or a JWT of the configured issuer.',
        },
      },
      schemas: components.schemas,
    },
  };
  return portableDocument(document);
}

/** Named schemas of a document, each once. */
class Components {
  readonly schemas: Record<string, unknown> = {};

  /**
   * A reference to the schema, or the schema itself if it has no name.
   * @throws Error if another schema has the name already
   */
  ref(name: string | undefined, given: object): unknown {
    const { $id = name, ...parts } = given as { $id?: string };
    const schema = Object.fromEntries(Object.entries(parts).map(([keyword, one]) => [keyword, this.withRefs(one)]));
    if ($id === undefined) return schema;
    const known = this.schemas[$id];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two schemas are named ${$id}; give one of them another name`);
    }
    this.schemas[$id] = schema;
    return { $ref: `#/components/schemas/${$id}` };
  }

  /** With a reference in place of each schema that has a name of its own, its `$id`. */
  private withRefs(part: unknown): unknown {
    if (Array.isArray(part)) return part.map((one) => this.withRefs(one));
    return typeof part === 'object' && part !== null ? this.ref(undefined, part) : part;
  }
}

const tagsOf = (groups: readonly ApiGroup[]): Json[] => [
  ...new Map(groups.map(({ name, description }) => [name, { name, description }])).values(),
];

/** `/v1/accounts/{id}` */
const templateOf = ({ path }: Pick<DeclaredRoute, 'path'>): string => path.replace(/:(\w+)/g, '{$1}');

function documented(route: DeclaredRoute, { events }: ApiDescription): DescribedOperation {
  const operation = operationOf(handlerOf(route), events);
  if (!operation) throw new Error(`${route.handler} is not documented: add @Operation(…)`);
  return operation;
}

const handlerOf = ({ controller, handlerName }: DeclaredRoute): object => controller.prototype[handlerName];

function parametersOf(
  route: DeclaredRoute,
  { fields = {}, headers = {} }: DescribedOperation,
  requests: RequestSchemas,
): Json[] {
  const bare = ({ description: _, ...schema }: JsonSchema): JsonSchema => schema;
  const of = (part: Part): JsonSchema => requests.of(route.controller, route.handlerName, part)?.schema ?? {};
  const parameter = (location: string, name: string, schema: JsonSchema, required: boolean) => ({
    name,
    in: location,
    required,
    description: fields[name] ?? schema.description ?? '',
    schema: bare(schema),
  });
  const names = [...templateOf(route).matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const { properties = {}, required = [] } = of('query');
  return [
    ...names.map((name) => parameter('path', name, of('path').properties?.[name] ?? { type: 'string' }, true)),
    ...Object.entries(properties).map(([name, schema]) => parameter('query', name, schema, required.includes(name))),
    ...(hasAsOf(handlerOf(route)) ? [AS_OF_PARAMETER] : []),
    ...(hasMinPosition(handlerOf(route)) ? [MIN_POSITION_PARAMETER] : []),
    ...Object.entries(headers).map(([name, { schema, description }]) => ({ name, in: 'header', description, schema })),
    ...ifMatchOf(route),
  ];
}

function ifMatchOf(route: DeclaredRoute): Json[] {
  const shownAt = editsOf(handlerOf(route));
  if (shownAt === undefined) return [];
  const description = `The \`etag\` of an earlier answer of \`GET ${templateOf({ path: shownAt })}\`: changes nothing if there was another change since (412). Without it, the last change wins.`;
  return [{ name: 'If-Match', in: 'header', description, schema: { type: 'string' } }];
}

function bodyOf(
  route: DeclaredRoute,
  { fields, body, example }: DescribedOperation,
  requests: RequestSchemas,
  components: Components,
): Json {
  if (body) return { requestBody: { required: true, content: contentOf(body, components) } };
  const dto = requests.of(route.controller, route.handlerName, 'body');
  if (!dto) return {};
  const schema = components.ref(dto.name, described(dto.schema, fields));
  const required = !isOptionalBody(dto.type);
  return { requestBody: { required, content: { 'application/json': { schema, example } } } };
}

function answersOf(route: DeclaredRoute, operation: DescribedOperation, components: Components): Json {
  const status = Reflect.getMetadata(HTTP_CODE_METADATA, handlerOf(route)) ?? (route.method === 'POST' ? 201 : 200);
  const location = locationOf(handlerOf(route));
  const named = location && { Location: { schema: { type: 'string' }, description: `\`${location}\`` } };
  const tag = hasTag(operation) && { ETag: { schema: { type: 'string' }, description: 'The `etag` of the answer.' } };
  const headers = (named || tag) && { ...named, ...tag };
  return Object.fromEntries(
    Object.entries({ [status as number]: operation.answer, ...operation.otherAnswers }).map(
      ([code, { description, content }]) => [
        code,
        {
          description,
          ...(headers && Number(code) === status && { headers }),
          content: contentOf(content, components),
        },
      ],
    ),
  );
}

const hasTag = ({ answer: { content } }: DescribedOperation): boolean =>
  Object.values(content).some(({ schema }) => 'properties' in schema && 'etag' in (schema.properties as object));

const contentOf = (content: Answer['content'], components: Components): Json =>
  Object.fromEntries(
    Object.entries(content).map(([mediaType, { name, schema, example }]) => [
      mediaType,
      { schema: components.ref(name, schema), ...(example === undefined ? {} : { example }) },
    ]),
  );

/** The problems that a route may return; `default` covers those that every route may return. */
function problemsOf(
  route: DeclaredRoute,
  operation: DescribedOperation,
  requests: RequestSchemas,
  schema: unknown,
): Json {
  const { access } = route;
  const has = (part: Part) => requests.of(route.controller, route.handlerName, part) !== undefined;
  const hasBody = operation.body !== undefined || has('body');
  const hasInput = hasBody || has('query') || has('path') || hasMinPosition(handlerOf(route));
  const refusals: Record<string, readonly string[]>[] = [
    operation.refusals ?? {},
    positionProblems(handlerOf(route)),
    asOfProblems(handlerOf(route)),
    editsOf(handlerOf(route)) === undefined ? {} : { 412: ['changed-meanwhile'] },
  ];
  const statuses = new Set(refusals.flatMap((ones) => Object.keys(ones)));
  const descriptions: Record<string, string> = {
    ...(hasInput ? { 400: '`invalid-input` names every wrong field; `malformed-json`.' } : {}),
    ...(access.kind === 'public' ? {} : { 401: 'No credential, or one that is unknown, revoked or expired.' }),
    ...(rolesOf(access) ? { 403: 'The credential has none of the roles.' } : {}),
    ...(hasBody ? { 415: '`unsupported-media-type`: the body is compressed, or no JSON.' } : {}),
    429: '`too-many-requests` from one address, without a credential or with wrong ones.',
    ...Object.fromEntries(
      [...statuses].map((status) => {
        const codes = [...new Set(refusals.flatMap((ones) => ones[status] ?? []))];
        return [status, `${codes.map((code) => `\`${code}\``).join(', ')}.`];
      }),
    ),
    default:
      'Any other problem, like `store-unavailable` (503): the same request may work later. Another method of this path answers 405 and names those that it has in `Allow`.',
  };
  const example = problemExample;
  return Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [
      status,
      { description, content: { [PROBLEM_MEDIA_TYPE]: { schema, ...(status === '400' ? { example } : {}) } } },
    ]),
  );
}

function accessText(access: RouteAccess): string {
  if (access.kind === 'roles') return `Roles: ${access.roles.join(', ')}.`;
  if (access.kind === 'public' && access.roles) {
    return `Open to callers without a credential. Roles: ${access.roles.join(', ')}.`;
  }
  if (access.kind === 'public') return 'Open to everyone.';
  return `Open to callers on loopback without a proxy. Roles: ${access.roles.join(', ')}.`;
}

function securityOf(access: RouteAccess): Json[] {
  const credential = { [SECURITY]: [] };
  return access.kind === 'roles' ? [credential] : [{}, credential];
}

import type { Type as Class, INestApplication } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type DeclaredRoute, DeclaredRoutes } from '../../../libs/http/credentials/declared-routes.js';
import type { RouteAccess } from '../../../libs/http/credentials/route-access.js';
import { PROBLEM_MEDIA_TYPE } from '../../../libs/http/problem.js';
import { problemExample, problemSchema } from './answer-schemas.js';
import { Components } from './components.js';
import { LICENCE, OPENAPI_DESCRIPTION, TITLE } from './introduction.js';
import type { Answer, Operation } from './operation.js';
import { operationGroups } from './operation-groups.js';
import { described, type JsonSchema, type Part, RequestSchemas } from './request-schemas.js';

const SECURITY = 'bearer';
const PAGING: Record<string, string> = {
  limit: 'Items at the most; 100 by default.',
  cursor: 'The `nextCursor` of the page before.',
};

// biome-ignore lint/suspicious/noExplicitAny: a JSON document whose form its validator checks
type Json = Record<string, any>;

/**
 * The OpenAPI 3.1 document of an application: its routes as Nest knows them, their access as the guard enforces it, requests
 * by the rules of their DTOs, and the rest from the operation groups.
 * @throws Error for a route without an operation, an operation without a route, or a status the route does not answer
 */
export function openApiDocument(app: INestApplication, version: string): Json {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(TITLE)
    .setDescription(OPENAPI_DESCRIPTION)
    .setVersion(version)
    .setLicense(LICENCE.name, LICENCE.url)
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'A token, or a JWT of the issuer configured.' },
      SECURITY,
    )
    .addServer('/')
    .build();
  const draft = SwaggerModule.createDocument(app, config);
  const components = new Components();
  const requests = new RequestSchemas();
  const problem = components.ref('Problem', problemSchema);
  const paths: Json = {};
  const undescribed = new Map(routesOf(app).map((route) => [route.key, route]));
  for (const { name: tag, operations } of operationGroups) {
    for (const [key, operation] of Object.entries(operations)) {
      const route = undescribed.get(key);
      if (!route) throw new Error(`${key} is described but is no route: correct it in the operation groups`);
      undescribed.delete(key);
      const drafted = draft.paths[route.template]?.[route.verb];
      paths[route.template] ??= {};
      paths[route.template][route.verb] = {
        operationId: operation.id,
        tags: [tag],
        summary: operation.summary,
        description: [operation.description, accessText(route.access)].filter(Boolean).join('\n\n'),
        'x-gatehouse-roles': route.access.kind === 'roles' ? route.access.roles : [],
        security: securityOf(route.access),
        parameters: parametersOf(route, operation, requests),
        ...bodyOf(route, operation, requests, components),
        responses: {
          ...answersOf(operation, drafted?.responses ?? {}, components, key),
          ...problemsOf(route, operation, requests, problem),
        },
      };
    }
  }
  if (undescribed.size > 0) throw new Error(`${[...undescribed.keys()].join(', ')}: add to the operation groups`);
  const { openapi, info, servers } = draft as OpenAPIObject;
  const document = {
    openapi,
    info,
    servers,
    tags: operationGroups.map(({ name, description }) => ({ name, description })),
    paths,
    components: { securitySchemes: draft.components?.securitySchemes, schemas: components.schemas },
  };
  return JSON.parse(JSON.stringify(document));
}

interface Route extends DeclaredRoute {
  /** `GET /v1/accounts/{id}` */
  key: string;
  template: string;
  verb: 'get' | 'post' | 'put' | 'delete';
  controller: Class;
  handlerName: string;
}

function routesOf(app: INestApplication): Route[] {
  const controllers = new Map(
    app
      .get(DiscoveryService, { strict: false })
      .getControllers()
      .map(({ metatype }) => [metatype?.name, metatype]),
  );
  return app
    .get(DeclaredRoutes)
    .all()
    .map((route) => {
      const [controllerName, handlerName] = route.handler.split('.') as [string, string];
      const template = route.path.replace(/:(\w+)/g, '{$1}');
      return {
        ...route,
        key: `${route.method} ${template}`,
        template,
        verb: route.method.toLowerCase() as Route['verb'],
        controller: controllers.get(controllerName) as Class,
        handlerName,
      };
    });
}

function parametersOf(route: Route, { fields = {}, headers = {} }: Operation, requests: RequestSchemas): Json[] {
  const of = (part: Part): JsonSchema => requests.of(route.controller, route.handlerName, part)?.schema ?? {};
  const parameter = (where: string, name: string, schema: JsonSchema, required: boolean) => ({
    name,
    in: where,
    required,
    description: fields[name] ?? PAGING[name] ?? '',
    schema,
  });
  const names = [...route.template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const { properties = {}, required = [] } = of('query');
  return [
    ...names.map((name) => parameter('path', name, of('path').properties?.[name] ?? { type: 'string' }, true)),
    ...Object.entries(properties).map(([name, schema]) => parameter('query', name, schema, required.includes(name))),
    ...Object.entries(headers).map(([name, { schema, description }]) => ({ name, in: 'header', description, schema })),
  ];
}

function bodyOf(
  route: Route,
  { fields, body, example }: Operation,
  requests: RequestSchemas,
  components: Components,
): Json {
  if (body) return { requestBody: { required: true, content: contentOf(body, components) } };
  const dto = requests.of(route.controller, route.handlerName, 'body');
  if (!dto) return {};
  const schema = components.ref(dto.name, described(dto.schema, fields));
  return { requestBody: { required: true, content: { 'application/json': { schema, example } } } };
}

function answersOf({ answers }: Operation, drafted: object, components: Components, key: string): Json {
  const [status] = Object.keys(drafted);
  if (status !== undefined && !(status in answers)) {
    throw new Error(`${key} answers ${status}, which its operation does not describe`);
  }
  return Object.fromEntries(
    Object.entries(answers).map(([code, { description, content }]) => [
      code,
      { description, content: contentOf(content, components) },
    ]),
  );
}

const contentOf = (content: Answer['content'], components: Components): Json =>
  Object.fromEntries(
    Object.entries(content).map(([mediaType, { name, schema, example }]) => [
      mediaType,
      { schema: components.ref(name, schema), ...(example === undefined ? {} : { example }) },
    ]),
  );

/** The problems a route may answer; `default` stands for those that every route may. */
function problemsOf(
  { access, ...route }: Route,
  operation: Operation,
  requests: RequestSchemas,
  schema: unknown,
): Json {
  const takes = (part: Part) => requests.of(route.controller, route.handlerName, part) !== undefined;
  const takesInput = operation.body !== undefined || takes('body') || takes('query') || takes('path');
  const said: Record<string, string> = {
    ...(takesInput ? { 400: '`invalid-input` names every wrong field; `malformed-json`.' } : {}),
    ...(access.kind === 'public' ? {} : { 401: 'No credential, or one that is unknown, revoked or expired.' }),
    ...(access.kind === 'roles' ? { 403: 'The credential has none of the roles.' } : {}),
    ...(access.kind === 'public' && route.method === 'GET'
      ? {}
      : { 429: '`too-many-requests` from one address, without a credential or with wrong ones.' }),
    ...Object.fromEntries(
      Object.entries(operation.refusals ?? {}).map(([status, codes]) => [
        status,
        `${codes.map((code) => `\`${code}\``).join(', ')}.`,
      ]),
    ),
    default: 'Any other problem, like `store-unavailable` (503): the same request may work later.',
  };
  const example = problemExample;
  return Object.fromEntries(
    Object.entries(said).map(([status, description]) => [
      status,
      { description, content: { [PROBLEM_MEDIA_TYPE]: { schema, ...(status === '400' ? { example } : {}) } } },
    ]),
  );
}

function accessText(access: RouteAccess): string {
  if (access.kind === 'roles') return `Roles: ${access.roles.join(', ')}.`;
  return access.kind === 'public'
    ? 'Open to anybody.'
    : 'Open to anybody who asks on loopback and through no proxy, otherwise to any role.';
}

function securityOf(access: RouteAccess): Json[] {
  const credential = { [SECURITY]: [] };
  return access.kind === 'roles' ? [credential] : [{}, credential];
}

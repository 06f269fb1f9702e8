import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.js';

/** RFC 9110, section 9, and RFC 5789. Of a method that is not among them no route knows anything. */
const KNOWN = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE']);
const PARAMETER = /:\w+/g;
const SPECIAL = /[.*+?^${}()|[\]\\]/g;
const WHOLE_SERVER = '*';

interface Path {
  form: RegExp;
  methods: Set<string>;
}

/** Answers the methods that a path has no route for: OPTIONS, 405 with those that it has, and 501. */
export function answerOtherMethods(server: FastifyInstance): void {
  const paths = new Map<string, Path>();
  server.addHook('onRoute', ({ url, method }) => {
    const form = new RegExp(`^${url.replace(SPECIAL, '\\$&').replace(PARAMETER, '[^/]+')}$`);
    const path = paths.get(url) ?? { form, methods: new Set(['OPTIONS']) };
    for (const one of [method].flat()) path.methods.add(one);
    paths.set(url, path);
  });

  const methodsOf = (target: string): string[] => {
    const found = [...paths.values()].filter(({ form }) => target === WHOLE_SERVER || form.test(target));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  };

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (!request.is404) return;
    const { method, url } = request;
    if (!KNOWN.has(method)) throw methodUnknown(method);
    const methods = methodsOf(url.split('?')[0]!);
    if (methods.length === 0) return;
    const allow = methods.join(', ');
    if (method === 'OPTIONS') return reply.status(204).header('allow', allow).send();
    throw new HttpError(405, 'method-not-allowed', `this path has no ${method}: it has ${allow}`, {}, { allow });
  }
  // Before the body is read. Nest sends a target that is no path, like *, to the second one right away.
  server.addHook('preParsing', async (request, reply) => void (await answer(request, reply)));
  server.addHook('preHandler', async (request, reply) => answer(request, reply));
}

/** The error for a method that no route has. */
export const methodUnknown = (method: string): HttpError =>
  new HttpError(
    501,
    'method-unknown',
    `the method ${method} is not supported by any path: GET /openapi.json lists them`,
  );

import type { FastifyInstance } from 'fastify';

const LINE = /^([│ ├└─]*)(.*?)(?: \(([A-Z, ]+)\))?$/;
const INDENT = 4;
/** Fastify adds one for every GET; it passes the same guard. */
const IMPLIED = 'HEAD';

/** The routes in the server's router as `METHOD /path` with `:name` for parameters, sorted. */
export function servedRoutes(server: FastifyInstance): string[] {
  const above: string[] = [];
  const routes: string[] = [];
  for (const line of server.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, lead = '', label = '', methods] = LINE.exec(line) ?? [];
    const depth = lead.length / INDENT;
    above.length = Math.max(0, depth - 1);
    above.push(label);
    for (const method of methods?.split(', ') ?? []) {
      if (method !== IMPLIED) routes.push(`${method} /${above.join('').split('/').filter(Boolean).join('/')}`);
    }
  }
  return routes.sort();
}

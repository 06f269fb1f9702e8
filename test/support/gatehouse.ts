import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Standalone, type StandaloneOptions, startStandalone } from '../../apps/standalone/standalone.js';
import type { Catalogue } from '../../libs/context/catalogue.js';
import type { Role } from '../../libs/http/credentials/principal.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import type { Clock } from '../../libs/kernel/clock.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { createLogger, type LogSink } from '../../libs/platform/logging/logger.js';
import { ERASURE_HOLDS, type ErasureHolds } from '../../libs/platform/personal-data/erasure-holds.js';
import { createDatabaseWithViews, type TestDatabase } from './test-database.js';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: specs read any answer
  body: any;
}

/** The status of an answer, and the code of its problem if it is one. */
export const codeOf = ({ status, body }: Pick<Answer, 'status' | 'body'>): [number, string | undefined] => [
  status,
  body.type?.split('/').at(-1),
];

/** A client with one token. It sends bodies as JSON unless they are strings. */
export interface Client {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(path: string, headers?: Record<string, string>): Promise<Answer>;
}

/** The whole backend on a database of its own and a free port, over real HTTP. */
export interface TestGatehouse extends Standalone {
  /** @param roles none: without a credential */
  as(name: string, ...roles: Role[]): Promise<Client>;
  administrator: Client;
  administratorToken: string;
  database: TestDatabase;
  /** Erases the personal data of somebody who is under no hold. */
  forget(person: string): Promise<void>;
  /** A second backend on the same database and data directory, like a second process; close it before this one. */
  beside(options?: Pick<TestGatehouseOptions, 'background' | 'env'>): Promise<Standalone>;
}

export interface TestGatehouseOptions {
  clock?: Clock;
  /** Whether projector and reactors run continuously. By default only `settle()` runs them. */
  background?: StandaloneOptions['background'];
  env?: Record<string, string>;
  /** Instead of that of this application's contexts. */
  catalogue?: Catalogue;
  /** Instead of a new one, in which the views have been built. */
  database?: TestDatabase;
  /** Receives every line of the log. Nothing is logged by default. */
  logSink?: LogSink;
}

export async function startGatehouse({
  background = false,
  env = {},
  clock,
  catalogue,
  logSink,
  database: given,
}: TestGatehouseOptions = {}): Promise<TestGatehouse> {
  const database = given ?? (await createDatabaseWithViews());
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-data-'));
  const variables = {
    GATEHOUSE_PORT: '0',
    GATEHOUSE_DATA: directory,
    GATEHOUSE_PUBLIC_RATE_PER_MINUTE: '100000',
    // The widest allowed, so that a busy machine does not deny. Specs about these limits set their own.
    GATEHOUSE_STALENESS_MS: '600000',
    GATEHOUSE_ANSWER_LIMIT_MS: '600000',
    GATEHOUSE_DECISION_WAIT_MS: '599999',
    GATEHOUSE_ACCESS_WAIT_MS: '60000',
    ...env,
  };
  const logger = createLogger({ logLevel: logSink ? 'trace' : 'fatal', logFormat: 'json' }, logSink);
  const shared = { connection: database.connection, logger, ...(clock && { clock }), ...(catalogue && { catalogue }) };
  const beside = (own: Pick<TestGatehouseOptions, 'background' | 'env'> = {}) => {
    const settings = readSettings({ ...variables, ...own.env });
    return startStandalone({ ...shared, settings, background: own.background ?? background });
  };
  const standalone = await beside();
  const tokens = standalone.app.get(TokenRegistry);
  const tokenOf = async (name: string, roles: Role[]) =>
    (await tokens.create({ name, roles, createdBy: 'test' })).secret;
  const administratorToken = await tokenOf('administrator', ['administrator']);
  return {
    ...standalone,
    administratorToken,
    database,
    beside,
    async forget(person) {
      if (await standalone.runtime.personKeys.isForgotten(person)) return;
      await standalone.app.get<ErasureHolds>(ERASURE_HOLDS).refuseHeld(person);
      await standalone.runtime.personKeys.destroy({ names: [person] });
    },
    administrator: client(standalone.url, administratorToken),
    as: async (name, ...roles) => client(standalone.url, roles.length > 0 ? await tokenOf(name, roles) : undefined),
    async close() {
      await standalone.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A backend with an operator, a web site and a caller without a credential. */
export async function startWithCallers() {
  const gatehouse = await startGatehouse();
  return {
    gatehouse,
    operator: await gatehouse.as('olga', 'operator'),
    service: await gatehouse.as('web-site', 'service'),
    nobody: await gatehouse.as('nobody'),
  };
}

export function client(url: string, token?: string): Client {
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /(?<!nd)json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text };
  };
  return {
    get: (path, headers) => ask('GET', path, undefined, headers),
    post: (path, body, headers) => ask('POST', path, body, headers),
    put: (path, body, headers) => ask('PUT', path, body, headers),
    delete: (path, headers) => ask('DELETE', path, undefined, headers),
  };
}

let counter = 0;

/** A CloudEvent with a new id. */
export function cloudEvent(type: string, data: Record<string, unknown>, attributes: Record<string, unknown> = {}) {
  counter += 1;
  return { specversion: '1.0', id: `test-${process.pid}-${counter}`, source: '/test', type, data, ...attributes };
}

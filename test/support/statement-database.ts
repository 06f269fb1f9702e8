import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
type Sent = Record<string, any>;

const TOKEN = '7|spec-token';
const MAX_STATEMENTS = 100;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

type Rule = (value: unknown, all: Sent) => boolean;
const oneOf =
  (...values: string[]): Rule =>
  (value) =>
    values.includes(value as string);
const someOf =
  (form: RegExp): Rule =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => form.test(one));
const matches =
  (form: RegExp): Rule =>
  (value) =>
    typeof value === 'string' && form.test(value);
const upTo =
  (most: number): Rule =>
  (value) =>
    typeof value === 'string' && value !== '' && [...value].length <= most;
const within =
  (first: string): Rule =>
  (value) =>
    typeof value === 'string' && DAY.test(value) && value >= first && value <= '2038-01-01';

/** The rules of the Commission's database: of each field that a statement may have. */
const RULES: Record<string, Rule> = {
  decision_visibility: someOf(/^DECISION_VISIBILITY_CONTENT_(?:REMOVED|DISABLED|DEMOTED|LABELLED)$/),
  decision_provision: matches(/^DECISION_PROVISION_(?:PARTIAL|TOTAL)_(?:SUSPENSION|TERMINATION)$/),
  decision_account: oneOf('DECISION_ACCOUNT_SUSPENDED', 'DECISION_ACCOUNT_TERMINATED'),
  account_type: oneOf('ACCOUNT_TYPE_BUSINESS', 'ACCOUNT_TYPE_PRIVATE'),
  end_date_account_restriction: within('2020-01-01'),
  end_date_service_restriction: within('2020-01-01'),
  decision_facts: upTo(5_000),
  decision_ground: oneOf('DECISION_GROUND_ILLEGAL_CONTENT', 'DECISION_GROUND_INCOMPATIBLE_CONTENT'),
  decision_ground_reference_url: (value) => upTo(500)(value, {}) && URL.canParse(value as string),
  illegal_content_legal_ground: upTo(500),
  illegal_content_explanation: upTo(2_000),
  incompatible_content_ground: upTo(500),
  incompatible_content_explanation: upTo(2_000),
  incompatible_content_illegal: oneOf('Yes', 'No'),
  content_type: someOf(/^CONTENT_TYPE_(?:APP|AUDIO|IMAGE|PRODUCT|SYNTHETIC_MEDIA|TEXT|VIDEO|OTHER)$/),
  content_type_other: (value, { content_type }) => upTo(500)(value, {}) && content_type?.includes('CONTENT_TYPE_OTHER'),
  category: matches(/^STATEMENT_CATEGORY_[A-Z_]+$/),
  category_specification: someOf(/^KEYWORD_[A-Z_]+$/),
  category_specification_other: upTo(500),
  territorial_scope: someOf(/^[A-Z]{2}$/),
  content_date: within('2000-01-01'),
  application_date: within('2020-01-01'),
  source_type: oneOf(
    ...['SOURCE_ARTICLE_16', 'SOURCE_TRUSTED_FLAGGER', 'SOURCE_TYPE_OTHER_NOTIFICATION', 'SOURCE_VOLUNTARY'],
  ),
  automated_detection: oneOf('Yes', 'No'),
  automated_decision: matches(/^AUTOMATED_DECISION_(?:FULLY|PARTIALLY|NOT_AUTOMATED)$/),
  puid: (value) => upTo(500)(value, {}) && /^[a-zA-Z0-9_-]+$/.test(value as string),
};
const ALWAYS = [
  ...['decision_facts', 'decision_ground', 'content_type', 'category', 'territorial_scope', 'content_date'],
  ...['application_date', 'source_type', 'automated_detection', 'automated_decision', 'puid'],
];
const DECISIONS = ['decision_visibility', 'decision_provision', 'decision_account'];
const GROUNDS: Record<string, string> = {
  DECISION_GROUND_ILLEGAL_CONTENT: 'illegal_content',
  DECISION_GROUND_INCOMPATIBLE_CONTENT: 'incompatible_content',
};

/** What the database would refuse in a statement, by field; nothing for a valid one. */
export function faultsIn(statement: Sent): Record<string, string[]> {
  const faults: Record<string, string[]> = {};
  const needed = [...ALWAYS];
  const ground = GROUNDS[statement.decision_ground];
  if (ground === 'illegal_content') needed.push(`${ground}_legal_ground`, `${ground}_explanation`);
  if (ground === 'incompatible_content') needed.push(`${ground}_ground`, `${ground}_explanation`);
  if (statement.content_type?.includes('CONTENT_TYPE_OTHER')) needed.push('content_type_other');
  for (const field of needed)
    if (statement[field] === undefined) faults[field] = [`The ${field.replaceAll('_', ' ')} field is required.`];
  if (DECISIONS.every((field) => statement[field] === undefined))
    faults.decision_visibility = ['The decision visibility field is required when none of the others are present.'];
  for (const [field, value] of Object.entries(statement))
    if (!RULES[field]?.(value, statement)) faults[field] = [`The selected ${field.replaceAll('_', ' ')} is invalid.`];
  return faults;
}

/** How the next calls go wrong; nothing by default. */
export interface Failing {
  /** Answers this status without doing anything. */
  status?: number | undefined;
  headers?: Record<string, string>;
  /** Does what is asked, then ends the connection without an answer. */
  losesAnswers?: boolean;
  /** Refuses these statements, by what their facts contain. */
  refuses?: ((statement: Sent) => boolean) | undefined;
  /** Refuses a whole call with such a statement and does not say why. */
  refusesWhole?: ((statement: Sent) => boolean) | undefined;
}

/** The Commission's database of statements of reasons, by its rules, over real HTTP. */
export async function startStatementDatabase() {
  const stored = new Map<string, Sent>();
  const calls: { method: string; path: string; statements: Sent[]; token: string | undefined }[] = [];
  const failing: Failing = {};

  function create(statements: unknown): { status: number; body: unknown } {
    if (!Array.isArray(statements) || statements.length < 1 || statements.length > MAX_STATEMENTS)
      return { status: 422, body: { message: 'The statements field must have between 1 and 100 items.' } };
    if (statements.some((one) => failing.refusesWhole?.(one)))
      return { status: 422, body: { message: 'Not like this.' } };
    const errors: Record<string, unknown> = {};
    for (const [place, one] of statements.entries()) {
      const faults = failing.refuses?.(one) ? { category: ['The selected category is invalid.'] } : faultsIn(one);
      if (Object.keys(faults).length > 0) errors[`statement_${place}`] = faults;
    }
    if (Object.keys(errors).length > 0) return { status: 422, body: { errors } };
    const puids = statements.map(({ puid }) => puid);
    const known = puids.filter((puid, place) => stored.has(puid) || puids.indexOf(puid) < place);
    if (known.length > 0) {
      const message = 'The platform identifier(s) are not all unique within this call.';
      return { status: 422, body: { message, errors: { puid: [message], existing_puids: known } } };
    }
    for (const one of statements) stored.set(one.puid, one);
    return { status: 201, body: { statements } };
  }

  function answer(request: IncomingMessage, body: string): { status: number; body: unknown } {
    const path = request.url!;
    if (failing.status !== undefined) return { status: failing.status, body: { message: 'failing' } };
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 401, body: { message: 'Unauthenticated.' } };
    if (request.method === 'POST' && path === '/api/v1/statements') return create(JSON.parse(body).statements);
    const [, puid] = /^\/api\/v1\/statement\/existing-puid\/([^/]+)$/.exec(path) ?? [];
    if (puid === undefined) return { status: 404, body: { message: 'no such page' } };
    const isThere = stored.has(decodeURIComponent(puid));
    return {
      status: isThere ? 302 : 404,
      body: { message: `statement of reason ${isThere ? '' : 'not '}found`, puid },
    };
  }

  const server = createServer((request, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const { statements = [] } = text === '' ? {} : JSON.parse(text);
      const token = request.headers.authorization;
      calls.push({ method: request.method!, path: request.url!, statements, token });
      const { status, body } = answer(request, text);
      if (failing.losesAnswers) return response.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...failing.headers }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`,
    token: TOKEN,
    stored,
    calls,
    failing,
    /** What was asked since the last call of this. */
    newCalls: () => calls.splice(0),
    heal() {
      for (const key of Object.keys(failing)) delete failing[key as keyof Failing];
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

import { CommanderError } from 'commander';
import { statusOf } from '../../http/http-error.js';
import { GatehouseError, InvalidInput } from '../../kernel/errors.js';
import { ApiProblem, NotReachable, type Problem } from '../api-errors.js';
import { line, lines, type Shown } from './plain-text.js';

const REMEDIES: Record<number, string> = {
  401: 'set GATEHOUSE_TOKEN, or name a file with the token by --token-file; npm start prints one on its first start',
  403: 'use a token with the required role; create one with: gatehouse token create NAME --role ROLE',
};

/** An error as text, one line each: what is wrong, the fields, and what to do. */
export function problemText(error: unknown): Shown {
  const parts = error instanceof ApiProblem ? ofApi(error) : ofOthers(error);
  return lines(parts.map((part) => line`${part}`));
}

function ofApi({ problem, status, request, message }: ApiProblem): string[] {
  const { title, errors = [] } = problem;
  const fields = errors.map(({ field, message }) => `  ${field || '(body)'}: ${message}`);
  const incident =
    typeof problem.incident === 'string'
      ? [`  search the log of the backend for the incident ${problem.incident}`]
      : [];
  const remedy = REMEDIES[status] ? [`  ${REMEDIES[status]}`] : [];
  const detail = errors.length > 0 ? `${request} returned ${status}` : message;
  return [`gatehouse: ${title ? `${title}: ` : ''}${detail}`, ...fields, ...incident, ...remedy];
}

function ofOthers(error: unknown): string[] {
  if (error instanceof InvalidInput) {
    return error.errors.map(({ field, message }) => `gatehouse: ${field ? `${field} ` : ''}${message}`);
  }
  if (error instanceof NotReachable || error instanceof GatehouseError) return [`gatehouse: ${error.message}`];
  return [`gatehouse: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}

/** The backend's prefix. Importing it from there would load the whole framework. */
const PROBLEM_TYPES = 'https://gatehouse.dev/problems/';

/** An error as a problem document: the backend's own, or one of the same form. */
export function problemDocument(error: unknown): Problem {
  if (error instanceof ApiProblem) {
    const { title, detail, ...more } = error.problem;
    return { ...problem(error.code, detail ?? error.message, error.status), ...(title && { title }), ...more };
  }
  if (error instanceof GatehouseError) {
    return { ...problem(error.code, error.message, statusOf(error)), ...error.details };
  }
  if (error instanceof CommanderError) {
    const detail = error.code === 'commander.help' ? 'no command given: see --help' : error.message;
    return problem('wrong-usage', detail.replace(/^error: /, ''), 400);
  }
  return problem('internal-error', error instanceof Error ? error.message : String(error), 500);
}

export const interruption = (detail: string): Problem => problem('interrupted', detail);

const problem = (code: string, detail: string, status?: number): Problem => ({
  type: PROBLEM_TYPES + code,
  title: code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' '),
  ...(status !== undefined && { status }),
  detail,
});

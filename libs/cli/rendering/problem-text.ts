import { GatehouseError, InvalidInput } from '../../kernel/errors.js';
import { ApiProblem, NotReachable } from '../api-errors.js';
import { plainLine } from './plain-text.js';

const REMEDIES: Record<number, string> = {
  401: 'pass a token with --token or GATEHOUSE_TOKEN; npm start prints one on its first start',
  403: 'use a token with the required role; create one with: gatehouse token create NAME --role ROLE',
};

/** An error as text, one line each: what is wrong, the fields, and what to do. */
export function problemText(error: unknown): string {
  const lines = error instanceof ApiProblem ? ofApi(error) : ofOthers(error);
  return lines.map(plainLine).join('\n');
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
  return [
    `gatehouse: ${error instanceof Error ? (error.stack ?? error.message).replaceAll('\n', ' ') : String(error)}`,
  ];
}

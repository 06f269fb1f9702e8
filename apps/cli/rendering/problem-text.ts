import { GatehouseError, InvalidInput } from '../../../libs/kernel/errors.js';
import { ApiProblem, NotReachable } from '../api-errors.js';
import { plainLine } from './plain-text.js';

const CURES: Record<number, string> = {
  401: 'give a token with --token or GATEHOUSE_TOKEN; npm start prints one at its first start',
  403: 'use a token with a role that may: gatehouse token create NAME --role ROLE',
};

/** An error for people: what is wrong, then its fields, then what to do; a line each. */
export function problemText(error: unknown): string {
  const lines = error instanceof ApiProblem ? ofApi(error) : ofOthers(error);
  return lines.map(plainLine).join('\n');
}

function ofApi({ problem, status, request, message }: ApiProblem): string[] {
  const { title, errors = [] } = problem;
  const fields = errors.map(({ field, message }) => `  ${field || '(body)'}: ${message}`);
  const incident = typeof problem.incident === 'string' ? [`  incident ${problem.incident} in the backend's log`] : [];
  const cure = CURES[status] ? [`  ${CURES[status]}`] : [];
  const detail = errors.length > 0 ? `${request} answered ${status}` : message;
  return [`gatehouse: ${title ? `${title}: ` : ''}${detail}`, ...fields, ...incident, ...cure];
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

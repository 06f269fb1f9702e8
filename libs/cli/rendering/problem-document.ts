import { CommanderError } from 'commander';
import { statusOf } from '../../http/http-error.js';
import { GatehouseError } from '../../kernel/errors.js';
import { ApiProblem, type Problem } from '../api-errors.js';

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

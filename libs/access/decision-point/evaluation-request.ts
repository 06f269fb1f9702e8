import { POSITION_RULE, parsePosition } from '../../http/position-text.js';
import type { Position } from '../../kernel/envelope.js';
import { type InvalidField, InvalidInput } from '../../kernel/errors.js';
import { hasControlCharacter } from '../../kernel/text-forms.js';

/** One evaluation, in the terms of the AuthZEN Authorization API 1.0. */
export interface Evaluation {
  subject: { type: string; id: string };
  action: string;
  resource: { type: string; id: string; properties: Record<string, unknown> };
  /** The position that the replica must have reached before it answers; 0 for none. */
  minPosition: Position;
}

export type Semantic = 'execute_all' | 'deny_on_first_deny' | 'permit_on_first_permit';

export const SEMANTICS: readonly Semantic[] = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'];
export const MAX_EVALUATIONS = 1_000;
export const MAX_TEXT = 200;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * @param epoch the log's current one
 * @throws InvalidInput with every field that is missing or has a wrong type; PositionGone for a position of another epoch
 */
export function readEvaluation(body: unknown, epoch: string): Evaluation {
  if (!isObject(body))
    throw new InvalidInput([
      { field: '', message: 'the body must be a JSON object with subject, action and resource' },
    ]);
  const errors: InvalidField[] = [];
  const evaluation = read(body, '', errors, epoch);
  if (errors.length > 0) throw new InvalidInput(errors);
  return evaluation;
}

export interface Evaluations {
  evaluations: Evaluation[];
  semantic: Semantic;
}

/**
 * Parses a batch: the top-level fields are the defaults of every evaluation.
 * @returns undefined if the request has no evaluations and so is a single one
 * @throws InvalidInput, PositionGone
 */
export function readEvaluations(body: unknown, epoch: string): Evaluations | undefined {
  if (!isObject(body)) throw new InvalidInput([{ field: '', message: 'the body must be a JSON object' }]);
  const { evaluations, options, ...defaults } = body;
  if (evaluations === undefined) return undefined;
  if (!Array.isArray(evaluations) || evaluations.length > MAX_EVALUATIONS) {
    throw new InvalidInput([{ field: '/evaluations', message: `must be an array of at most ${MAX_EVALUATIONS}` }]);
  }
  if (evaluations.length === 0) return undefined;
  const errors: InvalidField[] = [];
  const semantic = isObject(options) ? (options.evaluations_semantic ?? 'execute_all') : 'execute_all';
  if (!SEMANTICS.includes(semantic as Semantic)) {
    errors.push({ field: '/options/evaluations_semantic', message: `must be one of ${SEMANTICS.join(', ')}` });
  }
  const all = evaluations.map((one, i) => {
    const at = `/evaluations/${i}`;
    if (isObject(one)) return read({ ...defaults, ...one }, at, errors, epoch);
    errors.push({ field: at, message: 'must be an object' });
    return undefined;
  });
  if (errors.length > 0) throw new InvalidInput(errors);
  return { evaluations: all as Evaluation[], semantic: semantic as Semantic };
}

function read(
  { subject, action, resource, context }: Json,
  at: string,
  errors: InvalidField[],
  epoch: string,
): Evaluation {
  const text = (owner: unknown, ownerName: string, name: 'type' | 'id' | 'name'): string => {
    const value = isObject(owner) ? owner[name] : undefined;
    if (typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT && !hasControlCharacter(value))
      return value;
    const message = `must be a string of 1 to ${MAX_TEXT} characters without control characters`;
    errors.push({ field: `${at}/${ownerName}/${name}`, message });
    return '';
  };
  let minPosition = 0;
  if (isObject(context) && context.minPosition !== undefined) {
    const given = context.minPosition;
    const position = typeof given === 'string' ? parsePosition(given, epoch) : given;
    if (Number.isSafeInteger(position) && (position as number) >= 0) minPosition = position as Position;
    else errors.push({ field: `${at}/context/minPosition`, message: POSITION_RULE });
  }
  const properties = isObject(resource) && isObject(resource.properties) ? resource.properties : {};
  return {
    subject: { type: text(subject, 'subject', 'type'), id: text(subject, 'subject', 'id') },
    action: text(action, 'action', 'name'),
    resource: { type: text(resource, 'resource', 'type'), id: text(resource, 'resource', 'id'), properties },
    minPosition,
  };
}

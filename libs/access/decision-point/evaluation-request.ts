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

/** The properties of an image that restrict what may be done with it: of another type they would restrict nothing. */
const IMAGE_FACTS = ['photorealistic', 'faces'] as const;

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
  /** In place of an evaluation that is not valid, its error. */
  evaluations: (Evaluation | InvalidInput)[];
  semantic: Semantic;
}

/**
 * Parses a batch: the top-level fields are the defaults of every evaluation.
 * @returns undefined if the request has no evaluations and so is a single one
 * @throws InvalidInput, PositionGone
 */
export function readEvaluations(body: unknown, epoch: string): Evaluations | undefined {
  if (!isObject(body)) throw new InvalidInput([{ field: '', message: 'the body must be a JSON object' }]);
  const { evaluations, options: _, ...defaults } = body;
  if (evaluations === undefined) return undefined;
  if (!Array.isArray(evaluations) || evaluations.length > MAX_EVALUATIONS) {
    throw new InvalidInput([{ field: '/evaluations', message: `must be an array of at most ${MAX_EVALUATIONS}` }]);
  }
  if (evaluations.length === 0) return undefined;
  const errors: InvalidField[] = [];
  for (const name of ['subject', 'action', 'resource', 'context']) objectOf(defaults, name, '', errors);
  const { evaluations_semantic: semantic = 'execute_all' } = objectOf(body, 'options', '', errors);
  if (!SEMANTICS.includes(semantic as Semantic)) {
    errors.push({ field: '/options/evaluations_semantic', message: `must be one of ${SEMANTICS.join(', ')}` });
  }
  if (errors.length > 0) throw new InvalidInput(errors);
  const all = evaluations.map((one, i) => readItem(one, defaults, `/evaluations/${i}`, epoch));
  return { evaluations: all, semantic: semantic as Semantic };
}

/** @param at JSON Pointer of the evaluation */
function readItem(one: unknown, defaults: Json, at: string, epoch: string): Evaluation | InvalidInput {
  if (!isObject(one)) return new InvalidInput([{ field: at, message: 'must be an object' }]);
  const errors: InvalidField[] = [];
  const evaluation = read({ ...defaults, ...one, ...withDefaults(one, defaults) }, at, errors, epoch);
  return errors.length > 0 ? new InvalidInput(errors) : evaluation;
}

/** What every entity must have. */
const REQUIRED = { subject: ['type', 'id'], action: ['name'], resource: ['type', 'id'] } as const;

/** The entities of an evaluation. What they must have and lack is that of the default; the rest of the default is not theirs. */
function withDefaults(one: Json, defaults: Json): Json {
  const entities: Json = {};
  for (const [name, required] of Object.entries(REQUIRED)) {
    const own = one[name];
    const fallback = defaults[name];
    if (!isObject(own) || !isObject(fallback)) continue;
    const inherited = required.flatMap((field) => (fallback[field] === undefined ? [] : [[field, fallback[field]]]));
    entities[name] = { ...Object.fromEntries(inherited), ...own };
  }
  return entities;
}

/** A member that must be an object if it is given. */
function objectOf(owner: Json, name: string, at: string, errors: InvalidField[]): Json {
  const value = owner[name];
  if (isObject(value)) return value;
  if (value !== undefined) errors.push({ field: `${at}/${name}`, message: 'must be an object' });
  return {};
}

function read(body: Json, at: string, errors: InvalidField[], epoch: string): Evaluation {
  const text = (owner: Json, ownerName: string, name: 'type' | 'id' | 'name'): string => {
    const value = owner[name];
    if (typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT && !hasControlCharacter(value))
      return value;
    const message = `must be a string of 1 to ${MAX_TEXT} characters without control characters`;
    errors.push({ field: `${at}/${ownerName}/${name}`, message });
    return '';
  };
  const entity = (name: 'subject' | 'action' | 'resource') => {
    const found = objectOf(body, name, at, errors);
    return { found, properties: objectOf(found, 'properties', `${at}/${name}`, errors) };
  };
  const [subject, action, resource] = [entity('subject'), entity('action'), entity('resource')];
  for (const fact of IMAGE_FACTS) {
    const value = resource.properties[fact];
    if (value === undefined || typeof value === 'boolean') continue;
    errors.push({ field: `${at}/resource/properties/${fact}`, message: 'must be a boolean; leave it out if unknown' });
  }
  return {
    subject: { type: text(subject.found, 'subject', 'type'), id: text(subject.found, 'subject', 'id') },
    action: text(action.found, 'action', 'name'),
    resource: {
      type: text(resource.found, 'resource', 'type'),
      id: text(resource.found, 'resource', 'id'),
      properties: resource.properties,
    },
    minPosition: minPositionOf(objectOf(body, 'context', at, errors), at, errors, epoch),
  };
}

function minPositionOf({ minPosition }: Json, at: string, errors: InvalidField[], epoch: string): Position {
  if (minPosition === undefined) return 0;
  const position = typeof minPosition === 'string' ? parsePosition(minPosition, epoch) : minPosition;
  if (Number.isSafeInteger(position) && (position as number) >= 0) return position as Position;
  errors.push({ field: `${at}/context/minPosition`, message: POSITION_RULE });
  return 0;
}

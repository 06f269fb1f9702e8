import type { Static, TSchema } from 'typebox';

/** An answer with its schema; named ones become components of the document. */
export interface Answer {
  description: string;
  /** By media type; `application/json` for most. None: no body. */
  content: Record<string, { name?: string; schema: TSchema; example?: unknown }>;
}

/** What the document says of a route beyond what decorators and DTOs say already. */
export interface Operation {
  /** For clients that are generated; stable. */
  id: string;
  /** One sentence without its full stop. */
  summary: string;
  description?: string;
  /** What parameters and fields of the body mean, by their name. */
  fields?: Record<string, string>;
  /** Bodies that no DTO describes, by media type. */
  body?: Answer['content'];
  /** A body, where a DTO describes it. */
  example?: unknown;
  /** Header parameters. */
  headers?: Record<string, { schema: TSchema; description: string }>;
  /** By status. */
  answers: Record<number, Answer>;
  /** Codes of the problems that rules of the domain lead to, by status. */
  refusals?: Record<number, readonly string[]>;
}

export interface OperationGroup {
  name: string;
  description: string;
  /** By `METHOD /path`, parameters as `{name}`. */
  operations: Record<string, Operation>;
}

type Handler = (...args: never[]) => unknown;
type Returned<Of extends Handler> = Awaited<ReturnType<Of>>;
type Fits<Given, Described> = [Given] extends [Described] ? ([Described] extends [Given] ? true : false) : false;

/**
 * An answer in JSON whose schema the compiler holds against what the handler returns: `answerOf<Controller['method']>()(…)`.
 * @param name of the schema in the document
 */
export const answerOf =
  <Of extends Handler>() =>
  <Schema extends TSchema>(
    name: string,
    description: string,
    schema: Schema & (Fits<Returned<Of>, Static<Schema>> extends true ? unknown : { answered: Returned<Of> }),
    example?: unknown,
  ): Answer =>
    json(name, description, schema, example);

/** The same unchecked, for handlers whose return type says less than their answer. */
export const json = (name: string, description: string, schema: TSchema, example?: unknown): Answer => ({
  description,
  content: { 'application/json': { name, schema, ...(example === undefined ? {} : { example }) } },
});

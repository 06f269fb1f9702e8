import type { Static, TSchema } from 'typebox';
import { WriteReceipt } from '../write-receipt.js';
import type { ApiEvents } from './api-description.js';

/** An answer with its schema; named ones become components of the document. */
export interface Answer<Answered = unknown> {
  description: string;
  /** By media type; `application/json` for most. None: no body. */
  content: Record<string, { name?: string; schema: TSchema; example?: unknown }>;
  /** Only the compiler sees it: what the handler returns. */
  answered?: Answered;
}

/** What the document says of a route beyond its decorators and the rules of its parameters and body. */
export interface OperationText<Answered = unknown> {
  description?: string;
  /** Meanings of parameters that their rules do not give, by name. */
  fields?: Record<string, string>;
  /** Bodies that no class describes, by media type. */
  body?: Answer['content'];
  /** An example of the body, if a class describes it. */
  example?: unknown;
  /** Header parameters. */
  headers?: Record<string, { schema: TSchema; description: string }>;
  /** Under the status that Nest sends. */
  answer: Answer<Answered>;
  /** Further ones, by status. */
  otherAnswers?: Record<number, Answer<Answered>>;
  /** Problem codes of refusals by domain rules, by status. */
  refusals?: Record<number, readonly string[]>;
}

export interface DescribedOperation extends OperationText {
  /** The name of the handler; stable, since generated clients use it. */
  id: string;
  /** One sentence without its full stop. */
  summary: string;
}

const OPERATION = 'gatehouse:operation';

/** What a handler returns: ViewPositions adds the position of an answer that comes from views. */
type Returned<Answered> = Answered | Omit<Answered, 'position'>;

/**
 * Documents a handler, whose result has to match the schema of the answer. The name of the method is the id of the
 * operation.
 * @param summary one sentence without its full stop
 * @param text may be a function of the events of the API
 */
export const Operation =
  <Answered>(summary: string, text: OperationText<Answered> | ((events: ApiEvents) => OperationText<Answered>)) =>
  <Method extends (...args: never[]) => Returned<Answered> | Promise<Returned<Answered>>>(
    _target: object,
    id: string,
    { value }: TypedPropertyDescriptor<Method>,
  ): void => {
    const operation = (events: ApiEvents): DescribedOperation => ({
      id,
      summary,
      ...(typeof text === 'function' ? text(events) : text),
    });
    Reflect.defineMetadata(OPERATION, operation, value!);
  };

/** The documentation of a handler, if it has any. */
export const operationOf = (handler: object, events: ApiEvents): DescribedOperation | undefined =>
  Reflect.getMetadata(OPERATION, handler)?.(events);

/**
 * An answer in JSON.
 * @param name of the schema in the document
 */
export const answer = <Schema extends TSchema>(
  name: string,
  description: string,
  schema: Schema,
  example?: unknown,
): Answer<Static<Schema>> => ({
  description,
  content: { 'application/json': { name, schema, ...(example === undefined ? {} : { example }) } },
});

/** The answer of a write. */
export const receipt = (description: string) => answer('Written', description, WriteReceipt, { position: '1042' });

/** An answer of another media type, which the handler sends itself. */
export const plain = (mediaType: string, description: string, schema: TSchema): Answer => ({
  description,
  content: { [mediaType]: { schema } },
});

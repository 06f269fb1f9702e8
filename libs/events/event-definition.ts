import type { Static, TObject } from 'typebox';
import type { Recorded, RecordedEvent } from '../kernel/envelope.js';

/** Everything that is known of an event type; schema, documentation, sealing and validation all come from here. */
export interface EventDefinition<Type extends string = string, Schema extends TObject = TObject> {
  /** The stored literal. */
  type: Type;
  /** The schema's version; older ones need an upcaster. */
  version: number;
  /** One sentence for the event catalogue. */
  summary: string;
  /** JSON Schema of `data`; also the source of the TypeScript type. */
  schema: Schema;
  /** A valid `data`; a test round-trips it. */
  example: Static<Schema>;
  /** Part of the public contract: published on the feed and accepted at the doors. */
  contract?: boolean;
  /** Whose data the personal fields are, and which fields (top-level names) are encrypted before they are stored. */
  personal?: { person: keyof Static<Schema> & string; fields: readonly (keyof Static<Schema> & string)[] };
  /** What a fact is about, for events that are recorded as they come: its subject is `{category}-{data[id]}`. */
  fact?: { category: string; id: keyof Static<Schema> & string };
}

export function defineEvent<const Type extends string, Schema extends TObject>(
  definition: EventDefinition<Type, Schema>,
): EventDefinition<Type, Schema> {
  return definition;
}

/** The domain event of a definition: `{ type, data }`. */
export type EventOf<Definition> =
  Definition extends EventDefinition<infer Type, infer Schema> ? { type: Type; data: Fields<Static<Schema>> } : never;

/** A JSON object without fields is `object` to the schema, which would be any object. */
type Fields<Data> = keyof Data extends never ? { [Name in never]: never } : Data;

/** The data of a definition's events. */
export type DataOf<Definition> = EventOf<Definition>['data'];

/** An event of one of these definitions as the log holds it; a check of `type` narrows `data`. */
export type RecordedOf<Definition> = Recorded<EventOf<Definition>>;

/** The names that a consumer or a view asks the log for. */
export const typesOf = (definitions: readonly { type: string }[]): string[] => definitions.map(({ type }) => type);

/** These definitions without those named. One that is added to the list later is among them, until it is left out too. */
export function except<Definition extends EventDefinition, Left extends Definition>(
  definitions: readonly Definition[],
  left: readonly Left[],
): Exclude<Definition, Left>[] {
  const types = new Set(typesOf(left));
  return definitions.filter((one): one is Exclude<Definition, Left> => !types.has(one.type));
}

/** Whether an event is of a definition. Its data needs no check: it was validated before it was stored. */
export const isOf = <Definition extends EventDefinition>(
  definition: Definition,
  event: RecordedEvent,
): event is RecordedOf<Definition> => event.type === definition.type;

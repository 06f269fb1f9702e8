import type { Static, TObject } from 'typebox';
import type { Recorded, RecordedEvent } from '../kernel/envelope.js';

/** Describes one event type: its schema, documentation, encryption and validation come from here. */
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
  /** Part of the public contract: published on the feed, accepted over HTTP and Kafka. */
  contract?: boolean;
  /** Published although not in the contract: who keeps a copy of our decisions needs it, since it changes one of them. */
  published?: boolean;
  /** The person whom the personal fields belong to, and the top-level fields that are encrypted before they are stored. */
  personal?: {
    person: keyof Static<Schema> & string;
    /** The image that the fields are about: they are erased with its owner's data too. */
    about?: keyof Static<Schema> & string;
    fields: readonly (keyof Static<Schema> & string)[];
  };
  /** For a fact, an event that is stored without a decision: its subject is `{category}-{data[id]}`. */
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

/** The schema types a JSON object without fields as `object`, which would allow any object. */
type Fields<Data> = keyof Data extends never ? { [Name in never]: never } : Data;

/** The data of a definition's events. */
export type DataOf<Definition> = EventOf<Definition>['data'];

/** A stored event of one of these definitions; a check of `type` narrows `data`. */
export type RecordedOf<Definition> = Recorded<EventOf<Definition>>;

/** True if the feed and the topic offer the event. */
export const isPublished = ({ contract, published }: EventDefinition): boolean => Boolean(contract || published);

/** The event types that a consumer or a view reads from the log. */
export const typesOf = (definitions: readonly { type: string }[]): string[] => definitions.map(({ type }) => type);

/** The definitions except those in `left`. One that is added to the list later is included unless it is excluded too. */
export function except<Definition extends EventDefinition, Left extends Definition>(
  definitions: readonly Definition[],
  left: readonly Left[],
): Exclude<Definition, Left>[] {
  const types = new Set(typesOf(left));
  return definitions.filter((one): one is Exclude<Definition, Left> => !types.has(one.type));
}

/** True if the event has the definition's type and can be used. Its data needs no check: it was validated before it was stored. */
export const isOf = <Definition extends EventDefinition>(
  definition: Definition,
  event: RecordedEvent,
): event is RecordedOf<Definition> => event.type === definition.type && event.fault === undefined;

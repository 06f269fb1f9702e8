import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { EventMetadata, JsonObject } from '../kernel/envelope.js';
import { storableKey } from '../kernel/text-forms.js';
import type { EventDefinition } from './event-definition.js';
import { lazyValidators } from './lazy-validators.js';

/** A stored event as it was read: whatever JSON the log contains. */
export interface StoredEvent {
  stream: string;
  type: string;
  data: unknown;
  metadata: unknown;
}

type JsonSchema = Record<string, unknown>;

/** What a stored event must still fulfil: its shape. Limits and patterns may have been others when it was accepted. */
const SHAPE = ['type', 'required', 'enum', 'const', 'format'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Decides which stored events are ours, and which of them can be used. */
export class StoredEvents {
  private readonly known = new Map<string, { version: number; validate: () => ValidateFunction }>();

  /**
   * @param categories of our streams: `x` is the category of the stream `x` and for every `x-…`
   * @param decisive the categories of which no event may be missed, not even a broken one
   */
  constructor(
    definitions: readonly EventDefinition[],
    private readonly categories: readonly string[],
    private readonly decisive: readonly string[] = [],
  ) {
    const validatorOf = lazyValidators({ strict: false });
    for (const { type, version, schema, personal } of definitions) {
      const shape = shapeOf(schema as unknown as JsonSchema);
      // Personal fields are stored encrypted.
      for (const field of personal?.fields ?? []) (shape.properties as JsonSchema)[field] = { type: 'string' };
      this.known.set(type, { version, validate: validatorOf(shape) });
    }
  }

  isOurStream(stream: string): boolean {
    return isIn(stream, this.categories);
  }

  /** True if access depends on the event, whatever is wrong with it. */
  isDecisive({ stream, type }: Pick<StoredEvent, 'stream' | 'type'>): boolean {
    return this.known.has(type) && isIn(stream, this.decisive);
  }

  /** @throws Error for a stream whose events would be passed over when they are read */
  requireOurs(stream: string): void {
    if (!this.isOurStream(stream))
      throw new Error(`${stream} is in no category of the contexts: add its kind to the streams of its context`);
  }

  /** Why nothing can be done with the event: the first thing that is wrong; undefined if it can be used. */
  fault(event: StoredEvent): string | undefined {
    return metadataFault(event.metadata) ?? this.dataFault(event);
  }

  /** True if it was stored by a release that knows more than this one. */
  isNewer({ type, metadata }: StoredEvent): boolean {
    const known = this.known.get(type);
    const isComplete = metadataFault(metadata) === undefined;
    return known !== undefined && isComplete && (metadata as EventMetadata).schemaversion > known.version;
  }

  private dataFault(event: StoredEvent): string | undefined {
    if (!isObject(event.data)) return 'its data is not an object';
    const known = this.known.get(event.type);
    if (!known) return undefined; // nobody reads it
    const { schemaversion } = event.metadata as EventMetadata;
    if (this.isNewer(event))
      return `its version ${schemaversion} is newer than ${known.version}, which this release knows`;
    const validate = known.validate();
    if (validate(event.data)) return undefined;
    const { instancePath, message, params } = validate.errors![0]!;
    return `its data${instancePath} ${params.missingProperty ? `lacks ${params.missingProperty}` : message}`;
  }
}

const isIn = (stream: string, categories: readonly string[]): boolean =>
  categories.some((category) => stream === category || stream.startsWith(`${category}-`));

/** The key under which an event is parked that names no entity of its own. */
export function keyOfBroken({ stream, metadata }: StoredEvent): string {
  const subject = (metadata as Partial<EventMetadata>).subject;
  const name = typeof subject === 'string' && subject !== '' ? subject : stream;
  return storableKey(name.slice(name.indexOf('-') + 1));
}

/** Thrown where a broken event is processed; its key is parked. */
export class BrokenEvent extends Error {
  constructor(fault: string) {
    super(`the stored event is broken: ${fault}`);
    this.name = new.target.name;
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

function metadataFault(metadata: unknown): string | undefined {
  if (!isObject(metadata)) return 'its metadata is not an object';
  for (const field of ['source', 'subject', 'time', 'correlationid'])
    if (typeof metadata[field] !== 'string') return `its metadata has no ${field}`;
  for (const field of ['time', 'recordedat'])
    if (metadata[field] !== undefined && !isTime(metadata[field])) return `its metadata has an invalid ${field}`;
  const { schemaversion, actor } = metadata;
  if (!Number.isInteger(schemaversion) || (schemaversion as number) < 1) return 'its metadata has no schemaversion';
  if (!isObject(actor) || typeof actor.kind !== 'string' || typeof actor.id !== 'string')
    return 'its metadata has no actor';
  return undefined;
}

const isTime = (value: unknown): boolean =>
  typeof value === 'string' && TIME.test(value) && !value.startsWith('0000') && !Number.isNaN(Date.parse(value));

/** The schema without its limits. */
function shapeOf(schema: JsonSchema): JsonSchema {
  const shape: JsonSchema = {};
  for (const keyword of SHAPE) if (keyword in schema) shape[keyword] = schema[keyword];
  if (isObject(schema.properties))
    shape.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, one]) => [name, shapeOf(one as JsonSchema)]),
    );
  if (isObject(schema.items)) shape.items = shapeOf(schema.items);
  if (Array.isArray(schema.anyOf)) shape.anyOf = schema.anyOf.map((one) => shapeOf(one));
  return shape;
}

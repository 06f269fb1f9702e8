import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonObject } from '../kernel/envelope.js';
import { FORM_RULES } from '../kernel/text-forms.js';
import { type EventDefinition, isPublished } from './event-definition.js';
import { forbiddenNameWithin, knownMembers } from './known-members.js';
import { lazyValidators } from './lazy-validators.js';

export interface DataFault {
  /** JSON Pointer inside `data`; `/` for all of it. */
  field: string;
  message: string;
}

/** The schemas of every event type. */
export class EventSchemas {
  private readonly known = new Map<string, { definition: EventDefinition; validate: () => ValidateFunction }>();

  constructor(catalogue: readonly EventDefinition[]) {
    const validatorOf = lazyValidators({ strict: true, strictTypes: false });
    for (const definition of catalogue) {
      this.known.set(definition.type, { definition, validate: validatorOf(definition.schema) });
    }
  }

  definition(type: string): EventDefinition | undefined {
    return this.known.get(type)?.definition;
  }

  /** The types that the feed and the topic offer. */
  get publishedTypes(): string[] {
    return [...this.known.values()].flatMap(({ definition }) => (isPublished(definition) ? [definition.type] : []));
  }

  /** The version that new events of the type are stored in. */
  readonly version = (type: string): number => this.known.get(type)?.definition.version ?? 1;

  /**
   * Valid data of an event of a known type, without members that its schema does not know, or the first error.
   * @param strict whether an unknown member is an error
   */
  parse(type: string, data: JsonObject, strict: boolean): { data: JsonObject; leftOut: number } | DataFault {
    const known = this.known.get(type)!;
    const { definition } = known;
    const validate = known.validate();
    if (validate(data)) return { data, leftOut: 0 };
    const error = validate.errors![0]!;
    if (strict || error.keyword !== 'additionalProperties') return describeFault(error);
    const left: unknown[] = [];
    const kept = knownMembers(definition.schema, data, left) as JsonObject;
    const forbidden = forbiddenNameWithin(left);
    if (forbidden) return { field: '/', message: `has a member ${forbidden}; leave it out` };
    return validate(kept) ? { data: kept, leftOut: left.length } : describeFault(validate.errors![0]!);
  }

  /** The first error in the data of an event; undefined if its type is known and the data is valid. */
  fault(type: string, data: JsonObject): DataFault | undefined {
    const known = this.known.get(type);
    if (!known) return { field: '/', message: `belongs to no type that is defined; add ${type} to its context` };
    const validate = known.validate();
    return validate(data) ? undefined : describeFault(validate.errors![0]!);
  }
}

const patternRule = (pattern: string): string =>
  `must ${FORM_RULES.get(pattern) ?? 'have another form; see its schema'}`;

const LONGEST_TOKEN = 100;

/** Escapes a member's name for a JSON Pointer (RFC 6901) and truncates a long one, since the sender chose it. */
function pointerToken(name: string): string {
  const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return token.length > LONGEST_TOKEN ? `${token.slice(0, LONGEST_TOKEN)}…` : token;
}

/** An error of a validator in our words. @param what is validated */
export function describeFault(error: ErrorObject, what = 'this event'): DataFault {
  const { instancePath, keyword, params, message } = error;
  if (keyword === 'additionalProperties') {
    return {
      field: `${instancePath}/${pointerToken(params.additionalProperty)}`,
      message: `is not a field of ${what}; leave it out`,
    };
  }
  if (keyword === 'required') return { field: `${instancePath}/${params.missingProperty}`, message: 'is missing' };
  if (keyword === 'enum') return { field: instancePath, message: `must be one of ${params.allowedValues.join(', ')}` };
  if (keyword === 'pattern') {
    return { field: instancePath, message: patternRule(params.pattern) };
  }
  return { field: instancePath || '/', message: message ?? `fails ${keyword}` };
}

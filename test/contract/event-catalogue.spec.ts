import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { catalogue } from '../../apps/composition/catalogue.js';

const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats.default(ajv);
const byType = catalogue.events.map((definition) => ({ name: definition.type, definition }));

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: boolean;
  maxLength?: number;
  enum?: unknown[];
  description?: string;
}

/** Every schema inside a schema, with its path. */
function* parts(schema: Schema, path = ''): Generator<[string, Schema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* parts(property, `${path}/${name}`);
  if (schema.items) yield* parts(schema.items, `${path}/*`);
}

describe('the event catalogue', () => {
  it('names every type once', () => {
    const types = catalogue.events.map((definition) => definition.type);
    expect(new Set(types).size).toBe(types.length);
  });

  it('has exactly the seven events of the contract', () => {
    const contract = catalogue.events.filter((definition) => definition.contract).map((definition) => definition.type);
    expect(contract.sort()).toEqual([
      'AccountDeactivated',
      'CohortOnboarded',
      'ContentFlagged',
      'ImageGenerated',
      'ImageShared',
      'ReviewConfirmed',
      'WaitlistJoined',
    ]);
  });

  it('publishes the contract, and the events that reverse or limit one of its decisions', () => {
    const others = catalogue.outgoing.filter((definition) => !definition.contract).map(({ type }) => type);
    expect(others.sort()).toEqual([
      'AccountReinstated',
      'AccountRestricted',
      'AccountSuspended',
      'AppealDenied',
      'AppealGranted',
      'AppealLapsed',
      'AppealOverdue',
      'AppealPartlyGranted',
      'CauseLifted',
      'EnforcementOrdered',
      'EnforcementOverdue',
      'EnforcementRedelivered',
      'EnforcementReversed',
      'ImageRestored',
      'ImageWithheld',
      'ModelProblemFound',
      'ReviewAmended',
      'ReviewDismissed',
      'ReviewOverturned',
      'ReviewUpheld',
    ]);
    expect(catalogue.outgoing).toHaveLength(7 + others.length);
  });

  it('records facts about images only', () => {
    const facts = catalogue.events.filter((definition) => definition.fact);
    expect(facts.map((definition) => definition.type)).toEqual([
      'ImageGenerated',
      'ImageShared',
      'ImageDownloaded',
      'ContentFlagged',
    ]);
    for (const { fact } of facts) expect(fact).toEqual({ category: 'image', id: 'imageId' });
  });

  describe.each(byType)('$name', ({ definition }) => {
    const validate = ajv.compile(definition.schema);
    const properties = definition.schema.properties as Record<string, Schema>;

    it('has an example that is valid and survives JSON', () => {
      const read = JSON.parse(JSON.stringify(definition.example));
      expect(validate(read)).toBe(true);
      expect(read).toEqual(definition.example);
    });

    it('refuses an undeclared field', () => {
      expect(validate({ ...definition.example, unheardOf: 1 })).toBe(false);
    });

    it('refuses an example without a required field', () => {
      for (const field of (definition.schema.required as string[] | undefined) ?? []) {
        const { [field]: _, ...rest } = definition.example as Record<string, unknown>;
        expect(validate(rest)).toBe(false);
      }
    });

    it('bounds every string and closes every object', () => {
      for (const [path, part] of parts(definition.schema as Schema)) {
        if (part.type === 'string') expect([path, part.maxLength]).toEqual([path, expect.any(Number)]);
        if (part.type === 'object') expect([path, part.additionalProperties]).toEqual([path, false]);
      }
    });

    it('describes itself and every field', () => {
      expect(definition.summary).toMatch(/\.$/);
      for (const [name, property] of Object.entries(properties)) {
        expect([name, property.description]).toEqual([name, expect.stringMatching(/\.$/)]);
      }
    });

    it('refuses control characters in every string', () => {
      for (const [name, property] of Object.entries(properties)) {
        if (property.type === 'string') expect(validate({ ...definition.example, [name]: 'a\u0000b@c' })).toBe(false);
      }
    });

    it('encrypts only declared fields, with the key of a person in a required field', () => {
      if (!definition.personal) return;
      expect(definition.schema.required).toContain(definition.personal.person);
      for (const field of definition.personal.fields) {
        expect(properties).toHaveProperty(field);
        expect(validate({ ...definition.example, [field]: 'sealed:v1:AAAA' })).toBe(false);
      }
    });
  });
});

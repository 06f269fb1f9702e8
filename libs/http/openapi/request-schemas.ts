import type { Type as Class } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { NESTED } from '../field-rules.js';

export interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  description?: string;
  [keyword: string]: unknown;
}

const PARTS = { body: RouteParamtypes.BODY, query: RouteParamtypes.QUERY, path: RouteParamtypes.PARAM } as const;
export type Part = keyof typeof PARTS;

/** The rules of DTOs as JSON Schemas. */
export class RequestSchemas {
  private readonly schemas = validationMetadatasToSchemas({
    additionalConverters: {
      // The pattern of the same field is more exact.
      isIso8601: { type: 'string' },
      isUrl: { type: 'string', format: 'uri' },
      // The schema of the same field says so.
      areObjects: {},
    },
  }) as Record<string, JsonSchema>;

  /** The DTO that a handler declares for a part of the request, if any. */
  of(controller: Class, method: string, part: Part): { name: string; type: Class; schema: JsonSchema } | undefined {
    const declared: Record<string, { data?: unknown }> =
      Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {};
    const types: Class[] = Reflect.getMetadata('design:paramtypes', controller.prototype, method) ?? [];
    for (const [key, { data }] of Object.entries(declared)) {
      const [kind, index] = key.split(':');
      const type = types[Number(index)];
      const schema = type && this.schemaOf(type);
      if (Number(kind) !== PARTS[part] || data !== undefined || !schema) continue;
      return { name: part === 'body' ? bodyName(type.name) : type.name, type, schema };
    }
    return undefined;
  }

  /** A class without rules of its own has those of the class that it extends. */
  private schemaOf(type: Class): JsonSchema | undefined {
    const own = this.schemas[type.name];
    if (own) return this.withNested(own) as JsonSchema;
    return type.name ? this.schemaOf(Object.getPrototypeOf(type)) : undefined;
  }

  /** With the schemas of nested DTOs in place of references to them. */
  private withNested(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((one) => this.withNested(one));
    if (typeof schema !== 'object' || schema === null) return schema;
    if ('$ref' in schema && typeof schema.$ref === 'string')
      return described(this.withNested(this.schemas[schema.$ref.slice(NESTED.length)]) as JsonSchema);
    return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, this.withNested(value)]));
  }
}

/** A command whose fields are the body gives the body its name. */
const bodyName = (name: string): string => (name.endsWith('Body') ? name : `${name}Body`);

/** Adds the meanings of the fields and refuses other fields, as the input pipe does. */
export function described(schema: JsonSchema, fields: Record<string, string> = {}): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => [
      name,
      fields[name] === undefined ? property : { ...property, description: fields[name] },
    ]),
  );
  return { ...schema, properties, additionalProperties: false };
}

/** Named schemas of a document, each once. */
export class Components {
  readonly schemas: Record<string, unknown> = {};

  /**
   * A reference to the schema, or the schema itself if it has no name.
   * @throws Error if another schema has the name already
   */
  ref(name: string | undefined, schema: unknown): unknown {
    if (name === undefined) return schema;
    const known = this.schemas[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two schemas are named ${name}; give one of them another name`);
    }
    this.schemas[name] = schema;
    return { $ref: `#/components/schemas/${name}` };
  }
}

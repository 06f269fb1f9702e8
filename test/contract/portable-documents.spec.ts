import { describe, expect, it } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import { currentApi } from '../../apps/docs/published-api.js';
import { apiDescription } from '../../apps/gateway/api-description.js';
import { asyncApiDocument } from '../../libs/http/openapi/async-api.js';
import { EMAIL_ADDRESS, portablePattern, TEXT } from '../../libs/kernel/text-forms.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON documents
type Json = any;

const documents: [string, Json][] = [
  ['OpenAPI', currentApi()],
  ['AsyncAPI', asyncApiDocument(apiDescription(catalogue), readSettings({}))],
];

function patternsIn(value: Json): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = typeof value.pattern === 'string' ? [value.pattern] : [];
  return [...own, ...Object.values(value).flatMap(patternsIn)];
}

function integersIn(value: Json): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...(value.type === 'integer' ? [value] : []), ...Object.values(value).flatMap(integersIn)];
}

describe.each(documents)('the %s document', (_, document) => {
  it('says of each integer that may exceed 32 bits that it does', () => {
    const large = integersIn(document).filter(({ maximum }) => maximum > 2 ** 31 - 1);
    expect(large.length).toBeGreaterThan(5);
    expect(large.filter(({ format }) => format !== 'int64')).toEqual([]);
  });

  it('has patterns that RE2, Python and ECMAScript read alike', () => {
    const patterns = new Set(patternsIn(document));
    expect(patterns.size).toBeGreaterThan(5);
    for (const pattern of patterns) {
      expect(() => new RegExp(pattern, 'u')).not.toThrow();
      // Neither look-around, back-references, \u and \p, nor \d, \w and \s, whose meaning differs.
      expect([pattern, pattern.match(/\(\?(?!:)|\\[1-9ukpPdDwWsSbB]|[\ud800-\udfff]/)]).toEqual([pattern, null]);
    }
  });

  it('names no part by $id', () => {
    expect(JSON.stringify(document)).not.toContain('"$id"');
  });
});

it('a portable pattern accepts whatever the pattern accepts', () => {
  for (const [form, accepted, refused] of [
    [TEXT, 'an astronaut\nriding a horse', 'a\u0000'],
    [EMAIL_ADDRESS, 'ada@example.org', 'ada @example.org'],
  ] as const) {
    const portable = new RegExp(portablePattern(form), 'u');
    expect([new RegExp(form, 'u').test(accepted), portable.test(accepted), portable.test(refused)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([new RegExp(form, 'u').test('sealed:v1:a@b'), portable.test('sealed:v1:a@b')]).toEqual([false, true]);
  }
});

it('the OpenAPI document names 405, 415 and 429 wherever they may be answered', () => {
  for (const [path, item] of Object.entries<Json>(documents[0]![1].paths)) {
    for (const [method, { responses, requestBody }] of Object.entries<Json>(item)) {
      const at = `${method} ${path}`;
      expect([at, responses[429]?.description]).toEqual([at, expect.stringContaining('too-many-requests')]);
      expect([at, responses[415] !== undefined]).toEqual([at, requestBody !== undefined]);
      expect([at, responses.default.description]).toEqual([at, expect.stringContaining('405')]);
    }
  }
});

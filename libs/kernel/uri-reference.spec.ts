import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { isUri, isUriReference, toUriReference } from './uri-reference.js';

const ajv = new Ajv2020();
addFormats.default(ajv);
/** The check of the JavaScript SDK of CloudEvents. */
const sdk = ajv.compile({ type: 'string', format: 'uri-reference' });

describe('a URI reference', () => {
  it.each([
    '/image-service',
    'image-service',
    'https://images.example/detectors/nsfw?v=2#a',
    'urn:uuid:0196e0f0-0000-7000-8000-000000000001',
    'mailto:ops@example.org',
    '//cdn.example:8080/a//b/',
    'http://[2001:db8::1]:80/x',
    '/a%20b/%C3%A9',
    '?query',
    '#part',
    '../up',
    'a/b:c',
    '1',
  ])('is %s', (text) => {
    expect(isUriReference(text)).toBe(true);
    expect(toUriReference(text)).toBe(text);
  });

  it.each([
    '',
    ' ',
    'image service',
    '/a|b',
    '/a^b',
    '/a"b',
    '/é',
    '/%zz',
    '/100%',
    ':colon',
    '1a:b',
    'a b:c',
    '//',
    'http://',
    'scheme:',
    'http://[:::]/x',
    'http://[zz]/x',
    '/[x]',
    '{"a":1}',
    'a\\b',
    '<x>',
  ])('is not %j, which is encoded', (text) => {
    expect(isUriReference(text)).toBe(false);
    expect(isUriReference(toUriReference(text))).toBe(true);
  });

  it('with a scheme is a URI', () => {
    expect(['https://x.example/s', 'urn:a:b', '/relative', 'x'].map(isUri)).toEqual([true, true, false, false]);
  });

  it('is one for the URI parsers of consumers, whatever was stored', () => {
    const url = fc.stringMatching(/^[a-z:/?#[\]@!%0-9A-F. |é]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), url, fc.string({ unit: 'binary' })), (text) => {
        const encoded = toUriReference(text);
        expect(isUriReference(encoded)).toBe(true);
        expect(sdk(encoded)).toBe(true);
        expect(new URL(encoded, 'base://host/')).toBeInstanceOf(URL);
        expect(toUriReference(encoded)).toBe(encoded);
      }),
      { numRuns: runs(500, 3_000) },
    );
  });
});

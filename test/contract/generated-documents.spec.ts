import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import { generatedDocuments } from '../../apps/docs/generated-documents.js';

const read = (path: string): string => readFileSync(path, 'utf8');

describe('documents generated from the code', () => {
  it.each(generatedDocuments())('$path is up to date with npm run docs', ({ path, text }) => {
    expect(read(path)).toBe(text);
  });

  it('describe every event', () => {
    for (const { type } of catalogue.events) expect(read('docs/events.md')).toContain(`## ${type}\n`);
    for (const { summary } of catalogue.events) expect(read('docs/events.md')).toContain(summary);
  });
});

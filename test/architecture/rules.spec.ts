import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { importRules, importViolations } from './import-rules.js';
import { sourceFiles, sourceRules } from './source-rules.js';

const ROOT = process.cwd();
const PLANTED = join(ROOT, 'test', 'architecture', 'planted');
const MARK = '// planted violation\n';

const comments = new Map([...importRules, ...sourceRules].map(({ name, comment }) => [name, comment]));

async function violations(root: string) {
  const folders = ['apps', 'libs', 'test'].filter((folder) => existsSync(join(root, folder)));
  const ofSources = sourceFiles(root).flatMap((file) =>
    sourceRules.flatMap(({ name, findings }) =>
      findings(file).map((detail) => ({ rule: name, path: file.path, detail })),
    ),
  );
  return [...(await importViolations(root, folders)), ...ofSources];
}

describe('the structure of the code', () => {
  it('keeps every rule', async () => {
    const found = await violations(ROOT);
    expect(found.map(({ rule, path, detail }) => `${path} ${detail} (${rule}: ${comments.get(rule)})`)).toEqual([]);
  });

  it('was looked at: the tree is not empty', () => {
    expect(sourceFiles(ROOT).length).toBeGreaterThan(20);
  });

  it('has a planted violation for each rule and a rule for each planted folder', () => {
    expect(readdirSync(PLANTED).sort()).toEqual([...comments.keys()].sort());
  });

  it.each(readdirSync(PLANTED))('bites: %s', async (rule) => {
    const root = join(PLANTED, rule);
    const marked = sourceFiles(root).filter(({ text }) => text.startsWith(MARK));
    const found = await violations(root);
    expect([...new Set(found.map((violation) => violation.rule))]).toEqual([rule]);
    expect([...new Set(found.map(({ path }) => path))].sort()).toEqual(marked.map(({ path }) => path));
  });
});

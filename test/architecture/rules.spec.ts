import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { foundations, importRules, importViolations } from './import-rules.js';
import { sourceFiles, sourceRules } from './source-rules.js';

const ROOT = process.cwd();
const PLANTED = join(ROOT, 'test', 'architecture', 'planted');
/** What the imports both ways between foundations break besides. */
const BESIDES = [
  'kernel-imports-only-node',
  'gate-imports-nothing',
  'no-cycles-between-folders',
  'commands-load-no-backend',
  'backend-loads-no-commands',
];
const MARK = '// planted violation\n';

/** Every pair of foundations, the one that must not import first. */
const layers = foundations.flatMap((upper, place) =>
  foundations.slice(place + 1).map((lower) => ({ rule: `${upper}-imports-no-${lower}`, upper, lower })),
);

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

  it('covers a tree that is not empty', () => {
    expect(sourceFiles(ROOT).length).toBeGreaterThan(20);
  });

  it('has a planted violation for each rule and a rule for each planted folder', () => {
    const planted = [...readdirSync(PLANTED), ...layers.map(({ rule }) => rule)];
    expect(planted.sort()).toEqual([...comments.keys()].sort());
  });

  it('rejects the import for each pair of foundations, and allows the opposite one', async () => {
    const root = mkdtempSync(join(tmpdir(), 'gatehouse-layers-'));
    try {
      for (const foundation of foundations) {
        mkdirSync(join(root, 'libs', foundation), { recursive: true });
        writeFileSync(join(root, 'libs', foundation, 'port.ts'), `export const port = '${foundation}';\n`);
      }
      for (const { upper, lower } of layers) {
        const importOf = (one: string) => `import { port } from '../${one}/port.js';\nexport const found = port;\n`;
        writeFileSync(join(root, 'libs', upper, `imports-${lower}.ts`), importOf(lower));
        if (upper !== 'kernel') writeFileSync(join(root, 'libs', lower, `imports-${upper}.ts`), importOf(upper));
      }
      const found = (await importViolations(root, ['libs'])).filter(({ rule }) => !BESIDES.includes(rule));
      expect(found.map(({ rule, path }) => ({ rule, path }))).toEqual(
        expect.arrayContaining(
          layers.map(({ rule, upper, lower }) => ({ rule, path: `libs/${upper}/imports-${lower}.ts` })),
        ),
      );
      expect(found).toHaveLength(layers.length);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it.each(readdirSync(PLANTED))('bites: %s', async (rule) => {
    const root = join(PLANTED, rule);
    const marked = sourceFiles(root).filter(({ text }) => text.startsWith(MARK));
    const found = await violations(root);
    expect([...new Set(found.map((violation) => violation.rule))]).toEqual([rule]);
    const places = marked.map(({ path }) => (rule === 'no-cycles-between-folders' ? dirname(path) : path));
    expect([...new Set(found.map(({ path }) => path))].sort()).toEqual(places);
  });
});

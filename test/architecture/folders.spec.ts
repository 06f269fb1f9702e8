import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const MADE = ['node_modules', 'dist', 'data', 'coverage'];
/** A line of the tree: the folder, then what it is for. */
const LINE = /^([a-z][a-z/-]*)\/ +(\S.*)$/;

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !MADE.includes(entry.name))
    .map(({ name }) => name);

/** The first block of the document, as folder and text. */
function treeOf(document: string): Map<string, string> {
  const [, block] = /^```\w*\n([^`]+)\n```$/m.exec(document) ?? [];
  const lines = block?.split('\n') ?? [];
  return new Map(lines.map((line) => LINE.exec(line)?.slice(1) as [string, string]));
}

/** Folders that the tree lacks or that don't exist; a folder whose parts are listed need no line of its own. */
function differences(tree: readonly string[], real: (path: string) => string[]): string[] {
  const opened = new Set(tree.filter((path) => path.includes('/')).map((path) => path.split('/')[0]!));
  const expected = real('.').flatMap((top) => (opened.has(top) ? real(top).map((name) => `${top}/${name}`) : [top]));
  const missing = expected.filter((path) => !tree.includes(path));
  const gone = tree.filter((path) => !expected.includes(path));
  return [...missing.map((path) => `${path} is missing`), ...gone.map((path) => `${path} does not exist`)];
}

describe('the folders in docs/folders.md', () => {
  const tree = treeOf(readFileSync('docs/folders.md', 'utf8'));

  it('are the folders of the checkout', () => {
    expect(differences([...tree.keys()], foldersIn)).toEqual([]);
  });

  it('name every app', () => {
    const apps = foldersIn('apps').filter((app) => readdirSync(join('apps', app)).includes('main.ts'));
    const listed = tree.get('apps')!.split(': ')[1]!.split(', ');
    expect(listed.sort()).toEqual(apps.sort());
  });

  it('are compared both ways', () => {
    const real = (path: string) => (path === '.' ? ['docs', 'libs'] : ['http', 'kernel']);
    expect(differences(['docs', 'libs/http', 'libs/kernel'], real)).toEqual([]);
    expect(differences(['libs/http', 'libs/gone'], real)).toEqual([
      'docs is missing',
      'libs/kernel is missing',
      'libs/gone does not exist',
    ]);
  });
});

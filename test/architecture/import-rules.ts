import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config';
import { cyclicImports } from './cycles.js';

export interface Violation {
  rule: string;
  /** Relative to the root of the tree. */
  path: string;
  detail: string;
}

export const { FOUNDATIONS: foundations } = (await import(`${process.cwd()}/.dependency-cruiser.mjs`)) as {
  FOUNDATIONS: readonly string[];
};

const CYCLES = 'no-cycles';
const SPECS = ['\\.(spec|contract)\\.ts$', '^test/'];

const { forbidden = [], options } = await extractConfiguration('./.dependency-cruiser.mjs');

/** The parsed configuration has a string, a list, or an object with either. */
const { path: excluded = options?.exclude } = Object(options?.exclude) as { path?: unknown };
const EXCLUDED = [excluded ?? []].flat() as string[];

export const importRules: readonly { name: string; comment: string }[] = forbidden.map(({ name, comment }) => ({
  name: name ?? 'unnamed',
  comment: comment ?? '',
}));

/**
 * What dependency-cruiser finds in a tree under the rules of .dependency-cruiser.mjs.
 * @param root absolute
 * @param folders of the root
 */
export async function importViolations(root: string, folders: string[]): Promise<Violation[]> {
  // Specs may import whatever they test with, so they don't count for what folders import.
  const ofFolders = forbidden.filter((rule) => 'scope' in rule && rule.scope === 'folder');
  const ofFiles = forbidden.filter((rule) => !ofFolders.includes(rule) && rule.name !== CYCLES);
  const files = await cruised(root, folders, ofFiles);
  const cycles = cyclicImports(files.modules).map(({ from, to }) => violation(CYCLES, from, to));
  return [...violations(files), ...cycles, ...violations(await cruised(root, folders, ofFolders, SPECS))];
}

async function cruised(
  root: string,
  folders: string[],
  rules: typeof forbidden,
  without: readonly string[] = [],
): Promise<ICruiseResult> {
  const exclude = { path: [...EXCLUDED, ...without] };
  const { output } = await cruise(folders, {
    ...options,
    exclude,
    baseDir: root,
    validate: true,
    skipAnalysisNotInRules: true,
    ruleSet: { forbidden: rules },
  });
  return output as ICruiseResult;
}

const violations = ({ summary }: ICruiseResult): Violation[] =>
  summary.violations.map(({ rule, from, to }) => violation(rule.name, from, to));

const violation = (rule: string, path: string, to: string): Violation => ({ rule, path, detail: `imports ${to}` });

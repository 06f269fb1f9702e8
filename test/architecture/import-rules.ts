import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

export interface Violation {
  rule: string;
  /** Relative to the root of the tree. */
  path: string;
  detail: string;
}

export const { FOUNDATIONS: foundations } = (await import(`${process.cwd()}/.dependency-cruiser.mjs`)) as {
  FOUNDATIONS: readonly string[];
};

const { forbidden = [], options } = await extractConfiguration('./.dependency-cruiser.mjs');

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
  const { output } = await cruise(
    folders,
    { ...options, baseDir: root, validate: true, ruleSet: { forbidden } },
    undefined,
    { tsConfig: extractTsConfig('tsconfig.json') },
  );
  return (output as ICruiseResult).summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    path: from,
    detail: `imports ${to}`,
  }));
}

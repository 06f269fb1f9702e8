import { join } from 'node:path';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import ts from 'typescript';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata?: ObjectMeta;
}

/** Lies beside the project's own files, so that imports are found from there; it is never written. */
const CHECKED = join(process.cwd(), 'test', 'deploy', 'checked-manifests.ts');
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  lib: ['lib.es5.d.ts'],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

/**
 * What Kubernetes would refuse of manifests: fields that it does not know, that are missing or of another type. They are
 * checked as literals of its published types, where TypeScript lets no field too many pass.
 */
export function kubernetesFaults(manifests: readonly Manifest[]): string[] {
  const source = manifests.map(literalOf).join('\n');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === CHECKED || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === CHECKED ? ts.createSourceFile(name, source, OPTIONS.target!) : getSourceFile(name, ...rest);
  const program = ts.createProgram([CHECKED], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

/** `apps/v1` and `policy/v1` stand in modules of their names, `v1` in that of the core, `….k8s.io` in the part before. */
function literalOf(manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest;
  const module = apiVersion === 'v1' ? 'core/v1' : apiVersion.replace('.k8s.io/', '/');
  const type = `Required<Pick<import('kubernetes-types/${module}').${kind}, 'apiVersion' | 'kind'>>`;
  const literal = JSON.stringify(manifest);
  return `export const manifest${index}: import('kubernetes-types/${module}').${kind} & ${type} = ${literal};`;
}

import { join } from 'node:path';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import ts from 'typescript';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata?: ObjectMeta;
}

/** A path beside the project's own files, so that imports resolve; it is never written. */
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
 * The faults for which Kubernetes would refuse manifests: fields that are unknown, missing or of a wrong type. Manifests
 * are checked as literals of its published types, for which TypeScript allows no excess field.
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

/** `apps/v1` and `policy/v1` are modules of those names, `v1` is the core module, and `….k8s.io` has the name before the dot. */
function literalOf(manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest;
  const module = apiVersion === 'v1' ? 'core/v1' : apiVersion.replace('.k8s.io/', '/');
  const type = `Required<Pick<import('kubernetes-types/${module}').${kind}, 'apiVersion' | 'kind'>>`;
  const literal = JSON.stringify(manifest);
  return `export const manifest${index}: import('kubernetes-types/${module}').${kind} & ${type} = ${literal};`;
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hiddenSources } from './hidden-sources.js';
import { foundations } from './import-rules.js';
import { dialectIn } from './plain-english.js';

export interface SourceFile {
  /** Relative to the root of the tree, with forward slashes. */
  path: string;
  text: string;
}

/** A rule over files that imports can't express. */
export interface SourceRule {
  name: string;
  comment: string;
  /** A line for each violation in the file. */
  findings(file: SourceFile): string[];
}

const MAX_LINES = 350;
const CODE = /\.(ts|mjs)$/;
const CHECKED_FILES = /\.(ts|mjs|md|ya?ml|example)$|Dockerfile$/;
const VAGUE = /(^|[/.-])(utils?|helpers?|common|misc|shared|base|managers?)(?=[/.-])/i;
const CAMEL_CASE = /[a-z][A-Z]/;
const SPEC = /\.(spec|contract)\.ts$/;
const PORTS = ['libs/kernel/clock.ts', 'libs/kernel/ids.ts'];
const CONTEXT_INDEX = new RegExp(`^libs/(?!(?:${foundations.join('|')})/)[^/]+/index\\.ts$`);

const ROOM = new RegExp(`^libs/(?!(?:${foundations.join('|')})/)[^/]+/(views|processes)/`);

/** Others may not import node-postgres at all. */
const ADAPTER = /^libs\/(platform|event-store|subscriptions)\//;

const isUnderPorts = (path: string): boolean =>
  /^(apps|libs)\/.*\.ts$/.test(path) && !SPEC.test(path) && !PORTS.includes(path);

export const sourceRules: readonly SourceRule[] = [
  {
    name: 'time-and-chance-come-from-ports',
    comment:
      'The clock, random numbers and fresh ids come from the Clock and Ids ports, so that a test can make them repeat.',
    findings: ({ path, text }) => (isUnderPorts(path) ? hiddenSources(path, text) : []),
  },
  {
    name: 'file-names-say-content',
    comment: 'A name such as utils or helpers does not say what is inside; names are kebab-case.',
    findings({ path }) {
      const vague = VAGUE.exec(path)?.[2];
      if (vague) return [`"${vague}" does not say what is inside`];
      return CAMEL_CASE.test(path) ? ['names are kebab-case'] : [];
    },
  },
  {
    name: 'connections-come-from-one-place',
    comment:
      'openPool and openClient give every session the same parameters; one of node-postgres itself would have those of the server.',
    findings({ path, text }) {
      if (!ADAPTER.test(path) || SPEC.test(path) || path === 'libs/platform/database/connection.ts') return [];
      return /new pg\.(Pool|Client)\b/.test(text) ? ['use openPool or openClient'] : [];
    },
  },
  {
    name: 'rooms-hold-what-they-say',
    comment: 'A file in views/ defines a read model, one in processes/ a consumer, or work that is due by the clock.',
    findings({ path, text }) {
      const room = SPEC.test(path) ? undefined : ROOM.exec(path)?.[1];
      if (room === 'views' && !text.includes('defineView(')) return ['defines no view'];
      const acts = text.includes('defineConsumer(') || text.includes('runPeriodically(');
      return room === 'processes' && !acts ? ['defines no consumer and no periodic work'] : [];
    },
  },
  {
    name: 'only-contexts-have-an-index',
    comment: 'An index.ts is the public interface of a context; elsewhere a barrel only hides where things are.',
    findings: ({ path }) =>
      path.endsWith('/index.ts') && !CONTEXT_INDEX.test(path) ? ['import the files themselves'] : [],
  },
  {
    name: 'files-stay-short',
    comment: `Past ${MAX_LINES} lines a file is two things.`,
    findings({ path, text }) {
      if (!CODE.test(path) || path.startsWith('test/')) return [];
      const lines = text.split('\n').length - 1;
      return lines > MAX_LINES ? [`${lines} lines, at most ${MAX_LINES}`] : [];
    },
  },
  {
    name: 'plain-english',
    comment: 'Use the terms that a newcomer would search for.',
    findings: dialectIn,
  },
];

/** The code, documents and deployment files of a tree, without the planted violations. */
export function sourceFiles(root: string): SourceFile[] {
  const readme = existsSync(join(root, 'README.md')) ? ['README.md'] : [];
  const paths = ['apps', 'libs', 'test', 'docs', 'deploy'].flatMap((folder) => {
    let entries: string[];
    try {
      entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    } catch {
      return []; // a planted tree may lack one
    }
    return entries
      .filter((entry) => CHECKED_FILES.test(entry) && !entry.includes('node_modules'))
      .map((entry) => `${folder}/${entry.replaceAll('\\', '/')}`)
      .filter((path) => !path.startsWith('test/architecture/planted/'));
  });
  return [...readme, ...paths].sort().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/**
 * The structure of Gatehouse as rules over imports. test/architecture runs them over the tree and over planted
 * violations, one folder for each rule by its name, so that a rule that no longer finds anything is noticed.
 */

/** Each imports only those before it. */
export const FOUNDATIONS = [
  'kernel',
  'gate',
  'events',
  'platform',
  'event-store',
  'subscriptions',
  'projections',
  'http',
  'cli',
  'kafka',
  'ingest',
  'publish',
  'context',
  'log-transfer',
];
const FOUNDATION = FOUNDATIONS.join('|');
/** Any other folder of libs is a context. The rules apply to a new one from its first file on. */
const CONTEXT = `libs/(?!(?:${FOUNDATION})/)`;
/** What a context or a foundation adds to the command line: its cli.ts, with parts in the folder cli/. */
const COMMANDS = 'cli(?:\\.ts$|/)';
const SPECS = '\\.(spec|contract)\\.ts$';

/** Matches a package wherever it is installed, and by its bare name if it is not. */
const packages = (names) => `(^|node_modules/)(@types/)?(${names})(/|$)`;

/** One rule for each pair of foundations: the upper one imports nothing of the lower one. */
const layers = FOUNDATIONS.flatMap((upper, place) =>
  FOUNDATIONS.slice(place + 1).map((lower) => ({
    name: `${upper}-imports-no-${lower}`,
    comment: `A foundation imports only those before it: ${FOUNDATIONS.join(', ')}.`,
    from: { path: `^libs/${upper}/`, pathNot: SPECS },
    to: { path: `^libs/${lower}/` },
  })),
);

const forbidden = [
  ...layers,
  {
    name: 'kernel-imports-only-node',
    comment:
      'The kernel imports the standard library and small pure packages only, so that every rule of the domain can be read by itself.',
    from: { path: '^libs/kernel/', pathNot: SPECS },
    to: { pathNot: ['^libs/', packages('p-map|lru-cache')], dependencyTypesNot: ['core'] },
  },
  {
    name: 'gate-imports-nothing',
    comment:
      'The statistics of the gate are formulas with their sources: no framework, no package and nothing else of ours, so that they can be checked by themselves.',
    from: { path: '^libs/gate/', pathNot: SPECS },
    to: { pathNot: '^libs/gate/' },
  },
  {
    name: 'decisions-import-only-kernel-and-own-events',
    comment:
      "A decision file (one at the top of its context) imports the kernel, the statistics of the gate, its own context's events and decisions and the types of event definitions; of another context only types, through its index.ts.",
    from: {
      path: `^${CONTEXT}([^/]+)/[^/]+\\.ts$`,
      pathNot: [SPECS, '/(index|events|[^/]+-events|schema|module|cli|[^/]+\\.module)\\.ts$'],
    },
    to: {
      pathNot: [
        '^libs/(kernel|gate)/',
        '^libs/events/event-definition\\.ts$',
        '^libs/$1/(?!index\\.ts|cli\\.ts|[^/]*module\\.ts)[^/]+\\.ts$',
        `^${CONTEXT}[^/]+/index\\.ts$`,
      ],
    },
  },
  {
    name: 'decisions-take-only-types-from-other-contexts',
    comment:
      'What a decision needs of another context is handed to it; only the shape is imported, which is gone at run time.',
    from: {
      path: `^${CONTEXT}([^/]+)/[^/]+\\.ts$`,
      pathNot: [SPECS, '/(index|events|[^/]+-events|schema|module|cli|[^/]+\\.module)\\.ts$'],
    },
    to: { path: `^${CONTEXT}[^/]+/index\\.ts$`, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'events-are-declarations',
    comment:
      'An events.ts, and each …-events.ts of a context that has many, declares schemas and nothing else, since every decision file imports one.',
    from: { path: `^${CONTEXT}([^/]+)/[^/]*events\\.ts$` },
    to: {
      pathNot: [
        '^libs/kernel/',
        '^libs/events/(event-definition|schemas)\\.ts$',
        '^libs/$1/[^/]+-events\\.ts$',
        packages('typebox'),
      ],
    },
  },
  {
    name: 'views-are-pure-folds',
    comment:
      "A view imports event definitions, its context's decisions, the kernel and the shape of a view: no library, no SQL, no Nest. What reads a view's tables is a query, what acts on events a process.",
    from: { path: `^${CONTEXT}([^/]+)/views/`, pathNot: SPECS },
    to: {
      pathNot: [
        '^libs/kernel/',
        '^libs/events/event-definition\\.ts$',
        '^libs/projections/view\\.ts$',
        '^libs/$1/(?!index\\.ts|schema\\.ts|cli\\.ts|[^/]*module\\.ts)[^/]+\\.ts$',
        '^libs/$1/views/',
        `^${CONTEXT}[^/]+/index\\.ts$`,
      ],
    },
  },
  {
    name: 'queries-act-on-nothing',
    comment: 'A query reads; a file that it imports must not be a command or a consumer.',
    from: { path: `^${CONTEXT}([^/]+)/queries/`, pathNot: SPECS },
    to: { path: '^libs/$1/(features|processes)/' },
  },
  {
    name: 'contexts-meet-at-index',
    comment: "A context may import of another what that one's index.ts exports.",
    from: { path: `^${CONTEXT}([^/]+)/`, pathNot: `^libs/[^/]+/${COMMANDS}` },
    to: { path: `^${CONTEXT}[^/]+/`, pathNot: ['^libs/$1/', '^libs/[^/]+/index\\.ts$'] },
  },
  {
    name: 'commands-meet-at-cli',
    comment: "Commands may import of another context what that one's cli.ts exports.",
    from: { path: `^${CONTEXT}([^/]+)/${COMMANDS}` },
    to: { path: `^${CONTEXT}[^/]+/`, pathNot: ['^libs/$1/', '^libs/[^/]+/cli\\.ts$'] },
  },
  {
    name: 'commands-load-no-backend',
    comment:
      'The command line starts at once because it loads nothing of the backend: of the rest of libs it imports types.',
    from: { path: [`^libs/[^/]+/${COMMANDS}`, '^libs/cli/', '^apps/cli/', '^apps/contexts\\.ts$'], pathNot: SPECS },
    to: {
      path: ['^libs/', '^apps/composition/', packages('@nestjs/[^/]+|pg|typeorm|fastify')],
      pathNot: [
        '^libs/(kernel|gate)/',
        '^libs/cli/',
        `^libs/[^/]+/${COMMANDS}`,
        '^libs/http/http-error\\.ts$',
        '^libs/platform/new-file\\.ts$',
        '^libs/platform/process/stop-signals\\.ts$',
        '^apps/composition/version\\.ts$',
      ],
      dependencyTypesNot: ['type-only', 'dynamic-import'],
    },
  },
  {
    name: 'backend-loads-no-commands',
    comment: 'A server has no use for the command line.',
    from: { path: '^libs/', pathNot: [SPECS, `^libs/[^/]+/${COMMANDS}`, '^libs/cli/'] },
    to: { path: ['^libs/cli/', `^libs/[^/]+/${COMMANDS}`, packages('commander')] },
  },
  {
    name: 'tlog-imports-only-node',
    comment:
      'Hashing, proofs and signatures of the log of leaves need nothing of ours, so that they can be read, and used to verify, by themselves.',
    from: { path: '^libs/proof/tlog/', pathNot: SPECS },
    to: { pathNot: ['^libs/proof/tlog/', '^libs/kernel/'], dependencyTypesNot: ['core'] },
  },
  {
    name: 'foundations-know-no-context',
    comment: 'Foundations serve any domain; what they need of a context is passed to them.',
    from: { path: `^libs/(${FOUNDATION})/` },
    to: { path: `^${CONTEXT}[^/]+/` },
  },
  {
    name: 'libs-import-no-apps',
    comment: 'apps compose libs, never the reverse.',
    from: { path: '^libs/' },
    to: { path: '^apps/' },
  },
  {
    name: 'nodemailer-only-in-its-adapter',
    comment: 'What sends mail has one place that keeps addresses out of errors and logs.',
    from: { path: '^(libs|apps)/', pathNot: '^libs/notices/sending/' },
    to: { path: packages('nodemailer') },
  },
  {
    name: 'kafkajs-only-in-its-adapter',
    comment: 'Kafka is one way in and out among others; choosing it is configuration.',
    from: { pathNot: ['^libs/kafka/', '^test/support/kafka-admin\\.ts$'] },
    to: { path: packages('kafkajs') },
  },
  {
    name: 'eventstoredb-client-only-in-its-adapter',
    comment: 'EventStoreDB is one event store among others; choosing it is configuration.',
    from: { pathNot: ['^libs/event-store/eventstoredb/', '^test/support/fake-eventstoredb\\.ts$'] },
    to: { path: packages('@eventstore/db-client|@kurrent/kurrentdb-client') },
  },
  {
    name: 'sql-only-in-adapters-migrations-and-queries',
    comment:
      'pg and typeorm belong to adapters (a postgres folder, or a file named postgres-…), migrations (schema.ts), queries, the projections engine, the database platform, the embedded server and the tables of security.',
    from: {
      path: '^(libs|apps)/',
      pathNot: [
        SPECS,
        '/postgres/',
        '/postgres-[^/]+\\.ts$',
        '/schema\\.ts$',
        '/queries/',
        '^libs/(projections|subscriptions)/',
        '^libs/platform/(database|embedded-postgres|personal-data)/',
        '^libs/ingest/(stored-quarantine-entry|quarantine)\\.ts$',
        '^libs/http/credentials/',
      ],
    },
    to: { path: packages('pg|typeorm') },
  },
  {
    name: 'production-imports-no-tests',
    comment: 'What runs in production reaches no spec and no test support.',
    from: { path: '^(libs|apps)/', pathNot: SPECS },
    to: { path: ['^test/', SPECS] },
  },
  {
    name: 'production-imports-no-dev-dependencies',
    comment: 'An installation without devDependencies must run.',
    from: { path: '^(libs|apps)/', pathNot: SPECS },
    to: { dependencyTypes: ['npm-dev'], pathNot: packages('@types/[^/]+') },
  },
  {
    name: 'no-cycles',
    comment: 'Two files that import one another are one thing, or a third thing is missing.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-cycles-between-folders',
    comment: 'Two folders that import one another are one folder, or a file is in the wrong one.',
    scope: 'folder',
    from: {},
    to: { circular: true },
  },
];

export default {
  forbidden: forbidden.map((rule) => ({ ...rule, severity: 'error' })),
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data|test/architecture/planted)/' },
    // Longer than a run takes: no file changes meanwhile, and each that is looked up again costs as much as to parse one.
    enhancedResolveOptions: { cachedInputFileSystem: { cacheDuration: 600_000 } },
  },
};

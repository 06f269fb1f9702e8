import { StartFailure } from '../start-failure.js';
import {
  choice,
  integer,
  list,
  named,
  networks,
  onOff,
  optionalChoice,
  optionalKey,
  optionalServers,
  optionalText,
  optionalUrl,
  type Setting,
  text,
} from './setting-kinds.js';

const DAY_MS = 86_400_000;
const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
const A_TOPIC = 'the name of a topic';

/** Every setting. One entry here adds it to the type, the validation and docs/operations/settings.md. */
const table = {
  host: text('GATEHOUSE_HOST', '127.0.0.1', 'Address that the HTTP server binds to'),
  port: integer('GATEHOUSE_PORT', 8080, 0, 65_535, 'Port of the HTTP server; 0 picks a free port'),
  data: text('GATEHOUSE_DATA', './data', 'Directory of the embedded database and of generated secrets'),
  databaseUrl: optionalUrl(
    'GATEHOUSE_DATABASE_URL',
    ['postgres:', 'postgresql:'],
    'An existing PostgreSQL, version 15 or later; if unset, an embedded one is started',
    { secret: true },
  ),
  eventStoreUrl: optionalServers(
    'GATEHOUSE_EVENTSTORE_URL',
    ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'],
    'An EventStoreDB or KurrentDB, version 22.6 or later, that stores the log; if unset, PostgreSQL stores it',
    { secret: true },
  ),
  postgresPort: integer(
    'GATEHOUSE_POSTGRES_PORT',
    0,
    0,
    65_535,
    'Port of the embedded PostgreSQL on 127.0.0.1; 0 picks a free port',
  ),
  masterKey: optionalKey(
    'GATEHOUSE_MASTER_KEY',
    32,
    "Master key: encrypts the keys of people's personal data; takes precedence over the file",
  ),
  masterKeyFile: optionalText(
    'GATEHOUSE_MASTER_KEY_FILE',
    'File with the master key; by default `master.key` in the data directory, created there with an embedded database only',
  ),
  logLevel: choice(
    'GATEHOUSE_LOG_LEVEL',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'Lowest severity that is logged',
  ),
  logFormat: choice(
    'GATEHOUSE_LOG_FORMAT',
    ['auto', 'pretty', 'json'],
    'auto',
    'Format of the log lines; auto is pretty on a terminal and json otherwise',
  ),
  oidcIssuer: optionalUrl(
    'GATEHOUSE_OIDC_ISSUER',
    ['https:', 'http:'],
    'OpenID Connect issuer whose JWTs are accepted in addition to tokens',
  ),
  oidcAudience: optionalText('GATEHOUSE_OIDC_AUDIENCE', 'Audience that those JWTs must have; required with an issuer'),
  oidcRolesClaim: text(
    'GATEHOUSE_OIDC_ROLES_CLAIM',
    'roles',
    'Claim of those JWTs that lists the roles; a dotted path selects a nested claim',
  ),
  stalenessMs: integer(
    'GATEHOUSE_STALENESS_MS',
    5_000,
    100,
    600_000,
    'Maximum age of the state behind an access decision, in ms; past it every decision is a deny',
  ),
  accessWaitMs: integer(
    'GATEHOUSE_ACCESS_WAIT_MS',
    2_000,
    0,
    60_000,
    'Maximum time an access decision waits for a position that its caller demands, in ms',
  ),
  reviewPanel: integer('GATEHOUSE_REVIEW_PANEL', 1, 1, 25, 'Number of reviewers whose verdicts decide a case'),
  claimLeaseMs: integer(
    'GATEHOUSE_CLAIM_LEASE_MS',
    900_000,
    1_000,
    DAY_MS,
    'Duration of the lease on a claimed case, in ms',
  ),
  httpLanes: integer('GATEHOUSE_HTTP_LANES', 4, 1, 64, 'Number of streams that facts from HTTP are distributed over'),
  publicRatePerMinute: integer(
    'GATEHOUSE_PUBLIC_RATE_PER_MINUTE',
    60,
    1,
    1_000_000,
    'Requests per minute from one address without a valid credential',
  ),
  trustedProxies: networks(
    'GATEHOUSE_TRUSTED_PROXIES',
    "Proxies whose X-Forwarded-For, -Proto and -Host are trusted; if unset, every caller behind a proxy has the proxy's address",
  ),
  kafkaBrokers: list(
    'GATEHOUSE_KAFKA_BROKERS',
    /^[^\s:]+:\d{1,5}$/,
    'host:port',
    'Some brokers of a Kafka cluster; if unset, Kafka is not used',
  ),
  kafkaTls: onOff('GATEHOUSE_KAFKA_TLS', false, 'Whether connections to the brokers are encrypted'),
  kafkaCaFile: optionalText(
    'GATEHOUSE_KAFKA_CA_FILE',
    'PEM file with the certificate authority of the brokers, unless a public authority signed them; with TLS only',
  ),
  kafkaSaslMechanism: optionalChoice(
    'GATEHOUSE_KAFKA_SASL_MECHANISM',
    ['plain', 'scram-sha-256', 'scram-sha-512'],
    'How this process authenticates with the brokers; needs a user name and a password',
  ),
  kafkaUsername: optionalText('GATEHOUSE_KAFKA_USERNAME', 'User name for the brokers'),
  kafkaPassword: optionalText('GATEHOUSE_KAFKA_PASSWORD', 'Password of that user', { secret: true }),
  kafkaFactsTopic: named(
    'GATEHOUSE_KAFKA_FACTS_TOPIC',
    TOPIC,
    A_TOPIC,
    'gatehouse.facts',
    'Topic from which events are ingested',
  ),
  kafkaTypeTopics: list(
    'GATEHOUSE_KAFKA_TYPE_TOPICS',
    TOPIC,
    'names of topics',
    'Further topics from which events are ingested',
  ),
  kafkaEventsTopic: named(
    'GATEHOUSE_KAFKA_EVENTS_TOPIC',
    TOPIC,
    A_TOPIC,
    'gatehouse.events',
    'Topic to which the public events are published',
  ),
  kafkaQuarantineTopic: named(
    'GATEHOUSE_KAFKA_QUARANTINE_TOPIC',
    TOPIC,
    A_TOPIC,
    'gatehouse.quarantine',
    'Topic that receives a copy of each quarantined Kafka message',
  ),
  kafkaGroup: text('GATEHOUSE_KAFKA_GROUP', 'gatehouse-ingester', 'Consumer group of the ingesters'),
  scheduler: onOff('GATEHOUSE_SCHEDULER', true, 'Whether this process admits cohorts on schedule'),
  newAdministratorToken: onOff(
    'GATEHOUSE_NEW_ADMINISTRATOR_TOKEN',
    false,
    'Whether this start creates and prints another administrator token, to replace a lost one',
  ),
};

const PREFIX = 'GATEHOUSE_';
/** Read by the test run, the local broker and the command line client. */
const NOT_SETTINGS = new Set(['GATEHOUSE_TEST_SERVER', 'GATEHOUSE_KAFKA_PORT', 'GATEHOUSE_URL', 'GATEHOUSE_TOKEN']);

/** A setting that requires another one, and what to set that to. */
const NEEDS: readonly (readonly [variable: string, needed: string, remedy: string])[] = [
  ['GATEHOUSE_OIDC_ISSUER', 'GATEHOUSE_OIDC_AUDIENCE', 'the audience of your JWTs'],
  ['GATEHOUSE_KAFKA_CA_FILE', 'GATEHOUSE_KAFKA_TLS', 'on'],
  ['GATEHOUSE_KAFKA_SASL_MECHANISM', 'GATEHOUSE_KAFKA_USERNAME', 'the user name for the brokers'],
  ['GATEHOUSE_KAFKA_SASL_MECHANISM', 'GATEHOUSE_KAFKA_PASSWORD', 'the password of that user'],
  ['GATEHOUSE_KAFKA_USERNAME', 'GATEHOUSE_KAFKA_SASL_MECHANISM', 'the mechanism that the brokers require'],
  ['GATEHOUSE_KAFKA_PASSWORD', 'GATEHOUSE_KAFKA_SASL_MECHANISM', 'the mechanism that the brokers require'],
];

type Values = { [Name in keyof typeof table]: (typeof table)[Name] extends Setting<infer Value> ? Value : never };

/** The validated settings of a process, read once at its start. */
export type Settings = Readonly<Values>;

/** Has one line per wrong variable: its name, its value unless secret, what is expected, and what to do. */
export class InvalidSettings extends StartFailure {
  constructor(readonly lines: readonly string[]) {
    super('invalid-settings', lines.join('\n'));
  }
}

/**
 * @param env an empty value counts as not set
 * @throws InvalidSettings
 */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const wrong: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { variable, parse, fallback, expects, secret }] of Object.entries<Setting>(table)) {
    const given = env[variable]?.trim() ?? '';
    values[name] = given === '' ? fallback : parse(given);
    if (given === '' || values[name] !== undefined) continue;
    const shown = secret ? 'has a value that' : `is ${JSON.stringify(given)}, which`;
    wrong.push(`${variable} ${shown} is not ${expects}: correct it, or unset it to use the default`);
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(PREFIX) || NOT_SETTINGS.has(variable) || known.includes(variable)) continue;
    wrong.push(`${variable} is not a setting: did you mean ${nearest(variable)}? Rename or unset it`);
  }
  const isSet = (variable: string) => !['', 'off'].includes(env[variable]?.trim() ?? '');
  for (const [variable, needed, remedy] of NEEDS) {
    if (!isSet(variable) || isSet(needed)) continue;
    wrong.push(`${needed} is not set, but ${variable} is: set it to ${remedy}, or unset ${variable}`);
  }
  if (wrong.length > 0) throw new InvalidSettings(wrong);
  return Object.freeze(values) as Settings;
}

/** The table of settings for the documentation, in markdown. */
export function settingsTable(): string {
  const rows = Object.values<Setting>(table).map(
    ({ variable, shownDefault, expects, summary }) =>
      `| \`${variable}\` | ${shownDefault === '' ? '' : `\`${shownDefault}\``} | ${expects} | ${summary} |`,
  );
  return ['| variable | default | value | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const known = Object.values<Setting>(table).map(({ variable }) => variable);

const nearest = (variable: string): string =>
  known.map((name) => ({ name, far: editDistance(variable, name) })).sort((a, b) => a.far - b.far)[0]!.name;

/** The Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

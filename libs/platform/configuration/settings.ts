import { StartFailure } from '../database/start-failure.js';
import {
  choice,
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
  whole,
} from './setting-kinds.js';

const DAY_MS = 86_400_000;
const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
const A_TOPIC = 'the name of a topic';

/** Every setting there is. One line here adds one: to the type, the validation and the README. */
const table = {
  host: text('GATEHOUSE_HOST', '127.0.0.1', 'Address that the HTTP server listens on'),
  port: whole('GATEHOUSE_PORT', 8080, 0, 65_535, 'Port of the HTTP server; 0 takes a free one'),
  data: text('GATEHOUSE_DATA', './data', 'Directory of the embedded database and of generated secrets'),
  databaseUrl: optionalUrl(
    'GATEHOUSE_DATABASE_URL',
    ['postgres:', 'postgresql:'],
    'An existing PostgreSQL 15 or later; without it an embedded one is started',
    { secret: true },
  ),
  eventStoreUrl: optionalServers(
    'GATEHOUSE_EVENTSTORE_URL',
    ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'],
    'An EventStoreDB or KurrentDB 22.6 or later that holds the log; without it the log is in the PostgreSQL',
    { secret: true },
  ),
  postgresPort: whole(
    'GATEHOUSE_POSTGRES_PORT',
    0,
    0,
    65_535,
    'Port of the embedded PostgreSQL on 127.0.0.1; 0 takes a free one',
  ),
  masterKey: optionalKey(
    'GATEHOUSE_MASTER_KEY',
    32,
    "Wraps the keys that people's data is encrypted with; takes precedence over the file",
  ),
  masterKeyFile: optionalText(
    'GATEHOUSE_MASTER_KEY_FILE',
    'File with the master key; by default `master.key` in the data directory, made there with an embedded database only',
  ),
  logLevel: choice(
    'GATEHOUSE_LOG_LEVEL',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'Least severity that is logged',
  ),
  logFormat: choice(
    'GATEHOUSE_LOG_FORMAT',
    ['auto', 'pretty', 'json'],
    'auto',
    'Form of the log lines; auto is pretty on a terminal, otherwise json',
  ),
  oidcIssuer: optionalUrl(
    'GATEHOUSE_OIDC_ISSUER',
    ['https:', 'http:'],
    'OpenID Connect issuer whose JWTs are accepted besides tokens',
  ),
  oidcAudience: optionalText('GATEHOUSE_OIDC_AUDIENCE', 'Audience that those JWTs must name; required with an issuer'),
  oidcRolesClaim: text(
    'GATEHOUSE_OIDC_ROLES_CLAIM',
    'roles',
    'Claim of those JWTs that lists roles; a dotted path reaches into objects',
  ),
  stalenessMs: whole(
    'GATEHOUSE_STALENESS_MS',
    5_000,
    100,
    600_000,
    'Oldest state an access decision may rest on, in ms; past it the answer is deny',
  ),
  accessWaitMs: whole(
    'GATEHOUSE_ACCESS_WAIT_MS',
    2_000,
    0,
    60_000,
    'Longest wait of an access decision for a position its caller demands, in ms',
  ),
  reviewPanel: whole('GATEHOUSE_REVIEW_PANEL', 1, 1, 25, 'Reviewers whose verdicts decide a case'),
  claimLeaseMs: whole(
    'GATEHOUSE_CLAIM_LEASE_MS',
    900_000,
    1_000,
    DAY_MS,
    'How long a claimed case stays with its reviewer, in ms',
  ),
  httpLanes: whole('GATEHOUSE_HTTP_LANES', 4, 1, 64, 'Streams that facts from HTTP are spread over'),
  publicRatePerMinute: whole(
    'GATEHOUSE_PUBLIC_RATE_PER_MINUTE',
    60,
    1,
    1_000_000,
    'Requests a minute that one address may make without a credential, and with a wrong one',
  ),
  trustedProxies: networks(
    'GATEHOUSE_TRUSTED_PROXIES',
    "Proxies whose X-Forwarded-For, -Proto and -Host count; without them all callers have the proxy's address",
  ),
  kafkaBrokers: list(
    'GATEHOUSE_KAFKA_BROKERS',
    /^[^\s:]+:\d{1,5}$/,
    'host:port',
    'Some of the brokers of a Kafka cluster; without them the doors to Kafka are closed',
  ),
  kafkaTls: onOff('GATEHOUSE_KAFKA_TLS', false, 'Whether connections to the brokers are encrypted'),
  kafkaCaFile: optionalText(
    'GATEHOUSE_KAFKA_CA_FILE',
    "File with the authority's certificate in PEM, where it is not one that everybody knows; with TLS only",
  ),
  kafkaSaslMechanism: optionalChoice(
    'GATEHOUSE_KAFKA_SASL_MECHANISM',
    ['plain', 'scram-sha-256', 'scram-sha-512'],
    'How this process proves to the brokers who it is; needs a user name and a password',
  ),
  kafkaUsername: optionalText('GATEHOUSE_KAFKA_USERNAME', 'Name that the brokers know this process by'),
  kafkaPassword: optionalText('GATEHOUSE_KAFKA_PASSWORD', 'Password of that name', { secret: true }),
  kafkaFactsTopic: named(
    'GATEHOUSE_KAFKA_FACTS_TOPIC',
    TOPIC,
    A_TOPIC,
    'gatehouse.facts',
    'Topic that events come in from',
  ),
  kafkaTypeTopics: list(
    'GATEHOUSE_KAFKA_TYPE_TOPICS',
    TOPIC,
    'names of topics',
    'Further topics that events come in from',
  ),
  kafkaEventsTopic: named(
    'GATEHOUSE_KAFKA_EVENTS_TOPIC',
    TOPIC,
    A_TOPIC,
    'gatehouse.events',
    'Topic that the public events go out to',
  ),
  kafkaQuarantineTopic: named(
    'GATEHOUSE_KAFKA_QUARANTINE_TOPIC',
    TOPIC,
    A_TOPIC,
    'gatehouse.quarantine',
    'Topic that gets a copy of what came in over Kafka and was not taken',
  ),
  kafkaGroup: text('GATEHOUSE_KAFKA_GROUP', 'gatehouse-ingester', 'Consumer group of the ingesters'),
  scheduler: onOff('GATEHOUSE_SCHEDULER', true, 'Whether this process admits cohorts on schedule'),
  newAdministratorToken: onOff(
    'GATEHOUSE_NEW_ADMINISTRATOR_TOKEN',
    false,
    'Whether this start makes and prints a further administrator token, for whoever lost theirs',
  ),
};

const PREFIX = 'GATEHOUSE_';
/** Of the test run, of the local broker and of the command line client. */
const NOT_SETTINGS = new Set(['GATEHOUSE_TEST_SERVER', 'GATEHOUSE_KAFKA_PORT', 'GATEHOUSE_URL', 'GATEHOUSE_TOKEN']);

/** A setting that is nothing without another, and what that one has to be. */
const NEEDS: readonly (readonly [variable: string, needed: string, cure: string])[] = [
  ['GATEHOUSE_OIDC_ISSUER', 'GATEHOUSE_OIDC_AUDIENCE', 'the audience your JWTs name'],
  ['GATEHOUSE_KAFKA_CA_FILE', 'GATEHOUSE_KAFKA_TLS', 'on'],
  ['GATEHOUSE_KAFKA_SASL_MECHANISM', 'GATEHOUSE_KAFKA_USERNAME', 'the name that the brokers know this process by'],
  ['GATEHOUSE_KAFKA_SASL_MECHANISM', 'GATEHOUSE_KAFKA_PASSWORD', 'the password of the user name'],
  ['GATEHOUSE_KAFKA_USERNAME', 'GATEHOUSE_KAFKA_SASL_MECHANISM', 'the mechanism that the brokers ask for'],
  ['GATEHOUSE_KAFKA_PASSWORD', 'GATEHOUSE_KAFKA_SASL_MECHANISM', 'the mechanism that the brokers ask for'],
];

type Values = { [Name in keyof typeof table]: (typeof table)[Name] extends Setting<infer Value> ? Value : never };

/** The validated settings of a process, read once at its start. */
export type Settings = Readonly<Values>;

/** Names every wrong variable, a line each: the variable, its value unless secret, what is expected, how to cure it. */
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
    wrong.push(`${variable} ${shown} is not ${expects}: correct it, or unset it for the default`);
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(PREFIX) || NOT_SETTINGS.has(variable) || known.includes(variable)) continue;
    wrong.push(`${variable} is not a setting: did you mean ${nearest(variable)}? Rename or unset it`);
  }
  const isSet = (variable: string) => !['', 'off'].includes(env[variable]?.trim() ?? '');
  for (const [variable, needed, cure] of NEEDS) {
    if (!isSet(variable) || isSet(needed)) continue;
    wrong.push(`${needed} is not set, but ${variable} is: set it to ${cure}, or unset ${variable}`);
  }
  if (wrong.length > 0) throw new InvalidSettings(wrong);
  return Object.freeze(values) as Settings;
}

/** The table of settings for the README, in markdown. */
export function settingsTable(): string {
  const rows = Object.values<Setting>(table).map(
    ({ variable, shownDefault, expects, summary }) =>
      `| \`${variable}\` | ${shownDefault === '' ? '' : `\`${shownDefault}\``} | ${expects} | ${summary} |`,
  );
  return ['| variable | default | value | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

const known = Object.values<Setting>(table).map(({ variable }) => variable);

const nearest = (variable: string): string =>
  known.map((name) => ({ name, far: editDistance(variable, name) })).sort((a, b) => a.far - b.far)[0]!.name;

/** Levenshtein's distance, one row at a time. */
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

import { OUTGOING_ATTRIBUTES } from '../../events/cloud-event.js';
import { DAY_MS } from '../../kernel/clock.js';
import { StartFailure } from '../start-failure.js';
import { editDistance } from './edit-distance.js';
import { keySettings } from './key-settings.js';
import { missingSettings } from './needed-settings.js';
import { proofSettings } from './proof-settings.js';
import { regulationSettings } from './regulation-settings.js';
import { rolloutSettings } from './rollout-settings.js';
import {
  addressOnly,
  baseUrl,
  choice,
  integer,
  key,
  list,
  listsByName,
  mailServer,
  named,
  networks,
  onOff,
  type Setting,
  sender,
  servers,
  text,
  url,
  webUrl,
  webUrlTemplate,
} from './setting-kinds.js';

const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
/** The names of extension attributes, except those that outgoing events have anyway. */
const EXTENSION = new RegExp(`^(?!(?:${OUTGOING_ATTRIBUTES.join('|')})$)[a-z0-9]{1,20}$`);
const topic = (fallback: string) => named(TOPIC, 'the name of a topic', fallback);

/**
 * Every setting; `stalenessMs` is the variable GATEHOUSE_STALENESS_MS. One entry here adds it to the type, the validation and
 * docs/operations/settings.md.
 */
const table = {
  host: text('127.0.0.1').means(
    'Address that the HTTP server binds to; of a host name one address, IPv4 if it has any',
  ),
  port: integer(8080, 0, 65_535).means('Port of the HTTP server; 0 picks a free port'),
  publicUrl: baseUrl().means(
    'The URL under which callers reach the HTTP API, for the documents that name it; if unset, the address on which a request arrived',
  ),
  data: text('./data').means('Directory of the embedded database and of generated secrets'),
  databaseUrl: url('postgres:', 'postgresql:')
    .secret(addressOnly)
    .means('An existing PostgreSQL, version 15 or later; if unset, an embedded one is started'),
  migrationDatabaseUrl: url('postgres:', 'postgresql:')
    .secret(addressOnly)
    .means(
      'That database as another user, who owns the log: for `gatehouse migrate` only, never for a process that serves',
    ),
  eventstoreUrl: servers('esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover')
    .secret(addressOnly)
    .means('An EventStoreDB or KurrentDB, version 22.6 or later, that stores the log; if unset, PostgreSQL stores it'),
  masterKey: key(32).means(
    "Master key: encrypts the key store of people's personal data; takes precedence over the file",
  ),
  masterKeyFile: text().means(
    'File with the master key; by default `master.key` in the data directory, created there with an embedded database only',
  ),
  ...keySettings,
  identityKey: key(32).means(
    'Identity key: derives the ids of events that Gatehouse stores because of another event; takes precedence over the file',
  ),
  identityKeyFile: text().means(
    'File with the identity key; by default `identity.key` in the data directory, created there with an embedded database only',
  ),
  ...proofSettings,
  forwardedExtensions: list(EXTENSION, 'names of CloudEvents attributes in lower case').means(
    'Extension attributes of incoming events that are stored and published; any others are dropped, since they may be personal',
  ),
  strictEventData: onOff(false).means(
    'Whether an incoming event with unknown members in its data is quarantined; otherwise they are left out, stored nowhere and counted',
  ),
  quarantineSourceMb: integer(64, 1, 1_000_000).means(
    'Maximum disk space of the waiting quarantine entries of one source, in MB; past it its rejected events are not kept',
  ),
  quarantineMb: integer(1_024, 1, 10_000_000).means('The same for the entries of all sources together, in MB'),
  quarantineDays: integer(30, 1, 3_650).means(
    'Days after which a quarantine entry is deleted, from when its event was last received',
  ),
  logLevel: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info').means(
    'Lowest severity that is logged',
  ),
  logFormat: choice(['auto', 'pretty', 'json'], 'auto').means(
    'Format of the log lines; auto is pretty on a terminal and json otherwise',
  ),
  oidcIssuer: webUrl().means('OpenID Connect issuer whose JWTs are accepted in addition to tokens'),
  oidcAudience: text().means('Audience that those JWTs must have; required with an issuer'),
  oidcRolesClaim: text('roles').means('Claim of those JWTs that lists the roles; a dotted path selects a nested claim'),
  stalenessMs: integer(5_000, 100, 600_000).means(
    'Maximum age of the state behind an access decision, in ms; past it every decision is a deny',
  ),
  unknownImageFacts: choice(['deny', 'allow'], 'deny').means(
    'Whether an image may be shared if nobody reported whether it looks like a photograph and shows faces, while the rule about that is in force, or if nobody reported it at all, which is waited for if not',
  ),
  accessWaitMs: integer(2_000, 0, 60_000).means(
    'Maximum time an access decision waits for a position that its caller names, or for an image that nobody has reported yet, in ms; past it it is a deny. Less than GATEHOUSE_ANSWER_LIMIT_MS',
  ),
  answerLimitMs: integer(12_000, 100, 600_000).means(
    'Maximum time until a request is answered, in ms; past it the answer is 503 `store-unavailable` with Retry-After',
  ),
  decisionWaitMs: integer(5_000, 0, 600_000).means(
    'Maximum time a command waits for the views and consumers that its decision depends on, in ms; past it the answer is 503 `not-caught-up`. Less than GATEHOUSE_ANSWER_LIMIT_MS',
  ),
  ...rolloutSettings,
  reviewPanel: integer(1, 1, 25).means('Number of reviewers whose verdicts decide a case'),
  reopenConfidencePercent: integer(20, 1, 100).means(
    'How much more confident than all earlier flags a repeated flag must be to reopen a dismissed case or to raise the priority of an open one, in hundredths',
  ),
  poorFlaggerPercent: integer(10, 0, 100).means(
    'Flaggers of whose decided flags fewer than this share are confirmed, in hundredths and with 95% confidence, are not new to a dismissed case; 0 for nobody',
  ),
  // Each flag is compared with as many before it.
  flagsPerHour: integer(0, 0, 100_000).means(
    'Flags of one user or detector within an hour, by the times of the flags, after which further ones are kept apart from the cases; 0 for no limit',
  ),
  isolationHours: integer(24, 1, 720).means('How long the flags of such a flagger are kept apart, in hours'),
  claimLeaseMs: integer(300_000, 1_000, DAY_MS).means('Duration of the lease on a claimed case, in ms'),
  claimsPerReviewer: integer(2, 0, 1_000).means(
    'Claims of one reviewer after which they get no further case of a queue: the one they look at and those ahead of it; 0 for no limit',
  ),
  severeInARow: integer(5, 0, 1_000).means(
    'Cases that name a clause of the highest severity that a queue gives one reviewer in a row while others wait there; 0 for no limit',
  ),
  verdictWindowMs: integer(0, 0, DAY_MS).means(
    'How long a verdict can be taken back, in ms; its case is decided when it no longer can',
  ),
  appealWindowDays: integer(180, 1, 3_650).means(
    'Days from an order on for which the account’s holder can appeal against it',
  ),
  appealDeadlineDays: integer(14, 1, 365).means('Days after which an open appeal is overdue'),
  noticeWebhookUrl: webUrl().means(
    'Where notices to people about decisions are posted, signed as Standard Webhooks; if unset, none are posted',
  ),
  noticeWebhookSecret: text().secret().means('Secret that signs them: 24 to 64 bytes in base64, also after `whsec_`'),
  noticeWebhookFormerSecret: text()
    .secret()
    .means('A second secret that signs them too, while the receiver changes to a new one'),
  noticeWebhookPrivate: onOff(false).means(
    'Whether the receiver may have an address of this machine or of a private network',
  ),
  noticeSmtpUrl: mailServer().means('Mail server that sends notices to people by e-mail; if unset, none are sent'),
  noticeSmtpCaFile: text().means(
    'PEM file with the certificate authority of that server, unless a public one signed it',
  ),
  noticeSmtpPlain: onOff(false).means('Whether notices may be sent to that server without encryption'),
  noticeFrom: sender().means('The address that e-mail notices are from, with or without a name'),
  noticeTimeoutMs: integer(10_000, 100, 60_000).means(
    'Maximum time until a notice is accepted, in ms; past it, it is retried',
  ),
  noticeAppealUrl: webUrl().means('Where people can appeal; notices of measures name it'),
  noticeDisputeUrl: webUrl().means(
    'Where people find bodies for out-of-court dispute settlement (Digital Services Act, article 21); notices of measures and of decided appeals name it',
  ),
  noticeLanguage: choice(['en', 'de'], 'en').means(
    'Language of notices to people who gave none, or one without a template',
  ),
  ...regulationSettings,
  imageUrl: webUrlTemplate('imageId').means(
    'Where the image service serves an image, like https://images.example/{imageId}; if unset, reviewers see no images. Only that host is asked',
  ),
  imageToken: text().secret().means('Bearer token for the image service; takes precedence over the file'),
  imageTokenFile: text().means('File with that token'),
  imageSigningKey: key(32).means(
    'Key that signs requests to the image service, each valid for a minute; takes precedence over the file',
  ),
  imageSigningKeyFile: text().means('File with that key'),
  imageDirectory: text().means(
    'Directory with the images as files like img-1.png, for a demonstration without an image service',
  ),
  imageMaxMb: integer(20, 1, 100).means('Maximum size of an image that is shown, in MiB'),
  imageMaxMegapixels: integer(25, 1, 200).means('Maximum number of its pixels, in millions'),
  imageTimeoutMs: integer(5_000, 100, 60_000).means(
    'Maximum time the image service may take to send an image, in ms. Less than GATEHOUSE_ANSWER_LIMIT_MS',
  ),
  breakMinutes: integer(50, 0, 480).means(
    'Minutes of looking at content after which a reviewer is advised to take a break; 0 for no advice',
  ),
  breakReveals: integer(60, 0, 10_000).means('The same by the number of images revealed in full; 0 for no advice'),
  httpLanes: integer(4, 1, 64).means('Number of streams that facts from HTTP are distributed over'),
  publicRatePerMinute: integer(60, 1, 1_000_000).means(
    'Requests without a credential per minute from one address, except for health checks, and as many with a wrong one',
  ),
  trustedProxies: networks().means(
    "Proxies whose X-Forwarded-For is trusted; if unset, every caller behind a proxy has the proxy's address",
  ),
  kafkaBrokers: list(/^[^\s:]+:\d{1,5}$/, 'host:port').means(
    'Some brokers of a Kafka cluster; if unset, Kafka is not used',
  ),
  kafkaTls: onOff(false).means('Whether connections to the brokers are encrypted'),
  kafkaCaFile: text().means(
    'PEM file with the certificate authority of the brokers, unless a public authority signed them; with TLS only',
  ),
  kafkaSaslMechanism: choice(['plain', 'scram-sha-256', 'scram-sha-512']).means(
    'How this process authenticates with the brokers; needs a user name and a password',
  ),
  kafkaUsername: text().means('User name for the brokers'),
  kafkaPassword: text().secret().means('Password of that user'),
  kafkaFactsTopic: topic('gatehouse.facts').means('Topic from which events are ingested'),
  kafkaTypeTopics: list(TOPIC, 'names of topics').means('Further topics from which events are ingested'),
  kafkaTopicTypes: listsByName(
    TOPIC,
    /^[A-Za-z]+$/,
    'topics with event types, like gatehouse.facts=ImageGenerated+ImageShared, separated by commas',
  ).means('The event types that a topic may carry; every type for a topic that is not named'),
  kafkaEventsTopic: topic('gatehouse.events').means('Topic to which the public events are published'),
  kafkaQuarantineTopic: topic('gatehouse.quarantine').means(
    'Topic that receives a notice of each quarantined Kafka message, without its content',
  ),
  kafkaGroup: text('gatehouse-ingester').means('Consumer group of the ingesters'),
  parkedLimitMs: integer(3_600_000, 0, 30 * DAY_MS).means(
    'Time for which a key may be parked before every process except a gateway reports that it is not ready, in ms',
  ),
  scheduler: onOff(true).means(
    'Whether this process does what is due by the clock: it admits cohorts, decides cases whose verdicts are final, opens golden cases, sends notices and statements of reasons, and deletes expired quarantine entries',
  ),
  newAdministratorToken: onOff(false).means(
    'Whether this start creates and prints another administrator token, to replace a lost one',
  ),
};

const PREFIX = 'GATEHOUSE_';
/** Read by the test run, the local broker and the command line client. */
const NOT_SETTINGS = new Set([
  'GATEHOUSE_TEST_SERVER',
  'GATEHOUSE_KAFKA_PORT',
  'GATEHOUSE_URL',
  'GATEHOUSE_TOKEN',
  'GATEHOUSE_TOKEN_FILE',
]);

/** Former settings, and what became of them. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['GATEHOUSE_POSTGRES_PORT', 'the embedded PostgreSQL listens on a Unix socket in the data directory and on no port'],
]);

/** Waits that must end before the limit of an answer: otherwise their callers would never get the answer of the wait. */
const waitsOf = ({ imageUrl }: Record<string, unknown>): string[] => [
  ...['accessWaitMs', 'decisionWaitMs'],
  ...(imageUrl === undefined ? [] : ['imageTimeoutMs']),
];

const variableOf = (name: string): string => PREFIX + name.replace(/[A-Z]/g, '_$&').toUpperCase();

type Values = { [Name in keyof typeof table]: (typeof table)[Name] extends Setting<infer Value> ? Value : never };

/** The validated settings of a process, read once at its start. */
export type Settings = Readonly<Values>;

export interface ShownSetting {
  variable: string;
  /** False: the default is used. */
  isSet: boolean;
  /** As in the environment, or the default. Undefined for a secret, and without a default. */
  value?: string;
  summary: string;
}

/** Made when they are read, so that nothing keeps the secrets. */
const shown = new WeakMap<Settings, readonly ShownSetting[]>();

/** Has one line per wrong variable: its name, its value unless secret or with a password, what is expected, and what to do. */
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
  for (const [name, { parse, fallback, expects, isSecret }] of Object.entries<Setting>(table)) {
    const variable = variableOf(name);
    const given = env[variable]?.trim() ?? '';
    values[name] = given === '' ? fallback : parse(given);
    if (given === '' || values[name] !== undefined) continue;
    const what = isSecret || mayHavePassword(given) ? 'has a value that' : `is ${JSON.stringify(given)}, which`;
    wrong.push(`${variable} ${what} is not ${expects}: correct it, or unset it to use the default`);
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(PREFIX) || NOT_SETTINGS.has(variable) || known.includes(variable)) continue;
    const removed = REMOVED.get(variable);
    if (removed) wrong.push(`${variable} is no setting any more: ${removed}. Unset it`);
    else wrong.push(`${variable} is not a setting: did you mean ${nearest(variable)}? Rename or unset it`);
  }
  const isSet = (variable: string) => !['', 'off'].includes(env[variable]?.trim() ?? '');
  wrong.push(...missingSettings(isSet));
  const limit = values.answerLimitMs as number;
  for (const name of waitsOf(values)) {
    const wait = values[name] as number;
    if (!(wait >= limit)) continue; // either may be undefined
    const limited = `${variableOf(name)} is ${wait}, which is not less than GATEHOUSE_ANSWER_LIMIT_MS, which is ${limit}`;
    wrong.push(`${limited}: lower ${variableOf(name)} or raise GATEHOUSE_ANSWER_LIMIT_MS`);
  }
  if (wrong.length > 0) throw new InvalidSettings(wrong);
  const settings = Object.freeze(values) as Settings;
  shown.set(settings, redacted(env));
  return settings;
}

/** A password may be in the address of a server, also where none belongs. */
const mayHavePassword = (value: string): boolean => /:.*@/.test(value);

/** The settings as an administrator may see them. */
export const shownSettings = (settings: Settings): readonly ShownSetting[] => shown.get(settings) ?? [];

function redacted(env: Record<string, string | undefined>): ShownSetting[] {
  return Object.entries<Setting>(table).map(([name, { fallback, summary, redact }]) => {
    const variable = variableOf(name);
    const given = env[variable]?.trim() ?? '';
    const value = given === '' ? textOf(fallback) : redact(given);
    return { variable, isSet: given !== '', ...(value !== undefined && { value }), summary };
  });
}

/** The default of a setting as its variable would have it; undefined for none. */
function textOf(fallback: unknown): string | undefined {
  if (typeof fallback === 'boolean') return fallback ? 'on' : 'off';
  return typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : undefined;
}

/** The table of settings for the documentation, in markdown. */
export function settingsTable(): string {
  const rows = Object.entries<Setting>(table).map(([name, { fallback, expects, summary }]) => {
    const text = textOf(fallback);
    const byDefault = text === undefined ? '' : `\`${text}\``;
    return `| \`${variableOf(name)}\` | ${byDefault} | ${expects} | ${summary} |`;
  });
  return ['| variable | default | value | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const known = Object.keys(table).map(variableOf);

const nearest = (variable: string): string =>
  known.map((name) => ({ name, far: editDistance(variable, name) })).sort((a, b) => a.far - b.far)[0]!.name;

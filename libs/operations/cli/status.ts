import { type CommandGroup, command } from '../../cli/commands.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, pairs, table, time } from '../../cli/rendering/table.js';
import { suspensionText } from '../../switches/cli.js';
import type { StatusAnswer } from '../queries/show-status.js';
import { retryText, workText } from './consumers.js';

const MIB = 1024 * 1024;
const ROOM: Record<StatusAnswer['quarantineRoom'], string> = {
  free: '',
  'full-for-some': ' (full for some senders: their rejected events are not kept)',
  full: ' (full: rejected events are not kept)',
};

export const statusCommand: CommandGroup = (program, run) => {
  command(
    program,
    'status',
    'Shows the version, the living processes of every role, the head of the log, whether its events are protected against the service itself, the checkpoint of every consumer, what a reactor retries, suspended actions, and the number of events in quarantine.',
    'status',
    'status --json | jq .head',
  ).action(
    run(async ({ client, print }) => {
      const status = await client.get<StatusAnswer>('/v1/status');
      print({ url: client.url, ...status }, () => statusText(client.url, status));
    }),
  );
};

export function statusText(url: string, status: StatusAnswer): Shown {
  const {
    version,
    uptimeSeconds,
    checks,
    processes,
    head,
    positionUnit,
    consumers,
    access,
    switches,
    quarantine,
    logProtection,
    proof,
    keyStore,
    memoryBytes,
  } = status;
  const waiting = Object.entries(quarantine).map(([reason, entries]) => `${number(entries)} ${reason}`);
  const faults = Object.entries(checks).flatMap(([name, fault]) => (fault === 'ok' ? [] : [`${name}: ${fault}`]));
  const about = pairs([
    ['gatehouse', version],
    ['address', url],
    ['uptime', duration(uptimeSeconds)],
    ['ready', [status.ready ? 'yes' : 'no', ...(faults.length > 0 ? [faults.join('; ')] : [])].join(': ')],
    ['head of the log', head],
    ['stored events', logProtection.detail],
    ['access replica', `at position ${access.position}, ${number(access.ageMs)} ms old`],
    ['suspended', switches.length > 0 ? switches.map(suspensionText).join('; ') : 'nothing'],
    ['quarantine', `${waiting.length > 0 ? waiting.join(', ') : 'empty'}${ROOM[status.quarantineRoom]}`],
    ['checkpoints', checkpointsText(proof)],
    ['verified', verifiedText(proof)],
    ...proof.witnesses.map((one) => [`witness ${one.name}`, witnessText(one)] as const),
    ['root key', rootKeyText(keyStore)],
    ['memory', `${number(Math.round(memoryBytes / MIB))} MiB`],
  ]);
  const rows = consumers.map((one) => [one.name, Number(one.position), one.behind, one.finished, one.parked]);
  const columns = ['consumer', 'position', `lag (${positionUnit})`, 'finished beyond', 'parked'];
  const living = processes.map(({ roles, host, pid, version: release, startedAt, seenAt }) => [
    roles.join(', '),
    `${host}:${pid}`,
    release,
    time(startedAt),
    time(seenAt),
  ]);
  const works = consumers.flatMap(({ name, workingOn, retrying }) => [
    ...(workingOn ? [line`${name} ${workText(workingOn)}`] : []),
    ...(retrying ? [line`${name} ${retryText(retrying)}`] : []),
  ]);
  return paragraphs([
    about,
    table(['role', 'process', 'version', 'ready since', 'seen'], living, 'no process was seen lately'),
    table(columns, rows, 'no consumer has started'),
    ...works,
  ]);
}

const checkpointsText = ({ signing, signedLeaves, leaves, refusal }: StatusAnswer['proof']): string => {
  if (signing === 'refused') return `NOT SIGNED: ${refusal}`;
  if (signing === 'unsigned') return 'not signed: no projector with the proof key has run';
  return `signed up to ${number(signedLeaves)} of ${number(leaves)} events`;
};

const rootKeyText = ({ rootKeySince, rootKeyAgeDays }: StatusAnswer['keyStore']): string => {
  if (rootKeySince === null) return 'of a release before this one: gatehouse keys rotate replaces it';
  return `in use since ${time(rootKeySince)}, ${number(rootKeyAgeDays!)} days old`;
};

const verifiedText = ({ verified: { intactAt, fullAt, fault } }: StatusAnswer['proof']): string => {
  if (fault !== null) return `ALTERED: ${fault}`;
  return intactAt === null ? 'never' : `intact at ${time(intactAt)}, all events at ${time(fullAt) ?? 'no time yet'}`;
};

const witnessText = ({ leaves, cosignedAt, error }: StatusAnswer['proof']['witnesses'][number]): string =>
  `${cosignedAt ? `signed ${number(leaves)} events at ${time(cosignedAt)}` : 'has signed nothing'}${error ? `; ${error}` : ''}`;

function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const shown = parts.filter(([amount]) => amount > 0).slice(0, 2);
  return shown.length > 0 ? shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ') : '0 s';
}

import { toIso } from '../../kernel/clock.js';
import type { ProvedBundle } from './verify-bundle.js';

/** How many events there are, and the numbers of the first and the last in the log. */
export interface ProvedRange {
  events: number;
  first: number;
  last: number;
}

const SECOND_MS = 1_000;

const timeOf = (seconds: number): string => `${toIso(seconds * SECOND_MS).slice(0, 19)}Z`;
const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** What follows from the signatures and hashes alone, a sentence each. */
export function provedSentences(
  { checkpoint, logKeys, witnesses, quorum }: ProvedBundle,
  range: ProvedRange,
): string[] {
  const { origin, size } = checkpoint;
  const { events, first, last } = range;
  const place = first === last ? `number ${first}` : `numbers ${first} to ${last}`;
  const are =
    events === 1
      ? `The event is ${place} of the ${size} events`
      : `The ${events} events are among ${place} of the ${size} events`;
  const named = witnesses.map(({ name, key, time }) => `${name} (${key.name}) at ${timeOf(time)}`);
  return [
    `${are} that the log ${origin} had when this checkpoint was signed. Nothing in them was changed since.`,
    `The checkpoint is signed with ${counted(logKeys.length, 'key')} of the log that you trust: ${logKeys
      .map(({ name, id }) => `${name}+${id.toString('hex')}`)
      .join(', ')}.`,
    ...(named.length === 0
      ? []
      : [
          `${counted(named.length, 'independent witness', 'independent witnesses')} signed it too: ${named.join('; ')}. Until then each of them had only seen this log grow.`,
        ]),
    ...(quorum === 'none' ? [] : [`That meets the quorum of your policy: ${quorum}.`]),
  ];
}

/** What a reader might think that it proves. */
export function unprovedSentences({ witnesses, withoutNonce }: ProvedBundle): string[] {
  const latest = Math.max(...witnesses.map(({ time }) => time));
  return [
    'That the events are true: it is proved that they were recorded, and not that what they say happened.',
    'That there are no others: the log may have further events about the same thing, before, between and after these.',
    witnesses.length === 0
      ? 'When they were recorded: the times are those of the server’s clock, and no witness of yours signed a time.'
      : `Exactly when they were recorded: the times in them are those of the server’s clock. They were recorded by ${timeOf(latest)}, when a witness signed.`,
    ...(witnesses.length === 0
      ? [
          'That everybody sees the same log: without a witness, anyone who has the key could keep a second log and show it to others.',
        ]
      : []),
    ...(withoutNonce > 0
      ? [
          `The exact text of ${counted(withoutNonce, 'event')} from before there was a log of leaves: only the values in them are proved, from the first checkpoint on.`,
        ]
      : []),
    'Positions, JSON Schemas, the summaries of event types, the time of the bundle and what was asked for: they help to read the events and are not signed.',
    'What is encrypted: personal fields stay as they were stored. They verify also after the person was erased, when nobody can read them any more.',
  ];
}

/** What a bundle proves, for programs. */
export function verdictOf(bundle: ProvedBundle, range: ProvedRange) {
  const { checkpoint, header, logKeys, witnesses, quorum } = bundle;
  return {
    status: 'proved',
    subject: header.subject,
    events: range.events,
    firstIndex: range.first,
    lastIndex: range.last,
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: checkpoint.root.toString('base64'),
    keys: logKeys.map(({ name, id }) => `${name}+${id.toString('hex')}`),
    witnesses: witnesses.map(({ name, key, time }) => ({ name, key: key.name, time })),
    quorum,
    proved: provedSentences(bundle, range),
    notProved: unprovedSentences(bundle),
  };
}

export type Verdict = ReturnType<typeof verdictOf>;

import { sortedJson } from '../../kernel/canonical-json.js';
import { isCanonical } from '../leaves/leaf.js';
import { type Checkpoint, parseCheckpoint } from '../tlog/checkpoint.js';
import { isIncluded, leafHash } from '../tlog/merkle-tree.js';
import { parseProof } from '../tlog/proof-file.js';
import { type NoteKey, openNote, UntrustedNote } from '../tlog/signed-note.js';
import type { PolicyWitness, TrustPolicy } from '../tlog/trust-policy.js';
import {
  type BundleEvent,
  type BundleHeader,
  type BundleLine,
  entryOfBundled,
  isHeader,
  isLine,
  MAX_BUNDLE_EVENTS,
} from './bundle-format.js';
import { jsonWithin } from './json-within.js';
import { linesOf } from './read-lines.js';
import { UntrustedBundle } from './untrusted-bundle.js';

/** What a bundle proves to somebody who trusts the policy. */
export interface ProvedBundle {
  header: BundleHeader;
  checkpoint: Checkpoint;
  /** Those of the log that are trusted and signed. */
  logKeys: readonly NoteKey[];
  /** Those that are trusted and signed, with the time in seconds since 1970. */
  witnesses: readonly (PolicyWitness & { time: number })[];
  /** The witness or group that had to sign, and did; `none`. */
  quorum: string;
  /** Events from before the log of leaves, whose value is proved and not their text. */
  withoutNonce: number;
}

/** An event that is in the log, as that number from 0. */
export interface ProvedEvent {
  event: BundleEvent;
  index: number;
  /** Not covered by the proof. */
  position: string;
}

/**
 * Checks a bundle with nothing but keys that the caller trusts.
 * @param onEvent receives each event once it is proved; what it received counts only if nothing is thrown later
 * @throws UntrustedBundle if anything is wrong, however little
 */
export async function verifyBundle(
  chunks: AsyncIterable<Uint8Array>,
  policy: TrustPolicy,
  onEvent: (proved: ProvedEvent, of: ProvedBundle) => void = () => {},
): Promise<ProvedBundle> {
  let found: ProvedBundle | undefined;
  let [line, last] = [0, -1];
  for await (const text of linesOf(chunks)) {
    line++;
    const value = parsedLine(line, text);
    if (!found) {
      found = openHeader(value, policy);
      continue;
    }
    if (line - 1 > found.header.events) throw new UntrustedBundle(line, 'is one more than the header says');
    if (!isLine(value)) throw new UntrustedBundle(line, 'is no event of a bundle');
    const index = provedIndex(line, value, found);
    if (index <= last) throw new UntrustedBundle(line, 'repeats an event, or is not in the order of the log');
    last = index;
    if (!isCanonical(value.event.metadata)) found.withoutNonce++;
    onEvent({ event: value.event, index, position: value.position }, found);
  }
  if (!found) throw new UntrustedBundle(1, 'is missing: the file is empty');
  if (line - 1 !== found.header.events)
    throw new UntrustedBundle(line + 1, `is missing: the header says ${found.header.events} events`);
  return found;
}

/** Canonical JSON is the one spelling of a value: nothing in it can be read in two ways. */
function parsedLine(line: number, text: string): unknown {
  const value = jsonWithin(text);
  if (value === undefined) throw new UntrustedBundle(line, 'is not JSON');
  if (sortedJson(value) !== text) throw new UntrustedBundle(line, 'is not canonical JSON (RFC 8785)');
  return value;
}

function openHeader(header: unknown, policy: TrustPolicy): ProvedBundle {
  if (!isHeader(header)) throw new UntrustedBundle(1, 'is no header of a bundle that this release reads');
  if (header.events > MAX_BUNDLE_EVENTS)
    throw new UntrustedBundle(1, `says more events than the ${MAX_BUNDLE_EVENTS} of the largest bundle`);
  if (header.events === 0) throw new UntrustedBundle(1, 'says that there are no events');
  const trusted = [...policy.logs, ...policy.witnesses].map(({ key }) => key);
  const { text, keys, times } = opened(header.checkpoint, trusted);
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint) throw new UntrustedBundle(1, 'has no checkpoint of a log');
  // The origin of a log is the name of its key: another log of the same owner proves nothing here.
  const logKeys = keys.filter(({ kind, name }) => kind === 'log' && name === checkpoint.origin);
  if (logKeys.length === 0)
    throw new UntrustedBundle(1, `has a checkpoint of ${checkpoint.origin} that no trusted key of that log signed`);
  if (!policy.isMet(keys))
    throw new UntrustedBundle(1, `has a checkpoint that too few witnesses signed: ${policy.quorum} has to`);
  const witnesses = policy.witnesses.flatMap((one) => {
    const time = times.get(one.key);
    return time === undefined ? [] : [{ ...one, time }];
  });
  return { header, checkpoint, logKeys, witnesses, quorum: policy.quorum, withoutNonce: 0 };
}

function opened(note: string, trusted: readonly NoteKey[]): ReturnType<typeof openNote> {
  try {
    return openNote(note, trusted);
  } catch (error) {
    if (!(error instanceof UntrustedNote)) throw error;
    throw new UntrustedBundle(1, `has a checkpoint that can't be trusted: ${error.message}`);
  }
}

/** The signatures were checked with the header: the checkpoint of each proof has to be the same text. */
function provedIndex(line: number, { event, proof }: BundleLine, { header, checkpoint }: ProvedBundle): number {
  const file = parseProof(proof);
  if (!file || file.extra) throw new UntrustedBundle(line, 'has no tlog-proof');
  if (file.checkpoint !== header.checkpoint)
    throw new UntrustedBundle(line, 'has a proof for another checkpoint than that of the header');
  const leaf = leafHash(entryOfBundled(event));
  if (!isIncluded({ index: file.index, leaf, proof: file.proof, size: checkpoint.size, root: checkpoint.root }))
    throw new UntrustedBundle(line, `has an event that is not number ${file.index} of ${checkpoint.origin}`);
  return file.index;
}

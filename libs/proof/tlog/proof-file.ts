import { type Checkpoint, parseCheckpoint, parseCount, parseHash } from './checkpoint.js';
import { isIncluded, leafHash, MAX_PROOF_HASHES } from './merkle-tree.js';
import { decodeBase64, MAX_NOTE_BYTES, type NoteKey, openNote, UntrustedNote } from './signed-note.js';

/** C2SP tlog-proof: that an entry is in a log, to be checked without a server. */
export interface ProofFile {
  index: number;
  proof: readonly Buffer[];
  /** A signed note, as the log published it. */
  checkpoint: string;
  /** What the application says of the entry; the proof does not cover it. */
  extra?: Buffer;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const EXTRA = 'extra ';
const INDEX = 'index ';
const MAX_BYTES = 2 * MAX_NOTE_BYTES;

export const proofText = ({ index, proof, checkpoint, extra }: ProofFile): string => {
  const lines = [
    HEADER,
    ...(extra ? [`${EXTRA}${extra.toString('base64')}`] : []),
    `${INDEX}${index}`,
    ...proof.map((hash) => hash.toString('base64')),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
};

/** The parts of a proof, none of them checked; undefined if it is malformed. */
export function parseProof(text: string): ProofFile | undefined {
  const end = text.length > MAX_BYTES ? -1 : text.indexOf('\n\n');
  if (end < 0) return undefined;
  const lines = text.slice(0, end).split('\n');
  if (lines.length > MAX_PROOF_HASHES + 3 || lines.shift() !== HEADER) return undefined;
  const extra = lines[0]?.startsWith(EXTRA) ? decodeBase64(lines.shift()!.slice(EXTRA.length)) : null;
  const indexLine = lines.shift();
  const index = indexLine?.startsWith(INDEX) ? parseCount(indexLine.slice(INDEX.length)) : undefined;
  const proof = lines.map(parseHash);
  if (extra === undefined || index === undefined || !proof.every((hash) => hash !== undefined)) return undefined;
  return { index, proof, checkpoint: text.slice(end + 2), ...(extra && { extra }) };
}

/**
 * Checks that an entry is in the log that one of the keys signs for.
 * @returns the checkpoint that includes it
 * @throws UntrustedNote if anything is wrong with the proof, its checkpoint or the signatures
 */
export function openProof(text: string, entry: Uint8Array, trusted: readonly NoteKey[]): Checkpoint {
  const file = parseProof(text);
  if (!file) throw new UntrustedNote('is no tlog-proof');
  const note = openNote(file.checkpoint, trusted);
  const checkpoint = parseCheckpoint(note.text);
  // The origin of a log is the name of its key: another log of the same owner proves nothing here.
  if (!checkpoint || !note.keys.some(({ name }) => name === checkpoint.origin))
    throw new UntrustedNote('has no checkpoint of a log whose key is trusted');
  const { size, root } = checkpoint;
  if (!isIncluded({ index: file.index, size, leaf: leafHash(entry), root, proof: file.proof }))
    throw new UntrustedNote(`does not prove that the entry is number ${file.index} of ${checkpoint.origin}`);
  return checkpoint;
}

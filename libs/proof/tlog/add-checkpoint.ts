import { parseCount, parseHash } from './checkpoint.js';

/* C2SP tlog-witness: what a log sends to a witness, and how that answers. */

/** The media type of the answer that names the size which the witness has cosigned. */
export const SIZE_TYPE = 'text/x.tlog.size';
const MAX_PROOF_LINES = 63;
const OLD = 'old ';

export interface AddCheckpoint {
  /** The size that the witness cosigned last, 0 for none. */
  old: number;
  /** That the tree of that size is the beginning of the new one. */
  proof: readonly Buffer[];
  /** A signed note. */
  checkpoint: string;
}

export const addCheckpointText = ({ old, proof, checkpoint }: AddCheckpoint): string =>
  `${OLD}${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${checkpoint}`;

/** The parts of a request, none of them checked; undefined if it is malformed. */
export function parseAddCheckpoint(text: string): AddCheckpoint | undefined {
  const end = text.indexOf('\n\n');
  const [first, ...rest] = end < 0 ? [] : text.slice(0, end).split('\n');
  const old = first?.startsWith(OLD) ? parseCount(first.slice(OLD.length)) : undefined;
  const proof = rest.map(parseHash);
  if (old === undefined || rest.length > MAX_PROOF_LINES || !proof.every((hash) => hash !== undefined))
    return undefined;
  return { old, proof, checkpoint: text.slice(end + 2) };
}

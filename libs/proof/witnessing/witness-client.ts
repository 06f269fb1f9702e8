import { type AddCheckpoint, addCheckpointText, SIZE_TYPE } from '../tlog/add-checkpoint.js';
import { parseCount } from '../tlog/checkpoint.js';
import { noteParts, openNote, UntrustedNote } from '../tlog/signed-note.js';
import type { PolicyWitness } from '../tlog/trust-policy.js';

const TIMEOUT_MS = 5_000;
/** Far more than the signatures of a witness. */
const MAX_ANSWER_BYTES = 65_536;

/** What a witness answered. Everything but a cosignature is none, and nothing to fail for. */
export type WitnessAnswer =
  | { outcome: 'cosigned'; line: string; time: number }
  /** It has cosigned another size. */
  | { outcome: 'other-size'; size: number }
  /** It has seen a log under this name that is not the beginning of this one. */
  | { outcome: 'other-tree' }
  | { outcome: 'failed'; reason: string };

export type AskWitness = (
  witness: PolicyWitness,
  request: AddCheckpoint,
  signal?: AbortSignal,
) => Promise<WitnessAnswer>;

/** Sends a checkpoint to a witness over HTTP. Never throws for what the witness does. */
export const askWitness: AskWitness = async (witness, request, signal) => {
  try {
    const ends = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
    const response = await fetch(`${witness.url!.replace(/\/+$/, '')}/add-checkpoint`, {
      method: 'POST',
      body: addCheckpointText(request),
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal: AbortSignal.any(ends),
    });
    return answerOf(witness, request, response.status, response.headers, await limitedText(response));
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    return { outcome: 'failed', reason: cause ? `${message}: ${cause.message}` : message };
  }
};

function answerOf(
  witness: PolicyWitness,
  { old, checkpoint }: AddCheckpoint,
  status: number,
  headers: Headers,
  body: string,
): WitnessAnswer {
  if (status === 200) return cosignature(witness, checkpoint, body);
  // What it has seen can't differ from a tree that it was asked about from the first leaf on.
  if (status === 422 && old > 0) return { outcome: 'other-tree' };
  if (status !== 409) return { outcome: 'failed', reason: `it answered ${status}` };
  const size = headers.get('content-type')?.startsWith(SIZE_TYPE) ? parseCount(body.replace(/\n$/, '')) : undefined;
  if (size !== undefined && size !== old) return { outcome: 'other-size', size };
  // The size is the same, so it is the root that differs.
  if (old > 0 && (size === old || isOfSize(checkpoint, old))) return { outcome: 'other-tree' };
  return { outcome: 'failed', reason: 'it answered 409 without the size that it has cosigned' };
}

const isOfSize = (checkpoint: string, size: number): boolean => checkpoint.split('\n')[1] === String(size);

/** The line of the witness's key; signatures of other keys are ignored. */
function cosignature({ key }: PolicyWitness, checkpoint: string, body: string): WitnessAnswer {
  const failed: WitnessAnswer = { outcome: 'failed', reason: 'it answered without a valid cosignature of its key' };
  try {
    const { text } = noteParts(checkpoint);
    for (const line of noteParts(`${text}\n${body}`).lines) {
      const opened = openedBy(key, `${text}\n${line}\n`);
      if (opened !== undefined) return { outcome: 'cosigned', line: `${line}\n`, time: opened };
    }
    return failed;
  } catch (error) {
    if (error instanceof UntrustedNote) return failed;
    throw error;
  }
}

function openedBy(key: PolicyWitness['key'], note: string): number | undefined {
  try {
    return openNote(note, [key]).times.get(key);
  } catch (error) {
    if (error instanceof UntrustedNote) return undefined;
    throw error;
  }
}

async function limitedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

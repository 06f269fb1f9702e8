import { type Clock, systemClock } from '../../kernel/clock.js';
import { parseAddCheckpoint, SIZE_TYPE } from '../tlog/add-checkpoint.js';
import { type Checkpoint, parseCheckpoint } from '../tlog/checkpoint.js';
import { EMPTY_ROOT, isConsistent } from '../tlog/merkle-tree.js';
import {
  cosignatureLine,
  type NoteKey,
  type NoteSigner,
  noteParts,
  openNote,
  UntrustedNote,
} from '../tlog/signed-note.js';

const SECOND_MS = 1_000;
const TEXT = 'text/plain; charset=utf-8';

/** What has been cosigned, kept whatever happens. */
export interface CosignedCheckpoints {
  of(origin: string): Checkpoint | undefined;
  /** Resolves once it is kept. */
  store(checkpoint: Checkpoint): Promise<void>;
}

export interface WitnessReply {
  status: number;
  type: string;
  body: string;
}

/** A witness as C2SP tlog-witness has it: cosigns checkpoints of logs that only ever grow. */
export class Witness {
  private turn: Promise<unknown> = Promise.resolve();

  /** @param logs keys by which it knows the logs that it witnesses */
  constructor(
    private readonly signer: NoteSigner,
    private readonly logs: readonly NoteKey[],
    private readonly cosigned: CosignedCheckpoints,
    private readonly clock: Clock = systemClock,
  ) {}

  /** One request after the other: what one compares with must not change before it is stored. */
  addCheckpoint(request: string): Promise<WitnessReply> {
    const reply = this.turn.then(() => this.answer(request));
    this.turn = reply.catch(() => {});
    return reply;
  }

  private async answer(request: string): Promise<WitnessReply> {
    const parsed = parseAddCheckpoint(request);
    const text = parsed && noteText(parsed.checkpoint);
    const checkpoint = text === undefined ? undefined : parseCheckpoint(text);
    if (!parsed || text === undefined || !checkpoint) return refusal(400, 'the request is malformed');
    const { origin, size, root } = checkpoint;
    const keys = this.logs.filter(({ name }) => name === origin);
    if (keys.length === 0) return refusal(404, 'this witness does not know the log');
    if (!isSigned(parsed.checkpoint, keys)) return refusal(403, 'no key of the log signed the checkpoint');
    const { old, proof } = parsed;
    if (old > size) return refusal(400, 'the old size is larger than that of the checkpoint');
    const last = this.cosigned.of(origin);
    if (old !== (last?.size ?? 0)) return { status: 409, type: SIZE_TYPE, body: `${last?.size ?? 0}\n` };
    if (last && old === size && !last.root.equals(root)) return { status: 409, type: SIZE_TYPE, body: `${size}\n` };
    const olderRoot = last?.root;
    const isGrown = olderRoot
      ? isConsistent({ older: old, size, olderRoot, root, proof })
      : proof.length === 0 && (size > 0 || root.equals(EMPTY_ROOT));
    if (!isGrown) return refusal(422, 'the checkpoint does not continue the last one');
    if (size !== last?.size) await this.cosigned.store({ origin, size, root });
    const time = Math.floor(this.clock.now() / SECOND_MS);
    return { status: 200, type: TEXT, body: cosignatureLine(text, this.signer, time) };
  }
}

const refusal = (status: number, reason: string): WitnessReply => ({ status, type: TEXT, body: `${reason}\n` });

function noteText(note: string): string | undefined {
  try {
    return noteParts(note).text;
  } catch (error) {
    if (error instanceof UntrustedNote) return undefined;
    throw error;
  }
}

function isSigned(note: string, keys: readonly NoteKey[]): boolean {
  try {
    openNote(note, keys);
    return true;
  } catch (error) {
    if (error instanceof UntrustedNote) return false;
    throw error;
  }
}

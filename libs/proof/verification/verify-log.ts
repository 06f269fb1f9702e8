import type { Position } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import { logKeys } from '../leaves/log-keys.js';
import type { ReadLeaves } from '../leaves/read-leaves.js';
import { allCheckpoints, type SignedCheckpoint } from '../leaves/signed-checkpoints.js';
import { loadEdge, readLeavesFrom, readTile, treeState } from '../leaves/stored-tree.js';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import { type NoteKey, openNote, parseVerifier, UntrustedNote } from '../tlog/signed-note.js';
import { type Leaf, TreeEdge } from '../tlog/tree-edge.js';
import { checkHead, checkStreams } from './check-tables.js';
import { altered, LogAltered, type LogFault } from './log-faults.js';

export interface LogToVerify {
  pool: Pool;
  read: ReadLeaves;
  /** Whether the log is in the tables of this database, which are then checked too. */
  isInTables: boolean;
  /** The current name of the log: checkpoints of earlier names may be of a log that was replaced since. */
  origin: string;
}

export interface VerifyOptions {
  /** From the first event; otherwise from where the last verification ended. */
  isFull: boolean;
  /** Keys that the caller trusts; by default those that the database has. */
  trusted?: readonly NoteKey[];
  onProgress?(position: Position, of: Position): void;
  signal?: AbortSignal;
}

export interface Verification {
  /** Absent if nothing was altered. */
  fault?: LogFault;
  /** The number of the first leaf that was compared with its event. */
  from: number;
  /** How many leaves are known to be those of the stored events: all before this number. */
  to: number;
  /** Checkpoints whose root and signature were compared. */
  checkpoints: number;
  /** Of earlier names of the log, those that are not of this log: it was restored or replaced. */
  otherCheckpoints: number;
  /** Events that have no leaf yet: the leaves are behind, which is no alteration. */
  withoutLeaf: number;
}

const PAGE = 2_000;

/** Compares stored events with leaves, tiles and signed checkpoints, and finds the first that differs. */
export async function verifyLog(log: LogToVerify, options: VerifyOptions): Promise<Verification> {
  const verifier = new Verifier(log, options);
  try {
    await verifier.run();
  } catch (error) {
    if (!(error instanceof LogAltered)) throw error;
    return { ...verifier.result, fault: error.fault };
  }
  return verifier.result;
}

class Verifier {
  readonly result: Verification = { from: 0, to: 0, checkpoints: 0, otherCheckpoints: 0, withoutLeaf: 0 };
  private edge = new TreeEdge(0, [], []);
  private position: Position = 0;
  private size = 0;
  private end: Position = 0;
  private checkpoints: SignedCheckpoint[] = [];
  private keys: readonly NoteKey[] = [];

  constructor(
    private readonly log: LogToVerify,
    private readonly options: VerifyOptions,
  ) {}

  async run(): Promise<void> {
    const { pool, isInTables } = this.log;
    if (isInTables) await checkHead(pool);
    const verified = this.options.isFull ? undefined : await verifiedState(pool);
    await this.open(verified);
    if (verified && verified.size <= this.size) await this.resume(verified);
    else if (verified) await this.open(undefined); // the leaves were made anew
    const known = (await logKeys(pool)).flatMap(({ verifier }) => parseVerifier(verifier) ?? []);
    this.keys = this.options.trusted ?? known;
    await this.compareRoot();
    await this.compareEvents();
    this.refuseLaterCheckpoints();
    if (isInTables) await checkStreams(pool);
    await storeVerified(pool, { size: this.edge.size, position: this.position, root: this.edge.root() });
  }

  /** Checkpoints first: whatever is signed in between is of leaves that are stored by then. */
  private async open(verified: Verified | undefined): Promise<void> {
    this.checkpoints = await allCheckpoints(this.log.pool, verified?.size ?? 0);
    ({ size: this.size, position: this.end } = await treeState(this.log.pool));
  }

  /** @throws LogAltered if the leaves that were verified are others now */
  private async resume(verified: Verified): Promise<void> {
    const edge = await loadEdge(this.log.pool, verified.size).catch((error) => {
      if (error instanceof RangeError) return undefined;
      throw error;
    });
    if (!edge?.root().equals(verified.root))
      altered(
        'tile-altered',
        `the first ${verified.size} leaves have another root than when they were verified: verify all`,
      );
    this.edge = edge;
    this.position = verified.position;
    this.result.from = edge.size;
    this.result.to = edge.size;
  }

  private async compareEvents(): Promise<void> {
    const { onProgress, signal } = this.options;
    let after = this.position;
    for (let isLast = false; !isLast; ) {
      signal?.throwIfAborted();
      const page = await this.log.read(after, PAGE);
      const found = await page.leaves();
      const count = Math.min(found.length, this.size - this.edge.size);
      const leaves = count > 0 ? await readLeavesFrom(this.log.pool, this.edge.size, count) : [];
      for (const [n, leaf] of found.entries()) {
        if (n < count) await this.compare(leaf, leaves[n]);
        else this.noteWithoutLeaf(leaf);
      }
      await this.compareTiles();
      after = page.next;
      isLast = page.atHead || (this.edge.size === this.size && after > this.end);
      onProgress?.(Math.min(after, this.end), this.end);
    }
    if (this.edge.size === this.size) return;
    const [missing] = await readLeavesFrom(this.log.pool, this.edge.size, 1);
    if (!missing) altered('leaf-missing', `leaf ${this.edge.size} of ${this.size} is not stored`);
    altered('event-missing', `the log ends before the event of leaf ${this.edge.size}`, missing.position);
  }

  private noteWithoutLeaf({ position }: Leaf): void {
    if (position <= this.end) altered('event-added', 'there is an event that has no leaf', position);
    this.result.withoutLeaf++;
  }

  private async compare(event: Leaf, leaf: Leaf | undefined): Promise<void> {
    const number = this.edge.size;
    if (!leaf) altered('leaf-missing', `leaf ${number} of ${this.size} is not stored`, event.position);
    if (event.position > leaf.position)
      altered('event-missing', `the event of leaf ${number} is not stored`, leaf.position);
    if (event.position < leaf.position) altered('event-added', 'there is an event that has no leaf', event.position);
    if (!event.entry.equals(leaf.entry))
      altered('event-altered', `the event is not the one of leaf ${number}`, event.position);
    this.edge.append(event);
    this.position = event.position;
    this.result.to = this.edge.size;
    await this.compareRoot();
  }

  private async compareTiles(): Promise<void> {
    for (const { level, number, hashes } of this.edge.takeGrown().tiles) {
      const stored = await readTile(this.log.pool, level, number);
      if (!stored?.subarray(0, hashes.length).equals(hashes))
        altered('tile-altered', `tile ${number} of level ${level} does not follow from the leaves`);
    }
  }

  /** Compares the checkpoints of the size that has been reached. */
  private async compareRoot(): Promise<void> {
    while (this.checkpoints[0]?.size === this.edge.size) {
      const checkpoint = this.checkpoints.shift()!;
      const isOurs = checkpoint.origin === this.log.origin;
      const isSame = checkpoint.root.equals(this.edge.root());
      // Of an earlier name, whose key nobody asked to trust, a signature says nothing.
      const isKnown = this.keys.some(({ name }) => name === checkpoint.origin);
      if (!isOurs && !(isSame && isKnown)) this.result.otherCheckpoints++;
      else this.checkCheckpoint(checkpoint, isSame);
    }
  }

  private checkCheckpoint({ origin, size, root, note }: SignedCheckpoint, isSame: boolean): void {
    const named = `the checkpoint of ${origin} with ${size} leaves`;
    if (!isSame) altered('checkpoint-altered', `${named} has another root than the leaves`);
    try {
      const signed = parseCheckpoint(openNote(note, this.keys).text);
      if (signed?.origin !== origin || signed.size !== size || !signed.root.equals(root))
        altered('checkpoint-altered', `${named} is not what was signed`);
    } catch (error) {
      if (!(error instanceof UntrustedNote)) throw error;
      altered('signature-wrong', `${named} can't be trusted: ${error.message}`);
    }
    this.result.checkpoints++;
  }

  /** What was signed and is more than there is. */
  private refuseLaterCheckpoints(): void {
    for (const { origin, size } of this.checkpoints) {
      if (origin !== this.log.origin) this.result.otherCheckpoints++;
      else altered('leaf-missing', `a checkpoint with ${size} leaves was signed, but there are only ${this.size}`);
    }
  }
}

interface Verified {
  size: number;
  position: Position;
  root: Buffer;
}

async function verifiedState(pool: Pool): Promise<Verified | undefined> {
  const { rows } = await pool.query('SELECT size, position, root FROM proof.verified');
  return rows[0] && { size: Number(rows[0].size), position: Number(rows[0].position), root: rows[0].root };
}

async function storeVerified(pool: Pool, { size, position, root }: Verified): Promise<void> {
  await pool.query(
    `INSERT INTO proof.verified (size, position, root) VALUES ($1, $2, $3)
     ON CONFLICT (only_row) DO UPDATE SET size = excluded.size, position = excluded.position, root = excluded.root,
       verified_at = now()`,
    [size, position, root],
  );
}

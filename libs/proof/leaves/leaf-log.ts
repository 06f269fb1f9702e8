import { pause } from '../../kernel/wait.js';
import type { Pool } from '../../platform/database/database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { type Checkpoint, Fenced, moveCheckpoints, takeOver } from '../../subscriptions/checkpoints.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { Ownership } from '../../subscriptions/ownership.js';
import { runSubscription, type Subscriber } from '../../subscriptions/subscription.js';
import { checkpointText } from '../tlog/checkpoint.js';
import { EMPTY_ROOT } from '../tlog/merkle-tree.js';
import { type NoteSigner, noteSigner, signNote, verifierText } from '../tlog/signed-note.js';
import type { TreeEdge } from '../tlog/tree-edge.js';
import { refusalOf } from '../witnessing/witness-records.js';
import { newestCheckpoint, noteKey, OtherRoot, pruneCheckpoints, storeCheckpoint } from './checkpoints.js';
import type { LeafPage, ReadLeaves } from './read-leaves.js';
import { clearTree, loadEdge, storeGrown, storeTreeState, treeState } from './stored-tree.js';

/** The name of its checkpoint and of its ownership. */
export const LEAF_LOG = 'proof';
const PAGE = 2_000;
/** Collects what is appended meanwhile, so that a busy log is signed a few times a second and not for each append. */
const BETWEEN_MS = 200;
/** Time between signatures while there is more to read than a page. */
const SIGN_EVERY_MS = 1_000;
const PRUNE_EVERY = 1_000;

export interface LeafLogReport {
  grown?(leaves: number): void;
  /** Nothing is signed because of what a witness has seen. */
  refused?(refusal: string): void;
  /** Work stopped for a while; it continues from what is stored. */
  error?(error: unknown): void;
}

export interface LeafLogOptions {
  /** Names the log, its epoch included: after a restore the same sizes may have other roots. */
  origin: string;
  epoch: string;
  /** Of the Ed25519 key, 32 bytes; without it nothing is signed. */
  seed: Buffer | undefined;
  /**
   * Asks the witnesses what they have seen of the log, before anything is signed.
   * @param unsigned a checkpoint of no leaves
   */
  askWitnesses?(unsigned: string): Promise<void>;
}

interface Working {
  checkpoint: Checkpoint;
  edge: TreeEdge;
  /** The size of the newest signed checkpoint. */
  signed: number | undefined;
}

/** The leaves are not those of this log. */
export class TreeMismatch extends Error {
  constructor(size: number, position: number, at: number) {
    super(
      `the log of leaves has ${size} leaves up to position ${position}, but the log is read from ${at}: one of them was ` +
        'restored without the other; run "gatehouse renew-log-epoch" and start again, which makes the leaves anew',
    );
    this.name = new.target.name;
  }
}

/**
 * Appends a leaf for each event of the log, in its order and exactly once, and signs checkpoints. One process does so at a
 * time; leaves, tiles, the checkpoint of this consumer and the signed one are stored in one transaction.
 */
export class LeafLog implements Subscriber {
  private readonly ownership: Ownership;
  private readonly signer: NoteSigner | undefined;
  private owned: AbortSignal | undefined;
  private working: Working | undefined;
  private signedAt = Number.NEGATIVE_INFINITY;
  private signatures = 0;
  private refusal: string | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly log: LogTail,
    private readonly read: ReadLeaves,
    locks: LockSession,
    private readonly options: LeafLogOptions,
    private readonly report: LeafLogReport = {},
  ) {
    this.ownership = new Ownership(locks, 'leaf-logs', 1);
    this.signer = options.seed && noteSigner(options.origin, options.seed);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.ownership.join();
    await runSubscription(this, signal);
  }

  /** Works until the log's current head; does nothing if another process owns the work. */
  async processAll(): Promise<void> {
    if (await this.claim()) await this.catchUp();
  }

  async claim(): Promise<boolean> {
    const owned = await this.ownership.claim(LEAF_LOG);
    if (owned !== this.owned) this.working = undefined;
    this.owned = owned;
    if (owned && !this.working) this.working = await this.begin();
    return owned !== undefined;
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { owned } = this;
    await this.catchUp(signal);
    for await (const page of this.log.subscribe(this.position, { signal })) {
      if (!(await this.claim()) || this.owned !== owned) return;
      if (page.next <= this.position) continue;
      await this.catchUp(signal);
      // The pages in between were read from the store: the next ones may be in memory.
      if (page.next < this.position) return;
      await pause(BETWEEN_MS, signal);
    }
  }

  failed(error: unknown): void {
    this.working = undefined;
    this.report.error?.(error);
  }

  async release(): Promise<void> {
    this.working = undefined;
    this.owned = undefined;
    await this.ownership.release(LEAF_LOG);
  }

  private get position(): number {
    return this.working!.checkpoint.position;
  }

  /** Takes over what is stored. */
  private async begin(): Promise<Working> {
    const [checkpoint] = await takeOver(this.pool, LEAF_LOG, [0]);
    await this.startOver(checkpoint!);
    const { size, position } = await treeState(this.pool);
    if (position !== checkpoint!.position) throw new TreeMismatch(size, position, checkpoint!.position);
    const { origin } = this.options;
    if (this.signer) await this.introduce(this.signer);
    const edge = await loadEdge(this.pool, size);
    const newest = await newestCheckpoint(this.pool, origin);
    if (newest && (newest.size > size || (newest.size === size && !newest.root.equals(edge.root()))))
      throw new OtherRoot(origin, newest.size);
    return { checkpoint: checkpoint!, edge, signed: newest?.size };
  }

  private async introduce(signer: NoteSigner): Promise<void> {
    const { origin, askWitnesses } = this.options;
    await noteKey(this.pool, origin, verifierText(signer));
    // Of no leaves there is one root only: it may be signed before the answers.
    await askWitnesses?.(signNote(checkpointText({ origin, size: 0, root: EMPTY_ROOT }), [signer]));
  }

  /** In a new epoch the log may lack events that have leaves: then all are made anew, and signed under another name. */
  private async startOver(checkpoint: Checkpoint): Promise<void> {
    const { epoch } = this.options;
    await inTransaction(this.pool, async (client) => {
      const state = await treeState(client, 'FOR UPDATE');
      if (state.epoch === epoch) return;
      if (state.position === checkpoint.position) return storeTreeState(client, { ...state, epoch });
      await clearTree(client);
      await moveCheckpoints(client, [checkpoint], 0);
      await storeTreeState(client, { size: 0, position: 0, epoch });
      checkpoint.position = 0;
    });
  }

  private async catchUp(signal?: AbortSignal): Promise<void> {
    let reading = this.read(this.position, PAGE);
    for (;;) {
      const page = await reading;
      const isLast = page.atHead || signal?.aborted;
      if (!isLast) {
        reading = this.read(page.next, PAGE);
        reading.catch(() => {}); // it is awaited once this page is stored, unless that fails
      }
      await this.store(page);
      if (isLast) return;
    }
  }

  private async store({ leaves, next, atHead }: LeafPage): Promise<void> {
    const { checkpoint, edge, signed } = this.working!;
    for (const leaf of leaves) edge.append(leaf);
    const isDue = atHead || performance.now() - this.signedAt >= SIGN_EVERY_MS;
    const toSign = this.signer !== undefined && isDue && signed !== edge.size;
    if (next === checkpoint.position && !toSign) return;
    let isSigned = false;
    await inTransaction(this.pool, async (client) => {
      const stored = await treeState(client, 'FOR UPDATE');
      if (stored.size !== edge.size - leaves.length) throw new Fenced('the log of leaves was moved by another process');
      await moveCheckpoints(client, [checkpoint], next);
      if (leaves.length > 0) await storeGrown(client, edge.takeGrown());
      await storeTreeState(client, { size: edge.size, position: next, epoch: stored.epoch });
      isSigned = toSign && (await this.sign(client, edge));
    });
    checkpoint.position = next;
    if (isSigned) this.working!.signed = edge.size;
    this.report.grown?.(leaves.length);
  }

  /** False if a witness has seen more than there is, or something else: the log goes on without signatures. */
  private async sign(db: Pick<Pool, 'query'>, edge: TreeEdge): Promise<boolean> {
    const { origin } = this.options;
    const refusal = await refusalOf(db, origin);
    if (refusal !== undefined && refusal !== this.refusal) this.report.refused?.(refusal);
    this.refusal = refusal;
    if (refusal !== undefined) return false;
    const [size, root] = [edge.size, edge.root()];
    const note = signNote(checkpointText({ origin, size, root }), [this.signer!]);
    await storeCheckpoint(db, { origin, size, root, note });
    if (++this.signatures % PRUNE_EVERY === 0) await pruneCheckpoints(db);
    this.signedAt = performance.now();
    return true;
  }
}

import { pause } from '../../kernel/wait.js';
import type { Pool } from '../../platform/database/database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { type Checkpoint, Fenced, moveCheckpoints, takeOver } from '../../subscriptions/checkpoints.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { Ownership } from '../../subscriptions/ownership.js';
import { runSubscription, type Subscriber } from '../../subscriptions/subscription.js';
import type { ProofSigner } from '../keys/proof-signer.js';
import { checkpointText } from '../tlog/checkpoint.js';
import { EMPTY_ROOT } from '../tlog/merkle-tree.js';
import { type NoteKey, noteKey, openNote, signatureLine, verifierText } from '../tlog/signed-note.js';
import type { Leaf, TreeEdge } from '../tlog/tree-edge.js';
import { activeKeys, introduceKeys } from './log-keys.js';
import type { LeafPage, ReadLeaves } from './read-leaves.js';
import { newestCheckpoint, OtherRoot, pruneCheckpoints, storeCheckpoint } from './signed-checkpoints.js';
import { clearTree, loadEdge, storeGrown, storeTreeState, treeState } from './stored-tree.js';
import { refusalOf } from './witness-records.js';

/** The name of its checkpoint and of its ownership. */
export const LEAF_LOG = 'proof';
const PAGE = 8_000;
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
  /** The keys that this process has; without any nothing is signed. Which of them sign is stored. */
  signers: readonly ProofSigner[];
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
  /** Whether the witnesses were asked what they have seen. */
  isAsked: boolean;
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
  private readonly signers: readonly { key: NoteKey; signer: ProofSigner }[];
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
    this.signers = options.signers.map((signer) => ({ key: noteKey(options.origin, signer.publicKey), signer }));
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
    const keys = this.signers.map(({ key }) => key);
    if (keys.length > 0) await introduceKeys(this.pool, origin, keys);
    const edge = await loadEdge(this.pool, size);
    const newest = await newestCheckpoint(this.pool, origin);
    if (newest && (newest.size > size || (newest.size === size && !newest.root.equals(edge.root()))))
      throw new OtherRoot(origin, newest.size);
    return { checkpoint: checkpoint!, edge, signed: newest?.size, isAsked: false };
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
    let storing = Promise.resolve();
    try {
      for (;;) {
        const page = await reading;
        const isLast = page.atHead || signal?.aborted;
        if (!isLast) {
          reading = this.read(page.next, PAGE);
          reading.catch(() => {}); // it is awaited once this page is stored, unless that fails
        }
        // Made while the page before is stored.
        const leaves = await page.leaves();
        await storing;
        storing = this.store(page, leaves);
        if (isLast) return await storing;
        storing.catch(() => {}); // it is awaited once the next leaves are made
      }
    } finally {
      // What takes over after a failure must find what was stored, not what is just being stored.
      await storing.catch(() => {});
    }
  }

  private async store({ next, atHead }: LeafPage, leaves: readonly Leaf[]): Promise<void> {
    const { checkpoint, edge, signed, isAsked } = this.working!;
    for (const leaf of leaves) edge.append(leaf);
    const isDue = atHead || performance.now() - this.signedAt >= SIGN_EVERY_MS;
    const toSign = this.signers.length > 0 && isDue && (signed !== edge.size || !isAsked);
    const { note, failure } = toSign ? await this.prepared(edge) : {};
    if (next === checkpoint.position && note === undefined) {
      if (failure) throw failure;
      return;
    }
    await inTransaction(this.pool, async (client) => {
      const stored = await treeState(client, 'FOR UPDATE');
      if (stored.size !== edge.size - leaves.length) throw new Fenced('the log of leaves was moved by another process');
      await moveCheckpoints(client, [checkpoint], next);
      if (leaves.length > 0) await storeGrown(client, edge.takeGrown());
      await storeTreeState(client, { size: edge.size, position: next, epoch: stored.epoch });
      if (note !== undefined) await this.keep(client, edge, note);
      // Nobody has seen them: after a crash of the server they are made again.
      else await client.query('SET LOCAL synchronous_commit TO off');
    });
    checkpoint.position = next;
    if (note !== undefined) this.working!.signed = edge.size;
    this.report.grown?.(leaves.length);
    // The leaves are stored all the same; what failed is retried after a while.
    if (failure) throw failure;
  }

  /** The signed note of a tree; none if a witness has seen more than there is, or something else. */
  private async prepared(edge: TreeEdge): Promise<{ note?: string | undefined; failure?: Error }> {
    try {
      await this.askWitnesses();
      const refusal = await refusalOf(this.pool, this.options.origin);
      if (refusal !== undefined && refusal !== this.refusal) this.report.refused?.(refusal);
      this.refusal = refusal;
      if (refusal !== undefined || this.working!.signed === edge.size) return {};
      return { note: await this.signed(edge.size, edge.root()) };
    } catch (error) {
      return { failure: error as Error };
    }
  }

  private async askWitnesses(): Promise<void> {
    if (this.working!.isAsked) return;
    // Of no leaves there is one root only: it may be signed before the answers.
    await this.options.askWitnesses?.(await this.signed(0, EMPTY_ROOT));
    this.working!.isAsked = true;
  }

  /** @throws Error if none of the keys of this process may sign, or one can't */
  private async signed(size: number, root: Buffer): Promise<string> {
    const { origin } = this.options;
    const active = await activeKeys(this.pool, origin);
    const signing = this.signers.filter(({ key }) => active.includes(verifierText(key)));
    if (signing.length === 0)
      throw new Error(
        `no key of this process may sign for ${origin}: give it the key that signed before, or run "gatehouse audit rotate-key"`,
      );
    const text = checkpointText({ origin, size, root });
    const message = Buffer.from(text);
    const lines = await Promise.all(
      signing.map(async ({ key, signer }) => signatureLine(key, await signer.sign(message))),
    );
    const note = `${text}\n${lines.join('')}`;
    // A program may sign with another key than the one that it shows.
    openNote(
      note,
      signing.map(({ key }) => key),
    );
    return note;
  }

  private async keep(db: Pick<Pool, 'query'>, edge: TreeEdge, note: string): Promise<void> {
    const [size, root] = [edge.size, edge.root()];
    await storeCheckpoint(db, { origin: this.options.origin, size, root, note });
    if (++this.signatures % PRUNE_EVERY === 0) await pruneCheckpoints(db);
    this.signedAt = performance.now();
  }
}

import type { Pool } from '../../platform/database/database.js';
import { inSnapshot } from '../../platform/database/in-transaction.js';
import { newestCheckpoint, rootSignedBy, type SignedCheckpoint } from '../leaves/signed-checkpoints.js';
import { treeState } from '../leaves/stored-tree.js';
import { TreeReader } from '../leaves/tree-reader.js';
import {
  storeCosignature,
  storeRefusal,
  storeWitnessError,
  storeWitnesses,
  storeWitnessSize,
  type WitnessRecord,
  witnessRecords,
} from '../leaves/witness-records.js';
import { proveConsistency, treeRoot } from '../tlog/merkle-tree.js';
import { verifierText } from '../tlog/signed-note.js';
import type { PolicyWitness } from '../tlog/trust-policy.js';
import { type AskWitness, askWitness, type WitnessAnswer } from './witness-client.js';

const LONGEST_WAIT_MS = 3_600_000;

export interface WitnessFeedReport {
  /** Nothing is signed any more. */
  refused?(refusal: string): void;
}

/** Has the checkpoints of a log cosigned by witnesses, and notes what these have seen of it. */
export class WitnessFeed {
  /** Of the witnesses that failed: how often, and when each is asked again. */
  private readonly failures = new Map<string, { count: number; againAt: number }>();

  /**
   * @param witnesses those with an address are asked
   * @param everyMs how often it is called; the first wait after a failure
   */
  constructor(
    private readonly pool: Pool,
    private readonly origin: string,
    private readonly witnesses: readonly PolicyWitness[],
    private readonly everyMs: number,
    private readonly report: WitnessFeedReport = {},
    private readonly ask: AskWitness = askWitness,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Asks each witness how much it has seen of the log, before anything is signed. One that does not answer is asked later.
   * @param unsigned a checkpoint of no leaves: it is true of every log, so it may be signed before the answers are known
   */
  async askSizes(unsigned: string): Promise<void> {
    await storeWitnesses(this.pool, this.origin, this.witnesses);
    const checkpoint = await newestCheckpoint(this.pool, this.origin);
    const note = checkpoint?.note ?? unsigned;
    await Promise.all(
      this.asked.map(async (witness) => {
        const answer = await this.ask(witness, { old: 0, proof: [], checkpoint: note });
        if (answer.outcome === 'other-size') await this.noteSize(witness, answer.size);
        else await this.note(witness, checkpoint?.size ?? 0, answer);
      }),
    );
  }

  /** Has the newest checkpoint cosigned by each witness that has not done so yet. */
  async feed(signal?: AbortSignal): Promise<void> {
    await storeWitnesses(this.pool, this.origin, this.witnesses);
    const checkpoint = await newestCheckpoint(this.pool, this.origin);
    if (!checkpoint) return;
    const sizes = new Map((await witnessRecords(this.pool, this.origin)).map((one) => [one.verifier, one]));
    await Promise.all(
      this.asked.map(async (witness) => {
        const known = sizes.get(verifierText(witness.key));
        if (!known || hasSigned(known, checkpoint) || !this.isDue(witness)) return;
        await this.cosign(witness, checkpoint, known.size, signal);
      }),
    );
  }

  private get asked(): PolicyWitness[] {
    return this.witnesses.filter(({ url }) => url !== undefined);
  }

  /** The witness knows best what it has seen: it says so if it differs, and is then asked once more. */
  private async cosign(
    witness: PolicyWitness,
    checkpoint: SignedCheckpoint,
    known: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let old = Math.min(known, checkpoint.size);
    let answer = await this.send(witness, checkpoint, old, signal);
    if (answer.outcome === 'other-size') {
      await this.noteSize(witness, answer.size);
      if (answer.size > checkpoint.size) return;
      old = answer.size;
      answer = await this.send(witness, checkpoint, old, signal);
    }
    if (answer.outcome === 'other-tree' && (await this.hasSignedOurs(witness, old)))
      answer = { outcome: 'failed', reason: `it refuses a proof from ${old} leaves, whose root it has signed itself` };
    await this.note(witness, checkpoint.size, answer);
  }

  /** Whether its own signature shows that it has seen just this log up to a size: then it is the witness that is wrong. */
  private hasSignedOurs = (witness: PolicyWitness, size: number): Promise<boolean> =>
    inSnapshot(this.pool, async (db) => {
      const signed = await rootSignedBy(db, this.origin, size, witness.key);
      return signed?.equals(await treeRoot(size, new TreeReader(db).subtree)) ?? false;
    });

  private async send(
    witness: PolicyWitness,
    { size, note }: SignedCheckpoint,
    old: number,
    signal: AbortSignal | undefined,
  ): Promise<WitnessAnswer> {
    const proof = await inSnapshot(this.pool, (db) => proveConsistency(old, size, new TreeReader(db).subtree));
    return this.ask(witness, { old, proof, checkpoint: note }, signal);
  }

  private async note(witness: PolicyWitness, size: number, answer: WitnessAnswer): Promise<void> {
    const key = [this.origin, verifierText(witness.key)] as const;
    if (answer.outcome === 'cosigned') {
      this.failures.delete(key[1]);
      await storeCosignature(this.pool, key, { size, ...answer });
    } else if (answer.outcome === 'other-tree') {
      await this.refuse(
        witness,
        `the witness ${witness.name} has cosigned another log under the name ${this.origin}: the log was restored or replaced`,
      );
    } else {
      const reason = answer.outcome === 'failed' ? answer.reason : `it has cosigned ${answer.size} leaves meanwhile`;
      this.failed(key[1]);
      await storeWitnessError(this.pool, key, reason);
    }
  }

  /** Read after the answer: the tree never gets smaller, and whatever a witness has seen of it was stored before. */
  private async noteSize(witness: PolicyWitness, size: number): Promise<void> {
    const { size: own } = await treeState(this.pool);
    if (size <= own) return storeWitnessSize(this.pool, [this.origin, verifierText(witness.key)], size);
    await this.refuse(
      witness,
      `the witness ${witness.name} has cosigned ${size} leaves of ${this.origin}, and there are only ${own}: the log was restored or cut off`,
    );
  }

  private async refuse(witness: PolicyWitness, refusal: string): Promise<void> {
    const verifier = verifierText(witness.key);
    this.failed(verifier);
    await storeRefusal(this.pool, [this.origin, verifier], refusal);
    this.report.refused?.(refusal);
  }

  private failed(verifier: string): void {
    const count = (this.failures.get(verifier)?.count ?? 0) + 1;
    const waitMs = Math.min(this.everyMs * 2 ** (count - 1), LONGEST_WAIT_MS);
    this.failures.set(verifier, { count, againAt: this.now() + waitMs });
  }

  private isDue({ key }: PolicyWitness): boolean {
    return (this.failures.get(verifierText(key))?.againAt ?? Number.NEGATIVE_INFINITY) <= this.now();
  }
}

const hasSigned = ({ size, cosignedAt, error, refusal }: WitnessRecord, checkpoint: SignedCheckpoint): boolean =>
  size === checkpoint.size && cosignedAt !== null && error === null && refusal === null;

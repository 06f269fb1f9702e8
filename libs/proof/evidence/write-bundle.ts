import type { RecordedEvent } from '../../kernel/envelope.js';
import { NotFound, Refusal } from '../../kernel/errors.js';
import type { Pool } from '../../platform/database/database.js';
import { inSnapshot } from '../../platform/database/in-transaction.js';
import { newestCheckpoint, provingCheckpoint, type SignedCheckpoint } from '../leaves/signed-checkpoints.js';
import { treeState } from '../leaves/stored-tree.js';
import { TreeReader } from '../leaves/tree-reader.js';
import { proveInclusion } from '../tlog/merkle-tree.js';
import { proofText } from '../tlog/proof-file.js';
import type { TrustPolicy } from '../tlog/trust-policy.js';
import { BUNDLE_FORMAT, type BundleSchema, bundleEvent, bundleLine, entryOfBundled } from './bundle-format.js';

export interface BundleContent {
  /** In the order of the log. */
  events: readonly RecordedEvent[];
  schemas: BundleSchema[];
  subject: string;
  /** RFC 3339 */
  made: string;
}

export interface WrittenBundle {
  text: string;
  checkpoint: SignedCheckpoint;
}

/**
 * Writes the bundle of some events under a checkpoint of the origin.
 * @returns undefined if no checkpoint includes all of them yet
 * @param policy names the witnesses whose cosignatures count
 * @throws NotFound if nothing has ever been signed; Refusal if a stored event is not the one of its leaf
 */
export function writeBundle(
  pool: Pool,
  origin: string,
  content: BundleContent,
  policy?: TrustPolicy,
): Promise<WrittenBundle | undefined> {
  return inSnapshot(pool, async (db) => {
    const newest = await newestCheckpoint(db, origin);
    if (!newest)
      throw new NotFound(
        'no-checkpoint',
        `no checkpoint of ${origin} has been signed: check that a projector runs, and that it has the proof key`,
      );
    const tree = new TreeReader(db);
    const { size } = await treeState(db);
    const indexes: number[] = [];
    for (const { position } of content.events) {
      const index = await tree.indexOf(position, Math.min(size, newest.size));
      if (index === undefined) return undefined;
      indexes.push(index);
    }
    const { events, schemas, subject, made } = content;
    const checkpoint = (await provingCheckpoint(db, origin, indexes.at(-1)! + 1, policy)) ?? newest;
    const { note } = checkpoint;
    const lines = [
      bundleLine({ bundle: BUNDLE_FORMAT, checkpoint: note, events: events.length, made, schemas, subject }),
    ];
    for (const [n, recorded] of events.entries()) {
      const [event, index] = [bundleEvent(recorded), indexes[n]!];
      const leaf = await tree.leaf(index);
      if (!leaf?.entry.equals(entryOfBundled(event)))
        throw new Refusal(
          'event-altered',
          `the stored event at position ${recorded.position} is not the one that the log of leaves has: run "gatehouse audit verify --full"`,
        );
      const proof = proofText({
        index,
        proof: await proveInclusion(index, checkpoint.size, tree.subtree),
        checkpoint: note,
      });
      lines.push(bundleLine({ event, position: String(recorded.position), proof }));
    }
    return { text: lines.join(''), checkpoint };
  });
}

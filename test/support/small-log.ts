import { hash } from 'node:crypto';
import {
  BUNDLE_FORMAT,
  type BundleEvent,
  type BundleHeader,
  bundleLine,
  entryOfBundled,
} from '../../libs/proof/evidence/bundle-format.js';
import { checkpointText } from '../../libs/proof/tlog/checkpoint.js';
import { leafHash, nodeHash, proveInclusion, type Subtree, treeRoot } from '../../libs/proof/tlog/merkle-tree.js';
import { proofText } from '../../libs/proof/tlog/proof-file.js';
import { cosignatureLine, type NoteSigner, noteSigner, signNote } from '../../libs/proof/tlog/signed-note.js';

export const seedOf = (name: string): Buffer => hash('sha256', name, 'buffer');

export const smallEvent = (n: number, more: Partial<BundleEvent> = {}): BundleEvent => ({
  data: { imageId: `img-${n}`, accountId: 'acc-1', prompt: 'enc:1:AAAA' },
  id: `0196e0f0-0000-7000-8000-${String(n).padStart(12, '0')}`,
  metadata: {
    actor: { kind: 'service', id: 'image-service' },
    nonce: seedOf(`nonce ${n}`).toString('base64url').slice(0, 22),
    subject: `image-img-${n}`,
    time: '2022-05-18T09:00:00.000Z',
  },
  recordedAt: '2022-05-18T09:00:00.123Z',
  revision: n,
  stream: 'facts-0',
  type: 'ImageGenerated',
  ...more,
});

/** A log of leaves in memory, which shares with the stored one only the hashes. */
export class SmallLog {
  readonly signer: NoteSigner;
  readonly events: BundleEvent[];

  constructor(
    size: number,
    readonly origin = 'example.org/log/a',
    seed = seedOf('the key of a small log'),
  ) {
    this.signer = noteSigner(origin, seed);
    this.events = Array.from({ length: size }, (_, n) => smallEvent(n));
  }

  readonly subtree = ({ level, index }: Subtree): Buffer => {
    if (level === 0) return leafHash(entryOfBundled(this.events[index]!));
    const below = level - 1;
    return nodeHash(
      this.subtree({ level: below, index: 2 * index }),
      this.subtree({ level: below, index: 2 * index + 1 }),
    );
  };

  async checkpoint(size = this.events.length): Promise<string> {
    const root = await treeRoot(size, this.subtree);
    return signNote(checkpointText({ origin: this.origin, size, root }), [this.signer]);
  }

  /** @param witnesses each with the time of its cosignature */
  async bundle(
    indexes: readonly number[],
    { witnesses = [], header = {} }: { witnesses?: [NoteSigner, number][]; header?: Partial<BundleHeader> } = {},
  ): Promise<string> {
    const size = this.events.length;
    const note = await this.checkpoint();
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const checkpoint = note + witnesses.map(([witness, time]) => cosignatureLine(text, witness, time)).join('');
    const lines = [
      bundleLine({
        bundle: BUNDLE_FORMAT,
        checkpoint,
        events: indexes.length,
        made: '2022-05-19T10:00:00.000Z',
        schemas: [{ type: 'ImageGenerated', version: 1, summary: 'An image was generated.', schema: {} }],
        subject: 'img-1',
        ...header,
      }),
    ];
    for (const index of indexes) {
      const proof = proofText({ index, proof: await proveInclusion(index, size, this.subtree), checkpoint });
      lines.push(bundleLine({ event: this.events[index]!, position: String(index + 1), proof }));
    }
    return lines.join('');
  }
}

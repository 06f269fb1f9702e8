import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SmallLog, seedOf } from '../../../test/support/small-log.js';
import { addCheckpointText, parseAddCheckpoint, SIZE_TYPE } from '../tlog/add-checkpoint.js';
import { type Checkpoint, checkpointText } from '../tlog/checkpoint.js';
import { EMPTY_ROOT, leafHash, proveConsistency } from '../tlog/merkle-tree.js';
import { noteParts, noteSigner, openNote, signNote } from '../tlog/signed-note.js';
import { startWitness } from './start-witness.js';
import { type CosignedCheckpoints, Witness } from './witness.js';
import { WitnessFile } from './witness-file.js';

const log = new SmallLog(40);
const fork = new SmallLog(40);
fork.events[3] = { ...fork.events[3]!, type: 'Forged' };
const signer = noteSigner('witness.example', seedOf('witness'), 'witness');
const NOON = Date.parse('2022-05-19T12:00:00Z');
const clock = { now: () => NOON };

class InMemory implements CosignedCheckpoints {
  readonly stored: Checkpoint[] = [];
  of = (origin: string) => this.stored.findLast((one) => one.origin === origin);
  store = async (checkpoint: Checkpoint) => {
    await new Promise((resolve) => setImmediate(resolve));
    this.stored.push(checkpoint);
  };
}

async function request(old: number, size: number, of = log): Promise<string> {
  const proof = await proveConsistency(old, size, of.subtree);
  return addCheckpointText({ old, proof, checkpoint: await of.checkpoint(size) });
}

describe('a witness', () => {
  let kept: InMemory;
  let witness: Witness;

  beforeEach(() => {
    kept = new InMemory();
    witness = new Witness(signer, [log.signer], kept, clock);
  });

  const ask = async (old: number, size: number, of = log) => witness.addCheckpoint(await request(old, size, of));

  it('cosigns a log that grows, after it has kept what it cosigns', async () => {
    for (const [old, size] of [
      [0, 1],
      [1, 7],
      [7, 7],
      [7, 40],
    ] as const) {
      const { status, body } = await ask(old, size);
      expect([status, kept.of(log.origin)!.size]).toEqual([200, size]);
      const { text } = noteParts(await log.checkpoint(size));
      const { keys, times } = openNote(`${text}\n${body}`, [signer]);
      expect([keys, times.get(signer)]).toEqual([[signer], NOON / 1_000]);
    }
    expect(kept.stored.map(({ size }) => size)).toEqual([1, 7, 40]);
  });

  it('says which size it has cosigned to anyone who names another one', async () => {
    expect(await ask(5, 7)).toEqual({ status: 409, type: SIZE_TYPE, body: '0\n' });
    await ask(0, 20);
    for (const [old, size] of [
      [0, 10],
      [0, 40],
      [19, 20],
    ] as const)
      expect(await ask(old, size)).toEqual({ status: 409, type: SIZE_TYPE, body: '20\n' });
  });

  it('never cosigns a second tree', async () => {
    await ask(0, 20);
    expect(await ask(20, 20, fork)).toEqual({ status: 409, type: SIZE_TYPE, body: '20\n' });
    expect(await ask(20, 40, fork)).toMatchObject({ status: 422 });
    expect(kept.stored).toHaveLength(1);
  });

  it('refuses logs that it does not know, signatures of others, and requests that are malformed', async () => {
    const checkpoint = await log.checkpoint(7);
    const status = async (text: string) => (await witness.addCheckpoint(text)).status;
    expect(await status(await request(0, 7, new SmallLog(7, 'example.org/log/b')))).toBe(404);
    expect(await status(await request(0, 7, new SmallLog(7, log.origin, seedOf('x'))))).toBe(403);
    expect(await status(addCheckpointText({ old: 8, proof: [], checkpoint }))).toBe(400);
    expect(await status(addCheckpointText({ old: 0, proof: [EMPTY_ROOT], checkpoint }))).toBe(422);
    const nothing = checkpointText({ origin: log.origin, size: 0, root: leafHash(Buffer.of(1)) });
    expect(await status(addCheckpointText({ old: 0, proof: [], checkpoint: signNote(nothing, [log.signer]) }))).toBe(
      422,
    );
    for (const text of [
      '',
      'old 0\n',
      `old 00\n\n${checkpoint}`,
      `old -1\n\n${checkpoint}`,
      `old 0\nAA\n\n${checkpoint}`,
      `0\n\n${checkpoint}`,
    ])
      expect([text, await status(text)]).toEqual([text, 400]);
    const many = Array.from({ length: 64 }, () => EMPTY_ROOT);
    expect(await status(addCheckpointText({ old: 0, proof: many, checkpoint }))).toBe(400);
    expect(kept.stored).toEqual([]);
  });

  it('keeps one line of checkpoints, each of which continues the one before, whatever is asked at once', async () => {
    const asked = fc.tuple(fc.nat(40), fc.nat(40), fc.constantFrom(log, fork)).map(([one, other, of]) => ({
      ...{ old: Math.min(one, other), size: Math.max(one, other), of },
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 12 }), async (requests) => {
        const fresh = new InMemory();
        const one = new Witness(signer, [log.signer], fresh, clock);
        const texts = await Promise.all(requests.map(({ old, size, of }) => request(old, size, of)));
        const replies = await Promise.all(texts.map((text) => one.addCheckpoint(text)));
        const sizes = fresh.stored.map(({ size }) => size);
        expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
        const roots = new Map<number, string>();
        for (const [n, { status }] of replies.entries()) {
          if (status !== 200) continue;
          const root = noteParts(parseAddCheckpoint(texts[n]!)!.checkpoint).text;
          expect(roots.get(requests[n]!.size) ?? root).toBe(root);
          roots.set(requests[n]!.size, root);
        }
      }),
      { numRuns: 200, seed: 20220519 },
    );
  });
});

describe('the file of a witness', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-witness-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const checkpoint = (size: number, origin = log.origin): Checkpoint => ({
    origin,
    size,
    root: leafHash(Buffer.of(size)),
  });

  it('has what was stored after a restart, also if one stopped while it wrote', async () => {
    const first = await WitnessFile.open(directory);
    await first.store(checkpoint(1));
    await first.store(checkpoint(2, 'other.example/log'));
    await first.store(checkpoint(3));
    first.close();
    await writeFile(join(directory, 'cosigned.new'), 'half of a');
    const again = await WitnessFile.open(directory);
    expect(again.of(log.origin)).toEqual(checkpoint(3));
    expect(again.of('other.example/log')).toEqual(checkpoint(2, 'other.example/log'));
    await again.store(checkpoint(4));
    again.close();
    expect(await readFile(join(directory, 'cosigned'), 'utf8')).toContain('\n4\n');
  });

  it('is of one process at a time', async () => {
    const first = await WitnessFile.open(directory);
    await expect(WitnessFile.open(directory)).rejects.toThrow('another process is the witness');
    first.close();
    (await WitnessFile.open(directory)).close();
  });

  it('is refused if it is damaged, since the witness would forget what it has signed', async () => {
    const first = await WitnessFile.open(directory);
    await first.store(checkpoint(1));
    first.close();
    const whole = await readFile(join(directory, 'cosigned'), 'utf8');
    for (const text of [whole.slice(0, -1), `${whole}x`, whole.replace('\n1\n', '\nx\n')]) {
      await writeFile(join(directory, 'cosigned'), text);
      await expect(WitnessFile.open(directory)).rejects.toThrow('is damaged');
    }
  });

  it('has a key beside it, which is the same at the next start', async () => {
    const options = { name: 'witness.example', directory, logs: [log.signer], host: '127.0.0.1', port: 0, failed() {} };
    const first = await startWitness(options);
    const post = async (url: string, body: string) => fetch(`${url}/add-checkpoint`, { method: 'POST', body });
    expect(await (await fetch(first.url)).text()).toBe(`${first.verifier}\n`);
    const reply = await post(first.url, await request(0, 20));
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    expect((await post(first.url, 'x'.repeat(70_000))).status).toBe(413);
    expect((await fetch(`${first.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${first.url}/other`)).status).toBe(404);
    await first.close();
    const again = await startWitness(options);
    expect(again.verifier).toBe(first.verifier);
    const known = await post(again.url, await request(0, 40));
    expect([known.status, known.headers.get('content-type'), await known.text()]).toEqual([409, SIZE_TYPE, '20\n']);
    await again.close();
    // With a new key beside what was signed, nobody would trust it any more.
    await rm(join(directory, 'witness.key'));
    await expect(startWitness(options)).rejects.toThrow('there is no witness.key');
    expect(await readdir(directory)).toEqual(expect.arrayContaining(['cosigned', 'lock']));
  });
});

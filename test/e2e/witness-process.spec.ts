import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { addCheckpointText } from '../../libs/proof/tlog/add-checkpoint.js';
import { proveConsistency } from '../../libs/proof/tlog/merkle-tree.js';
import { verifierText } from '../../libs/proof/tlog/signed-note.js';
import { SmallLog } from '../support/small-log.js';
import { prepareBuild } from '../support/standalone-process.js';

const log = new SmallLog(60);
const ROUNDS = 3;
const STEPS = 5;
let directory: string;

beforeEach(async () => {
  prepareBuild();
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-witness-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function startWitness() {
  const serve = [
    'witness',
    'serve',
    '--name',
    'anna.example/w1',
    '--data',
    directory,
    '--log',
    verifierText(log.signer),
  ];
  const launch = [join(process.cwd(), 'apps', 'launch.mjs'), 'cli', ...serve, '--port', '0', '--json'];
  const child = spawn(process.execPath, launch, {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = await once(createInterface(child.stdout), 'line');
  const { url, verifier } = JSON.parse(first);
  const ask = async (old: number, size: number) => {
    const proof = await proveConsistency(old, size, log.subtree);
    const body = addCheckpointText({ old, proof, checkpoint: await log.checkpoint(size) });
    const reply = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
    return { status: reply.status, text: await reply.text() };
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(child, 'exit');
    child.kill(signal);
    return (await ended)[0] as number | null;
  };
  return { verifier, ask, end };
}

it('a witness that is killed has kept all that it answered, and what it was asked at that moment or not', async () => {
  let size = 0;
  const verifiers = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const { verifier, ask, end } = await startWitness();
    verifiers.add(verifier);
    if (size > 0) {
      const known = await ask(1, 60);
      expect([known.status, [size, size + 1].includes(Number(known.text))]).toEqual([409, true]);
      size = Number(known.text);
    }
    for (let step = 0; step < STEPS; step++) {
      expect((await ask(size, size + 1)).status).toBe(200);
      size++;
    }
    const unanswered = ask(size, size + 1).catch(() => {});
    await end('SIGKILL');
    await unanswered;
  }
  expect(verifiers.size).toBe(1);
});

it('a witness ends in order when it is asked to', async () => {
  const { end } = await startWitness();
  expect(await end('SIGTERM')).toBe(0);
});

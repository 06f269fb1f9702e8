import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openNote, parseVerifier } from '../../libs/proof/tlog/signed-note.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { seedOf } from '../support/small-log.js';

const SEEDS = ['old', 'new', 'third'].map((name) => seedOf(name).toString('base64')) as [string, string, string];
let gatehouse: TestGatehouse;
let anyone: Client;
let run: ReturnType<typeof commandLineFor>['run'];
let joined = 0;

const keys = async () => (await anyone.get('/log/keys')).body;

/** Another event, and the names of the keys that sign the checkpoint of it. */
async function signers(): Promise<string[]> {
  await gatehouse.administrator.post('/v1/waitlist', { email: `p${joined++}@example.org` });
  await gatehouse.settle();
  const known = [...(await keys()).keys, ...(await keys()).offered.map((verifier: string) => ({ verifier }))].map(
    ({ verifier }: { verifier: string }) => parseVerifier(verifier)!,
  );
  const { body } = await anyone.get('/log/checkpoint');
  return openNote(body, known).keys.map(({ id }) => id.toString('hex'));
}

const idOf = (verifier: string) => verifier.split('+')[1]!;

async function start(env: Record<string, string>): Promise<void> {
  gatehouse = await startGatehouse({ env });
  anyone = await gatehouse.as('anyone');
  ({ run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }));
}

describe('a key that takes the place of another', () => {
  beforeEach(() => start({ GATEHOUSE_PROOF_KEY: SEEDS[0], GATEHOUSE_PROOF_NEXT_KEY: SEEDS[1] }));
  afterEach(() => gatehouse.close());

  it('signs beside the old one for a while, then alone, and it is recorded who did that and why', async () => {
    const [old] = await signers();
    const { keys: before, offered } = await keys();
    expect([before.map(({ verifier }: { verifier: string }) => idOf(verifier)), offered.length]).toEqual([[old], 1]);
    const age = async () =>
      Number(
        /^gatehouse_proof_signing_key_age_seconds (\S+)$/m.exec(
          (await gatehouse.administrator.get('/metrics')).body,
        )![1],
      );
    await gatehouse.runtime.pool.query("UPDATE proof.keys SET since = now() - interval '401 days'");
    expect(await age()).toBeGreaterThan(401 * 86_400 - 60);
    const { code, stdout } = await run('audit', 'rotate-key', '--reason', 'yearly', '--overlap-hours', '24');
    expect(await age()).toBeLessThan(86_400);
    expect([code, stdout]).toEqual([0, expect.stringContaining(offered[0])]);
    expect((await signers()).sort()).toEqual([old!, idOf(offered[0])].sort());
    const { body } = await gatehouse.administrator.get('/v1/log?stream=audit&types=ProofKeyRotated&limit=1000');
    expect(body.events).toEqual([
      expect.objectContaining({
        data: expect.objectContaining({
          newKey: offered[0],
          oldKeys: [before[0].verifier],
          overlapHours: 24,
          reason: 'yearly',
        }),
        metadata: expect.objectContaining({ actor: expect.objectContaining({ id: 'administrator' }) }),
      }),
    ]);
    await gatehouse.runtime.pool.query(
      "UPDATE proof.keys SET until = now() - interval '1 second' WHERE until IS NOT NULL",
    );
    expect(await signers()).toEqual([idOf(offered[0])]);
    expect((await run('audit', 'verify', '--full')).code).toBe(0);
    expect((await run('audit', 'keys')).stdout).toContain(offered[0]);
  });

  it('is refused if no projector has it, and changes nothing if it signs already', async () => {
    await signers();
    const rotate = (body: object) =>
      gatehouse.administrator.post('/v1/log-key-rotations', { reason: 'yearly', ...body });
    const unknown = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
    expect(await rotate({ key: unknown })).toMatchObject({
      status: 409,
      body: { type: expect.stringContaining('key-not-offered') },
    });
    const { offered, keys: before } = await keys();
    expect((await rotate({ key: before[0].verifier })).body).toMatchObject({ oldKeys: [] });
    expect((await rotate({})).body).toMatchObject({ newKey: offered[0], oldKeys: [before[0].verifier] });
    expect(await rotate({})).toMatchObject({ status: 409, body: { type: expect.stringContaining('no-new-key') } });
    const { until } = (await keys()).keys.at(-1);
    expect((await rotate({ key: offered[0] })).body).toMatchObject({ oldKeys: [] });
    expect((await keys()).keys.at(-1).until).toBe(until);
    const { body } = await gatehouse.administrator.get('/v1/log?stream=audit&types=ProofKeyRotated&limit=1000');
    expect(body.events).toHaveLength(1);
    const compliance = await gatehouse.as('cora', 'compliance');
    expect((await compliance.post('/v1/log-key-rotations', { reason: 'yearly' })).status).toBe(403);
  });
});

describe('a key that nobody put there', () => {
  it('signs nothing, and says what to do; events get their leaves all the same', async () => {
    await start({ GATEHOUSE_PROOF_KEY: SEEDS[0] });
    await signers();
    const other = await gatehouse.beside({ env: { GATEHOUSE_PROOF_KEY: SEEDS[2] } });
    await gatehouse.administrator.post('/v1/waitlist', { email: 'other@example.org' });
    await gatehouse.runtime.locks.close();
    const before = (await gatehouse.administrator.get('/v1/status')).body.proof;
    await expect(other.settle()).rejects.toThrow('no key of this process may sign');
    const after = (await gatehouse.administrator.get('/v1/status')).body.proof;
    expect(after.leaves).toBeGreaterThan(before.leaves);
    expect(after.signedLeaves).toBe(before.signedLeaves);
    await other.close();
    await gatehouse.close();
  });
});

describe('a key that is kept elsewhere', () => {
  let directory: string;
  let program: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-signer-'));
    program = join(directory, 'signer');
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seedOf('kept elsewhere')]);
    const key = join(directory, 'key.pem');
    await writeFile(key, `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`);
    await writeFile(
      program,
      `#!/bin/sh
case "$1" in
  public-key) openssl pkey -in ${key} -pubout -outform DER | tail -c 32 | base64 -w 0 ;;
  sign) cat > ${directory}/message && openssl pkeyutl -sign -rawin -inkey ${key} -in ${directory}/message | base64 -w 0 ;;
esac
`,
    );
    await chmod(program, 0o700);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('signs through a program, here openssl', async () => {
    await start({ GATEHOUSE_PROOF_SIGNER: program });
    expect(await signers()).toEqual([idOf((await keys()).keys[0].verifier)]);
    await gatehouse.close();
  });

  it('takes the place of a key of ours, and leaves grow while it fails', async () => {
    await start({ GATEHOUSE_PROOF_KEY: SEEDS[0], GATEHOUSE_PROOF_SIGNER: program });
    const [old] = await signers();
    expect((await run('audit', 'rotate-key', '--reason', 'to the key service', '--overlap-hours', '0')).code).toBe(0);
    const [fresh] = await signers();
    expect(fresh).not.toBe(old);
    await chmod(program, 0o600);
    const before = (await gatehouse.administrator.get('/v1/status')).body.proof;
    await expect(signers()).rejects.toThrow('EACCES');
    const after = (await gatehouse.administrator.get('/v1/status')).body.proof;
    expect([after.leaves > before.leaves, after.signedLeaves]).toEqual([true, before.signedLeaves]);
    await chmod(program, 0o700);
    expect(await signers()).toEqual([fresh]);
    await gatehouse.close();
  });

  it('fails the start if the program shows none', async () => {
    await expect(start({ GATEHOUSE_PROOF_SIGNER: join(directory, 'nothing') })).rejects.toThrow(
      'GATEHOUSE_PROOF_SIGNER is',
    );
    await expect(start({ GATEHOUSE_PROOF_SIGNER: '/bin/echo' })).rejects.toThrow('printed no 32 bytes');
  });
});

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { noteSigner, verifierText } from '../../../libs/proof/tlog/signed-note.js';
import { commandLineFor } from '../../support/cli-process.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../../support/gatehouse.js';
import { seedOf } from '../../support/small-log.js';
import { until } from '../../support/until.js';
import { describeWithPrograms, INSTALL_MS } from './tools.js';

const run = promisify(execFile);
const CLIENTS = join(import.meta.dirname, 'clients');
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

/**
 * transparency-dev's witness cosigns our checkpoints, and its libraries and golang.org/x/mod/sumdb verify our bundles and static
 * files. None of it shares code with ours.
 */
describeWithPrograms('evidence and transparency-dev', ['go'], () => {
  let directory: string;
  let programs: { evidence: string; sumdb: string };
  let witness: ChildProcessWithoutNullStreams;
  let witnessKey: string;
  let gatehouse: TestGatehouse;
  let logKey: string;
  const line = commandLine();

  function commandLine() {
    return (...args: string[]) =>
      commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }).run(...args);
  }

  async function build(name: string): Promise<string> {
    const program = join(directory, name);
    await run('go', ['build', '-o', program, '.'], { cwd: join(CLIENTS, name) });
    return program;
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-interop-'));
    programs = { evidence: await build('evidence'), sumdb: await build('sumdb') };
    const policy = join(directory, 'trust.policy');
    await writeFile(policy, 'quorum none\n');
    const env = {
      GATEHOUSE_PROOF_ORIGIN: 'example.org/log',
      GATEHOUSE_PROOF_KEY: seedOf('interop').toString('base64'),
      GATEHOUSE_PROOF_POLICY_FILE: policy,
      GATEHOUSE_WITNESS_SECONDS: '1',
    };
    gatehouse = await startGatehouse({ env });
    const origin = `example.org/log/${gatehouse.runtime.epoch.current}`;
    logKey = verifierText(noteSigner(origin, seedOf('interop')));
    witness = spawn(programs.evidence, ['witness', logKey]);
    const lines = createInterface(witness.stdout)[Symbol.asyncIterator]();
    const [url, key] = [(await lines.next()).value as string, (await lines.next()).value as string];
    witnessKey = key;
    await writeFile(policy, `log ${logKey}\nwitness dev ${key} ${url}\nquorum dev\n`);
  }, INSTALL_MS);
  afterAll(async () => {
    witness?.kill();
    await gatehouse?.close();
    if (directory) await rm(directory, { recursive: true });
  });

  async function append(count: number): Promise<void> {
    const sender = await gatehouse.as('image-service', 'service');
    const events = Array.from({ length: count }, (_, n) =>
      cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: 'acc-1', model: 'm-1', prompt: 'ein Käse' }),
    );
    for (let n = 0; n < count; n += 100)
      expect((await sender.post('/v1/events', events.slice(n, n + 100), BATCH)).status).toBe(202);
  }

  it('agree: a witness of theirs cosigns, and a bundle with its cosignature verifies there and here', async () => {
    await append(300);
    const beside = await gatehouse.beside({ background: true });
    try {
      const anyone = await gatehouse.as('anybody');
      const cosigned = async () => {
        const { status, body } = await anyone.get('/log/checkpoint');
        return status === 200 && Number(body.split('\n')[1]) >= 300 && body.includes('witness.example');
      };
      await until(cosigned);
      // A second one, so that it has to verify that the log has grown.
      await append(400);
      await until(async () => {
        const { body } = await gatehouse.administrator.get('/v1/status');
        return body.proof.witnesses[0].leaves >= 700 && body.proof.witnesses[0].error === null;
      });
    } finally {
      await beside.close();
    }
    const bundle = join(directory, 'img-7.evidence');
    const proved = await line('audit', 'prove', 'img-7', '--reason', 'interop', '--out', bundle);
    expect([proved.code, proved.stderr]).toEqual([0, expect.any(String)]);
    const { stdout } = await run(programs.evidence, ['verify', bundle, logKey, witnessKey]);
    expect(stdout).toMatch(/^2 events of \d+, 2 signatures\n$/);
    const policy = join(directory, 'trust.policy');
    const verdict = await line('audit', 'verify-bundle', bundle, '--policy', policy);
    expect([verdict.code, verdict.stdout]).toEqual([
      0,
      expect.stringContaining('1 independent witness signed it too: dev'),
    ]);
    const text = await readFile(bundle, 'utf8');
    await writeFile(bundle, text.replace('"m-1"', '"m-2"'));
    await expect(run(programs.evidence, ['verify', bundle, logKey, witnessKey])).rejects.toThrow();
    expect((await line('audit', 'verify-bundle', bundle, '--policy', policy)).code).toBe(7);
  }, 120_000);

  it('agree on the static files', async () => {
    const files = join(directory, 'www', 'log');
    const published = await line('audit', 'publish', files, '--json');
    expect(published.code).toBe(0);
    const server = createServer((request, response) => {
      const file = createReadStream(join(directory, 'www', normalize(request.url!)));
      file.on('error', () => response.writeHead(404).end()).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { stdout } = await run(programs.sumdb, [url, logKey, '257']);
      expect(stdout).toMatch(new RegExp(`^${published.json().size} leaves, `));
    } finally {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    }
  });
});

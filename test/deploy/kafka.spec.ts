import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWithKafka, KAFKA_START_MS, readTopic, testClient } from '../support/kafka.js';

const SCRIPT = join(process.cwd(), 'deploy', 'kafka', 'kafka.mjs');

function kafka(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.err += text;
  });
  return { child, said, ended: once(child, 'close') };
}

it('says in one line what the local broker needs if there is no JDK', async () => {
  const { said, ended } = kafka(['0'], { PATH: '/nowhere' });
  expect((await ended)[0]).toBe(1);
  expect(said.err).toBe(
    'gatehouse: there is no java on the PATH: the local Kafka broker needs JDK 17 or later and Maven\n',
  );
});

it('says in one line that a port is invalid', async () => {
  const { said, ended } = kafka(['http'], {});
  expect((await ended)[0]).toBe(1);
  expect(said.err).toBe('gatehouse: the port is "http", which is not an integer from 0 to 65535: correct it\n');
});

describeWithKafka('npm run kafka', () => {
  it(
    'starts a broker that answers, keeps its topics over a restart, and stops cleanly on repeated signals',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-kafka-'));
      try {
        for (const run of ['first', 'second']) {
          const { child, said, ended } = kafka([], { GATEHOUSE_DATA: directory, GATEHOUSE_KAFKA_PORT: '0' });
          while (!said.out.includes('Ctrl-C') && child.exitCode === null) {
            await Promise.race([once(child.stdout, 'data'), ended]);
          }
          const bootstrap = /ready at (\S+)/.exec(said.out)?.[1];
          expect({ bootstrap, err: said.err }).toEqual({ bootstrap: expect.stringMatching(/^127/), err: '' });
          const producer = testClient(bootstrap!).producer();
          await testClient(bootstrap!).ensureTopics(['kept']);
          await producer.send('kept', [{ key: null, value: Buffer.from(run), headers: [] }]);
          await producer.close();
          const kept = run === 'first' ? ['first'] : ['first', 'second'];
          const read = await readTopic(bootstrap!, 'kept', ({ length }) => length >= kept.length);
          expect(read.map(({ value }) => value!.toString()).sort()).toEqual(kept);
          // Like a Ctrl-C under npm, or a closed terminal.
          for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) child.kill(signal);
          expect((await ended)[0]).toBe(0);
          expect(said.out).toMatch(/Kafka stopped\.\n$/);
        }
      } finally {
        await rm(directory, { recursive: true });
      }
    },
    KAFKA_START_MS,
  );
});

import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { freePort } from '../../support/free-port.js';
import { buildImage, missingForImages, startInImage } from '../../support/image-build.js';
import { until } from '../../support/until.js';

const BUILD_MS = 900_000;

const missing = missingForImages();
const itWithImages = missing ? it.skip : it;

itWithImages(
  `builds the image of deploy/Dockerfile, is healthy in it without root, and stops on SIGTERM${missing ? `: ${missing}` : ''}`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-image-'));
    try {
      const image = await buildImage('deploy/Dockerfile', directory);
      const env = { GATEHOUSE_HOST: '127.0.0.1', GATEHOUSE_PORT: String(await freePort()) };
      const command = [...image.entrypoint, ...image.command];
      const container = startInImage(image, command, env, { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [container.stdout, container.stderr]) stream?.on('data', (chunk) => (output += chunk));
      const ended = once(container, 'close');
      await until(async () => container.exitCode !== null || (await isHealthy(image, env)));
      expect({ code: container.exitCode, output }).toEqual({ code: null, output: expect.stringContaining('ready') });

      // What is inside belongs to the user of the image, and no tool of the build was left.
      const inside = join(image.layer, 'upper');
      const { uid } = await stat(join(inside, 'data', 'master.key'));
      expect(uid).toBe((await stat(join(inside, 'data'))).uid);
      expect(uid).not.toBe(0);
      await expect(stat(join(inside, 'app', 'node_modules', 'jest'))).rejects.toThrow('ENOENT');
      expect(JSON.parse(await readFile(join(inside, 'app', 'package.json'), 'utf8'))).toHaveProperty(
        'name',
        'gatehouse',
      );

      container.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  BUILD_MS,
);

async function isHealthy(
  image: Parameters<typeof startInImage>[0] & { healthcheck: string[] },
  env: Record<string, string>,
) {
  const [code] = await once(startInImage(image, image.healthcheck, env, { stdio: 'ignore' }), 'close');
  return code === 0;
}

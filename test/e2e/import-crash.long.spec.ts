import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { describeWithData, FILE_OPTIONS, figuresOf, figuresOfFiles } from '../support/import-figures.js';
import { prepareBuild, type StandaloneProcess, startProcess } from '../support/standalone-process.js';

const LIMIT_MS = 240_000;

describeWithData('an import of real data whose backend is killed', () => {
  let directory: string;
  let running: StandaloneProcess | undefined;

  beforeAll(async () => {
    prepareBuild();
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-import-'));
  }, LIMIT_MS);
  afterAll(async () => {
    await running?.stop('SIGTERM');
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'has the counts of the files when repeated after being killed among the images and among the verdicts',
    async () => {
      running = await startProcess({ GATEHOUSE_DATA: directory });
      const token = running.token!;
      for (const phase of ['images', 'verdicts']) {
        const cut = cliFor({ url: running.url, token }).start('import', ...FILE_OPTIONS);
        await cut.says(`${phase}: `);
        await running.stop('SIGKILL');
        cut.interrupt();
        expect(await cut.ended).toMatchObject({ code: 130, stdout: '' });
        running = await startProcess({ GATEHOUSE_DATA: directory });
      }

      const cli = cliFor({ url: running.url, token });
      const last = await cli.run('import', ...FILE_OPTIONS, '--json');
      expect(last).toMatchObject({ code: 0, stderr: '' });
      const { phases, metrics } = last.json();
      const { prompts, flags, reviews, repeatedVotes, whole, offenders, people } = figuresOfFiles();
      const [joins, images, flagged, verdicts] = phases;
      for (const before of [joins, images, flagged]) expect(before).toMatchObject({ accepted: 0, quarantined: 0 });
      expect([joins, images, flagged].map(({ duplicate }) => duplicate)).toEqual([
        people,
        prompts.length + flags.length,
        flags.length,
      ]);
      // Some were accepted before the kill, and the rest now.
      expect(verdicts.accepted).toBeGreaterThan(0);
      expect(verdicts.duplicate).toBeGreaterThan(repeatedVotes);
      expect([verdicts.accepted + verdicts.duplicate, verdicts.quarantined]).toEqual([reviews.length, 0]);
      expect(metrics.whole).toEqual({
        generated: prompts.length + flags.length,
        ...figuresOf(whole),
        deactivated: offenders.size,
        reinstated: 0,
        review: expect.anything(),
      });
      expect((await cli.run('views', 'verify')).code).toBe(0);
    },
    LIMIT_MS,
  );
});

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGatehouse, type TestGatehouse } from '../../support/gatehouse.js';
import { describeWithPrograms, INSTALL_MS, pythonPrograms } from './tools.js';

const SCHEMATHESIS = 'schemathesis==4.32.5';
const RUN_MS = 1_800_000;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'unsupported_method',
  'missing_required_header',
  'ignored_auth',
  'use_after_free',
];

const run = promisify(execFile);

describeWithPrograms('schemathesis, which makes requests from the OpenAPI document', ['python3'], () => {
  let gatehouse: TestGatehouse;
  let programs: string;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-schemathesis-'));
    const env = { GATEHOUSE_DECISION_WAIT_MS: '500', GATEHOUSE_ACCESS_WAIT_MS: '100' };
    [gatehouse, programs] = await Promise.all([
      startGatehouse({ background: true, env }),
      pythonPrograms(SCHEMATHESIS),
    ]);
  }, INSTALL_MS);
  afterAll(async () => {
    await gatehouse?.close();
    await rm(directory, { recursive: true });
  });

  it(
    'finds no answer that the document does not promise',
    async () => {
      const { url, administratorToken } = gatehouse;
      const options = '--phases examples,coverage,fuzzing --seed 1 --max-examples 10 --no-color --continue-on-failure';
      const asked = ['--header', `Authorization: Bearer ${administratorToken}`, '--request-timeout', '30'];
      const config = join(directory, 'schemathesis.toml');
      // QUERY is a method that the server does not know at all: 501, by RFC 9110, section 15.6.2.
      await writeFile(config, '[phases.coverage]\nunexpected-methods = ["GET", "PUT", "POST", "DELETE", "PATCH"]\n');
      const checked = ['run', `${url}/openapi.json`, '--checks', CHECKS.join(','), ...options.split(' '), ...asked];
      const args = ['--config-file', config, ...checked];
      const report = await run(join(programs, 'schemathesis'), args, {
        cwd: directory,
        maxBuffer: 256 * 1024 * 1024,
      }).then(
        ({ stdout }) => ({ failed: '', stdout }),
        ({ stdout, stderr }) => ({ failed: `${stdout}\n${stderr}`, stdout }),
      );
      expect(report.failed.replaceAll(administratorToken, '…').slice(-20_000)).toBe('');
      expect(report.stdout).toMatch(/\b([1-9]\d*) generated, \1 passed/);
    },
    RUN_MS,
  );
});

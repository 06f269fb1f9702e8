import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const PASSWORD = 'the-password-of-the-brokers';
let gatehouse: TestGatehouse;

beforeAll(async () => {
  const kafka = { GATEHOUSE_KAFKA_USERNAME: 'me', GATEHOUSE_KAFKA_SASL_MECHANISM: 'plain' };
  gatehouse = await startGatehouse({
    env: { ...kafka, GATEHOUSE_KAFKA_PASSWORD: PASSWORD, GATEHOUSE_REVIEW_PANEL: '3' },
  });
});
afterAll(() => gatehouse.close());

it('shows administrators the settings of the process, without secrets, by the API and the command line', async () => {
  const { status, body } = await gatehouse.administrator.get('/v1/settings');
  expect(status).toBe(200);
  expect(body.items).toEqual(
    expect.arrayContaining([
      { variable: 'GATEHOUSE_REVIEW_PANEL', set: true, value: '3', summary: expect.any(String) },
      { variable: 'GATEHOUSE_HTTP_LANES', set: false, value: '4', summary: expect.any(String) },
      { variable: 'GATEHOUSE_KAFKA_PASSWORD', set: true, summary: expect.any(String) },
    ]),
  );
  expect(JSON.stringify(body)).not.toContain(PASSWORD);
  expect((await (await gatehouse.as('olga', 'operator')).get('/v1/settings')).status).toBe(403);

  const shown = await commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }).run('settings');
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/GATEHOUSE_KAFKA_PASSWORD +\(secret\)/) });
  expect(shown.stdout).toMatch(/GATEHOUSE_REVIEW_PANEL +3 +environment/);
  expect(shown.stdout).not.toContain(PASSWORD);
});

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '../../kernel/clock.js';
import { readSettings } from '../../platform/configuration/settings.js';
import { DirectoryImageContent } from './directory-image-content.js';
import { HttpImageContent } from './http-image-content.js';
import { openImageContent } from './open-image-content.js';

const URL = 'https://images.example/{imageId}';
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-secrets-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const open = (env: Record<string, string>) => openImageContent(readSettings(env), systemClock);

async function secret(text: string, mode = 0o600): Promise<string> {
  const path = join(directory, 'secret');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

it('reads images from the service, else from the directory, else from nowhere', async () => {
  expect(await open({ GATEHOUSE_IMAGE_URL: URL, GATEHOUSE_IMAGE_DIRECTORY: '.' })).toBeInstanceOf(HttpImageContent);
  expect(await open({ GATEHOUSE_IMAGE_DIRECTORY: '.' })).toBeInstanceOf(DirectoryImageContent);
  await expect((await open({})).read('img-1')).rejects.toMatchObject({ code: 'image-content-off', status: 409 });
});

it('reads secrets from files that nobody else can read', async () => {
  const file = { GATEHOUSE_IMAGE_URL: URL, GATEHOUSE_IMAGE_TOKEN_FILE: await secret('abc.def\n') };
  expect(await open(file)).toBeInstanceOf(HttpImageContent);
  await secret('abc', 0o644);
  await expect(open(file)).rejects.toMatchObject({ code: 'image-token-key-exposed' });
  await secret('a b');
  await expect(open(file)).rejects.toMatchObject({ code: 'image-token-invalid' });
  await rm(file.GATEHOUSE_IMAGE_TOKEN_FILE);
  await expect(open(file)).rejects.toMatchObject({ code: 'image-token-missing' });
  const key = { GATEHOUSE_IMAGE_URL: URL, GATEHOUSE_IMAGE_SIGNING_KEY_FILE: await secret('short') };
  await expect(open(key)).rejects.toMatchObject({ code: 'image-signing-key-invalid' });
  await secret(Buffer.alloc(32, 1).toString('base64'));
  expect(await open(key)).toBeInstanceOf(HttpImageContent);
});

it.each([
  'https://images.example/',
  'https://{imageId}.example/',
  'https://{imageId}@images.example/',
  'https://user:password@images.example/{imageId}',
  'https://images.example/{imageId}/{imageId}',
  'https://images.example/#{imageId}',
  'ftp://images.example/{imageId}',
  'file:///images/{imageId}',
])('refuses %s as the address of images', (url) => {
  expect(() => readSettings({ GATEHOUSE_IMAGE_URL: url })).toThrow(/GATEHOUSE_IMAGE_URL/);
});

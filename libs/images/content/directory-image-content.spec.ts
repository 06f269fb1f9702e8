import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DirectoryImageContent } from './directory-image-content.js';

let root: string;
let content: DirectoryImageContent;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehouse-images-'));
  await mkdir(join(root, 'images', 'folder.png'), { recursive: true });
  await writeFile(join(root, 'secret.png'), 'secret');
  await writeFile(join(root, 'images', 'img-1.webp'), 'picture');
  await writeFile(join(root, 'images', 'large.png'), 'x'.repeat(101));
  await symlink(join(root, 'secret.png'), join(root, 'images', 'link.png'));
  content = new DirectoryImageContent(join(root, 'images'), 100);
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('reads the file that has the name of the image', async () => {
  expect(String(await content.read('img-1'))).toBe('picture');
});

it.each([
  ['img-2', 'image-content-unknown'],
  ['link', 'image-content-unknown'],
  ['folder', 'image-content-unknown'],
  ['large', 'image-content-too-large'],
  ['../secret', 'invalid-input'],
  ['..', 'invalid-input'],
])('refuses %s', async (imageId, code) => {
  await expect(content.read(imageId)).rejects.toEqual(expect.objectContaining({ code }));
});

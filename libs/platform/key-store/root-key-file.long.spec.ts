import { rm } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { keyStoreInFolder, killAfterEach } from '../../../test/support/rotated-key-store.js';

it('a rotation of a root key in a file can be killed after each operation on a file', async () => {
  const { folder, keys } = await keyStoreInFolder();
  try {
    expect(await killAfterEach(1, folder, keys)).toBeGreaterThan(40);
  } finally {
    await rm(folder, { recursive: true });
  }
});

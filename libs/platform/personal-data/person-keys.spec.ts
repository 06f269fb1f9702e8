import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { damageKeyOf, openTestKeys, type TestKeys } from '../../../test/support/test-keys.js';
import { monthTree } from './data-class.js';
import { ERASED, Unreadable } from './encrypted-text.js';

const MINUTE_MS = 60_000;
const now = { ms: Date.UTC(2022, 4, 18) };
const clock = { now: () => now.ms };
let test: TestKeys;

beforeAll(async () => {
  test = await openTestKeys(clock);
});
afterAll(() => test.remove());

describe('person keys', () => {
  it('decrypt data of the same person and place, in this process or another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        async (person, plaintext, aad) => {
          const encrypted = await test.keys.encrypt(person, plaintext, aad);
          expect(encrypted).toMatch(/^sealed:v1:[A-Za-z0-9_-]+$/);
          expect(await test.keys.decrypt(person, encrypted, aad)).toBe(plaintext);
          await expect(test.keys.decrypt(person, encrypted, `${aad}x`)).rejects.toThrow(Unreadable);
        },
      ),
      { numRuns: 50 },
    );
    const others = await Promise.all([test.beside(), test.beside()]);
    const encrypted = await others[0]!.encrypt('ann', 'hello', 'here');
    expect(await others[1]!.decrypt('ann', encrypted, 'here')).toBe('hello');
  });

  it('decrypt what is about another, of a class of data or of none, until a key of either is destroyed', async () => {
    const owners = [
      { person: 'writer' },
      { person: 'writer', about: 'subject' },
      { person: 'writer', dataClass: 'comments' as const },
      { person: 'writer', about: 'subject', dataClass: 'comments' as const },
    ];
    const encrypted = await test.keys.encryptMany(owners.map((one) => ({ ...one, plaintext: 'text', aad: 'here' })));
    const texts = () =>
      Promise.all(owners.map((one, n) => test.keys.decrypt(one, encrypted[n]!, 'here').catch(() => 'unreadable')));
    expect(await texts()).toEqual(['text', 'text', 'text', 'text']);
    await test.keys.destroy({ names: ['subject'] });
    expect(await texts()).toEqual(['text', 'unreadable', 'text', 'unreadable']);
  });

  it('reject data that was altered or belongs to another person', async () => {
    const encrypted = await test.keys.encrypt('bob', 'mine', 'here');
    const altered = encrypted.slice(0, -2) + (encrypted.at(-2) === 'A' ? 'B' : 'A') + encrypted.at(-1);
    await expect(test.keys.decrypt('bob', altered, 'here')).rejects.toThrow(Unreadable);
    await expect(test.keys.decrypt('eve', encrypted, 'here')).rejects.toThrow(Unreadable);
  });

  it('write nothing for a new person', async () => {
    const files = async () => (await readdir(test.directory, { recursive: true })).sort();
    const before = await files();
    const texts = Array.from({ length: 500 }, (_, i) => ({ person: `new-${i}`, plaintext: 'x', aad: '' }));
    await test.keys.encryptMany(texts);
    expect(await files()).toEqual(before);
  });

  it('make data of an erased person unreadable, in no copy of the directory, and keep no new data', async () => {
    const encrypted = await test.keys.encrypt('gone', 'secret', 'here');
    const kept = await test.keys.encrypt('kept', 'other', 'here');
    const epoch = test.keys.store.epoch;
    expect(await test.keys.destroy({ names: ['gone'] })).toBe(epoch + 1);
    for (const process of [test.keys, await test.beside()]) {
      await expect(process.decrypt('gone', encrypted, 'here')).rejects.toThrow('the person was forgotten');
      expect(await process.encrypt('gone', 'again', 'here')).toBe(ERASED);
      expect(await process.isForgotten('gone')).toBe(true);
      expect(await process.decrypt('kept', kept, 'here')).toBe('other');
    }
    expect(await test.keys.destroy({ names: ['gone'] })).toBe(epoch + 1);
    expect((await readdir(test.directory)).sort()).toEqual(['buckets', `root-${epoch + 1}`]);
  });

  it('are dropped by a second process within a minute, and are not used while it can’t look', async () => {
    const second = await test.beside();
    const encrypted = await second.encrypt('late', 'secret', 'here');
    await test.keys.destroy({ names: ['late'] });
    expect(await second.decrypt('late', encrypted, 'here')).toBe('secret');
    now.ms += MINUTE_MS;
    await expect(second.decrypt('late', encrypted, 'here')).rejects.toThrow('the person was forgotten');
    expect(second.store.epoch).toBe(test.keys.store.epoch);
    now.ms -= 2 * MINUTE_MS; // a clock that was set back
    await test.keys.destroy({ names: ['later'] });
    expect(await second.isForgotten('later')).toBe(true);
  });

  it('would go on decrypting in a process that never looks: what the test above finds out', async () => {
    const { ms } = now;
    const keeping = await test.beside({ now: () => ms });
    const encrypted = await keeping.encrypt('cached', 'secret', 'here');
    await test.keys.destroy({ names: ['cached'] });
    now.ms += 60 * MINUTE_MS;
    expect(await keeping.decrypt('cached', encrypted, 'here')).toBe('secret');
    await expect((await test.beside()).decrypt('cached', encrypted, 'here')).rejects.toThrow(
      'the person was forgotten',
    );
    now.ms -= 60 * MINUTE_MS;
  });

  it('are lost for one owner of a string if those of another are destroyed', async () => {
    const owners = { person: 'writer', about: 'image/1', dataClass: 'comments' as const };
    const [encrypted] = await test.keys.encryptMany([{ ...owners, plaintext: 'you know who', aad: 'here' }]);
    expect(encrypted).toMatch(/^sealed:v2:202205:/);
    expect(await (await test.beside()).decrypt(owners, encrypted!, 'here')).toBe('you know who');
    await expect(test.keys.decrypt('writer', encrypted!, 'here')).rejects.toThrow(Unreadable);
    await test.keys.destroy({ names: ['image/1'] });
    await expect(test.keys.decrypt(owners, encrypted!, 'here')).rejects.toThrow('the person was forgotten');
    const again = { ...owners, plaintext: 'again', aad: '' };
    expect(await test.keys.encryptMany([again])).toEqual([ERASED]);
  });

  it('of a class and month can be destroyed without those of others', async () => {
    const encrypt = async (dataClass: 'prompts' | 'notes') =>
      (await test.keys.encryptMany([{ person: 'maker', dataClass, plaintext: dataClass, aad: '' }]))[0]!;
    const [may, notes] = [await encrypt('prompts'), await encrypt('notes')];
    now.ms += 31 * 24 * 60 * MINUTE_MS;
    const june = await encrypt('prompts');
    await test.keys.destroy({ periods: [monthTree('prompts', '202205')] });
    for (const process of [test.keys, await test.beside()]) {
      const decrypt = (dataClass: 'prompts' | 'notes', text: string) =>
        process.decrypt({ person: 'maker', dataClass }, text, '').catch(() => 'gone');
      expect(await Promise.all([decrypt('prompts', may), decrypt('notes', notes), decrypt('prompts', june)])).toEqual([
        'gone',
        'notes',
        'prompts',
      ]);
    }
  });

  it('of a damaged file are refused, and only those', async () => {
    const texts = ['hurt', 'well'].map((person) => ({ person, plaintext: 'text', aad: '' }));
    const [hurt] = await test.keys.encryptMany(texts);
    await damageKeyOf(test.keys, 'hurt');
    const other = await test.beside();
    await expect(other.encryptMany(texts)).rejects.toMatchObject({
      code: 'person-key-damaged',
      people: new Set(['hurt']),
      message: expect.stringContaining(test.keys.store.fileFor('hurt')),
    });
    expect(await other.encryptMany(texts.slice(1))).toHaveLength(1);
    await expect(other.decrypt('hurt', hurt!, '')).rejects.toThrow(Unreadable);
  });

  it('are nowhere in clear in the files', async () => {
    const key = (await test.keys.store.keyOf('ann')) as Buffer;
    for (const name of await readdir(test.directory, { recursive: true })) {
      const bytes = await readFile(join(test.directory, name)).catch(() => Buffer.alloc(0));
      expect(bytes.includes(key)).toBe(false);
    }
  });
});

import type { Clock } from '../../kernel/clock.js';
import { decodeKey } from '../../platform/configuration/setting-kinds.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { readPrivate } from '../../platform/key-file.js';
import { explainFailure, StartFailure } from '../../platform/start-failure.js';
import { DirectoryImageContent } from './directory-image-content.js';
import { HttpImageContent } from './http-image-content.js';
import { type ImageContent, noContent } from './image-content.js';

const MEBIBYTE = 1_048_576;
const KEY_BYTES = 32;
/** RFC 6750. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * The source of images that the settings name.
 * @throws StartFailure if a secret can't be read
 */
export async function openImageContent(settings: Settings, clock: Clock): Promise<ImageContent> {
  const { imageUrl: template, imageDirectory, imageTimeoutMs: timeoutMs } = settings;
  const maxBytes = settings.imageMaxMb * MEBIBYTE;
  if (template !== undefined) {
    const [token, signingKey] = await Promise.all([tokenOf(settings), signingKeyOf(settings)]);
    const secrets = { ...(token !== undefined && { token }), ...(signingKey && { signingKey }) };
    return new HttpImageContent({ template, maxBytes, timeoutMs, ...secrets }, clock);
  }
  return imageDirectory === undefined ? noContent : new DirectoryImageContent(imageDirectory, maxBytes);
}

async function tokenOf({ imageToken, imageTokenFile: file }: Settings): Promise<string | undefined> {
  const token = imageToken ?? (file === undefined ? undefined : (await secretIn(file, 'image-token')).trim());
  if (token === undefined || TOKEN.test(token)) return token;
  throw new StartFailure(
    'image-token-invalid',
    `the token for the image service is empty or has a character that tokens never contain: correct GATEHOUSE_IMAGE_TOKEN${file === undefined ? '' : ` or ${file}`}`,
  );
}

async function signingKeyOf({ imageSigningKey, imageSigningKeyFile: file }: Settings): Promise<Buffer | undefined> {
  if (imageSigningKey || file === undefined) return imageSigningKey;
  const key = decodeKey(await secretIn(file, 'image-signing'), KEY_BYTES);
  if (key) return key;
  throw new StartFailure(
    'image-signing-key-invalid',
    `${file} does not contain ${KEY_BYTES} bytes in base64: create it with "openssl rand -base64 32", and give the image service the same key`,
  );
}

async function secretIn(path: string, kind: string): Promise<string> {
  try {
    return await readPrivate(path, kind);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw explainFailure(path, error);
    throw new StartFailure(
      `${kind}-missing`,
      `there is no file ${path}: create it, or correct the setting that names it`,
    );
  }
}

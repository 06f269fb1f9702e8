import { createHmac } from 'node:crypto';
import { InvalidInput } from '../../kernel/errors.js';
import { isEntityId } from '../../kernel/text-forms.js';

/** How long the address of a signed request is valid. */
export const SIGNED_FOR_MS = 60_000;
const PLACEHOLDER = '{imageId}';
const MS_IN_S = 1_000;

/**
 * The address of an image. The id is one segment or value of it, whatever it contains: an id that could lead elsewhere has
 * another form.
 * @param template has {imageId} in its path or query
 * @throws InvalidInput
 */
export function imageAddress(template: string, imageId: string): URL {
  refuseOtherForms(imageId);
  return new URL(template.replace(PLACEHOLDER, encodeURIComponent(imageId)));
}

/** Adapters refuse what is no id themselves, so that no caller has to remember it. @throws InvalidInput */
export function refuseOtherForms(imageId: string): void {
  if (isEntityId(imageId)) return;
  throw new InvalidInput([{ field: 'id', message: 'is not the id of an image: use letters, digits and . _ : ~ -' }]);
}

/**
 * The same address with `expires`, in seconds of Unix time, and `signature`: the HMAC-SHA-256 in base64url of the path with
 * its query up to and including `expires`. The image service computes it again with the shared key.
 * @param now epoch milliseconds
 */
export function signedAddress(address: URL, key: Buffer, now: number): URL {
  const signed = new URL(address);
  signed.searchParams.append('expires', String(Math.ceil((now + SIGNED_FOR_MS) / MS_IN_S)));
  const signature = createHmac('sha256', key).update(`${signed.pathname}${signed.search}`).digest('base64url');
  signed.searchParams.append('signature', signature);
  return signed;
}

import { Unreadable } from '../platform/personal-data/encrypted-text.js';
import { PersonKeyDamaged, type PersonKeys } from '../platform/personal-data/person-keys.js';

/** What a rejected event says of itself, and what was wrong. Its sender chose these strings: each may hold personal data. */
export interface ReportedAttributes {
  eventId: string | null;
  source: string | null;
  type: string | null;
  field: string;
  detail: string;
}

/**
 * The raw bytes may hold anybody's data, so they are encrypted with a key of their own. No account id contains a slash, so
 * no account's erasure destroys this key.
 */
export const QUARANTINE_KEY = '/quarantine';

const NOTHING = { eventId: null, source: null, type: null, field: '' };
const UNREADABLE: ReportedAttributes = {
  ...NOTHING,
  detail: "can't be decrypted: restore the newest copy of the key directory",
};
const FORMER: ReportedAttributes = {
  ...NOTHING,
  detail: 'was kept by an earlier version: replay it, and the answer says what is wrong',
};

/** Encrypts the attributes of quarantine entries, each for its own entry. */
export class ReportedAttributesCipher {
  constructor(private readonly keys: PersonKeys) {}

  /** @returns undefined if the quarantine's key is damaged */
  async encrypt(attributes: ReportedAttributes, fingerprint: string): Promise<string | undefined> {
    try {
      return await this.keys.encrypt(QUARANTINE_KEY, JSON.stringify(attributes), contextOf(fingerprint));
    } catch (error) {
      if (error instanceof PersonKeyDamaged) return undefined;
      throw error;
    }
  }

  /** Without its key an entry can still be listed and discarded. */
  async decrypt(encrypted: string | null, fingerprint: string): Promise<ReportedAttributes> {
    if (encrypted === null) return FORMER;
    try {
      return JSON.parse(await this.keys.decrypt(QUARANTINE_KEY, encrypted, contextOf(fingerprint)));
    } catch (error) {
      if (error instanceof Unreadable) return UNREADABLE;
      throw error;
    }
  }
}

const contextOf = (fingerprint: string) => `${fingerprint}:reported`;

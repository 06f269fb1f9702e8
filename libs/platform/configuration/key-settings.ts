import { integer, onOff, text } from './setting-kinds.js';

/** Settings of the key store and of erasure; see settings.ts. */
export const keySettings = {
  rootKeyCommand: text().means(
    'Program that asks a key-management service to encrypt the root of the key store, in place of the master key: it gets `wrap` or `unwrap` as its last argument and base64 on its input',
  ),
  keyDirectory: text().means(
    'Directory of the key store, which every process of one database shares and which no backup of the database has; by default `keys` in the data directory, with an embedded database only',
  ),
  keyBackupDays: integer(30, 0, 3_650).means(
    'Days after which the last backup of the key directory has expired; certificates of erasure name the date',
  ),
  databaseBackupDays: integer(365, 0, 3_650).means(
    'Days after which a backup of the database, and of its write-ahead log, has expired; if the keys were once in the database, certificates of erasure name the date when the last backup of then has',
  ),
  erasureCoolingHours: integer(72, 0, 8_760).means(
    'Hours from the request for an erasure until it is started; it can be cancelled until then',
  ),
  recogniseErased: onOff(true).means(
    'Whether a deactivated person whose data was erased is recognized by the hash of the address when they join again',
  ),
  subjectRequestDays: integer(30, 1, 365).means(
    'Days after which a request of a person about their data is due, from when it was received',
  ),
};

import { integer, key, named, text } from './setting-kinds.js';

/** The settings of the log of leaves: its name, its keys, its witnesses and its verification. */
export const proofSettings = {
  proofKey: key(32).means(
    'Key that signs the checkpoints of the log: the seed of an Ed25519 key; takes precedence over the file',
  ),
  proofKeyFile: text().means(
    'File with that key; by default `proof.key` in the data directory, created there with an embedded database only. Without a key nothing is signed',
  ),
  proofNextKey: key(32).means(
    'A second such key, to take the place of the first: it signs once `gatehouse audit rotate-key` was run',
  ),
  proofNextKeyFile: text().means(
    'File with that key; `proof-next.key` in the data directory is used with an embedded database if it is there',
  ),
  proofSigner: text().means(
    'Program that signs with a key which is kept elsewhere: it prints the Ed25519 public key in base64 when called with `public-key`, and the signature over its standard input with `sign`. It signs by itself if there is no other key, and after `gatehouse audit rotate-key` otherwise',
  ),
  proofOrigin: named(
    /^[^\s+/]+(?:\/[^\s+/]+)*$/,
    'a name without spaces and plus, like example.org/log',
    'gatehouse',
  ).means(
    'First part of the name of the log in its checkpoints; the epoch of the log is the second. Use an address of your own',
  ),
  proofPolicyFile: text().means(
    'File with a C2SP tlog-policy: each of its witnesses with an address is asked to sign the checkpoints too, and evidence is given under one that meets its quorum. It is read again whenever it is used; if unset, nobody is asked',
  ),
  verifyMinutes: integer(60, 0, 44_640).means(
    'How often new events are compared with the log of leaves, in minutes; 0 for never',
  ),
  verifyFullHours: integer(168, 0, 8_760).means('The same for all events, in hours; 0 for never'),
  witnessSeconds: integer(60, 1, 86_400).means(
    'How often the newest checkpoint is sent to the witnesses, in seconds; after a failure a witness is asked less and less often, but every hour',
  ),
};

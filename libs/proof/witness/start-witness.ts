import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInput } from '../../kernel/errors.js';
import { makeDirectory } from '../../platform/database/make-directory.js';
import { loadKey } from '../../platform/key-file.js';
import { StartFailure } from '../../platform/start-failure.js';
import { isKeyName, type NoteKey, noteSigner, verifierText } from '../tlog/signed-note.js';
import { Witness } from './witness.js';
import { WitnessFile } from './witness-file.js';
import { serveWitness } from './witness-server.js';

export interface WitnessOptions {
  /** Of its key. */
  name: string;
  /** Of its key and of what it has cosigned; only its user can read it. */
  directory: string;
  logs: readonly NoteKey[];
  host: string;
  port: number;
  failed(error: unknown): void;
}

/** @throws StartFailure; InvalidInput for a name that keys can't have */
export async function startWitness({ name, directory, logs, host, port, failed }: WitnessOptions) {
  if (!isKeyName(name)) throw new InvalidInput([{ field: '--name', message: `is ${name}: leave out spaces and plus` }]);
  await makeDirectory(directory);
  const cosigned = await WitnessFile.open(directory);
  try {
    if (!cosigned.isEmpty && !existsSync(join(directory, 'witness.key')))
      throw new StartFailure(
        'witness-key-missing',
        `there is no witness.key in ${directory}, but the witness has signed with one: restore it from your backup`,
      );
    const place = { kind: 'witness', key: undefined, file: undefined };
    const signer = noteSigner(name, await loadKey(place, { databaseUrl: undefined, data: directory }), 'witness');
    const verifier = verifierText(signer);
    const witness = new Witness(signer, logs, cosigned);
    const addCheckpoint = (request: string) => witness.addCheckpoint(request);
    const server = await serveWitness({ host, port, about: `${verifier}\n`, addCheckpoint, failed });
    return {
      url: server.url,
      verifier,
      async close() {
        await server.close();
        cosigned.close();
      },
    };
  } catch (error) {
    cosigned.close();
    throw error;
  }
}

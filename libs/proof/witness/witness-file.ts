import { closeSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLockFile } from '../../platform/embedded-postgres/file-lock.js';
import { newFile } from '../../platform/new-file.js';
import { StartFailure } from '../../platform/start-failure.js';
import { type Checkpoint, checkpointText, parseCheckpoint } from '../tlog/checkpoint.js';

const NAME = 'cosigned';

/**
 * The newest checkpoint of each log that a witness has cosigned, in one file of its own. A change is on the disk, under its
 * final name, before it is known to anybody; whenever the machine stops, the file is the one before or the one after.
 */
export class WitnessFile {
  private constructor(
    private readonly directory: string,
    private readonly lock: number,
    private cosigned: ReadonlyMap<string, Checkpoint>,
  ) {}

  /** @throws StartFailure if another process has it, or if it is damaged */
  static async open(directory: string): Promise<WitnessFile> {
    const lock = await tryLockFile(join(directory, 'lock'));
    if (typeof lock !== 'number')
      throw new StartFailure(
        'witness-in-use',
        lock === 'held'
          ? `another process is the witness of ${directory}: end it first, since two could sign different trees`
          : `files of ${directory} can't be locked on this system: install flock, or use a local directory`,
      );
    try {
      return new WitnessFile(directory, lock, await readCosigned(join(directory, NAME)));
    } catch (error) {
      closeSync(lock);
      throw error;
    }
  }

  get isEmpty(): boolean {
    return this.cosigned.size === 0;
  }

  of(origin: string): Checkpoint | undefined {
    return this.cosigned.get(origin);
  }

  /** Resolves once nothing can undo it. One call at a time. */
  async store(checkpoint: Checkpoint): Promise<void> {
    const changed = new Map(this.cosigned).set(checkpoint.origin, checkpoint);
    const path = join(this.directory, NAME);
    const file = await newFile(`${path}.new`, 0o600);
    try {
      await file.writeFile([...changed.values()].map((one) => `${checkpointText(one)}\n`).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    const folder = await open(this.directory, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    this.cosigned = changed;
  }

  close(): void {
    closeSync(this.lock);
  }
}

async function readCosigned(path: string): Promise<Map<string, Checkpoint>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const blocks = text.split('\n\n');
  const checkpoints = blocks.slice(0, -1).map((block) => parseCheckpoint(`${block}\n`));
  if (blocks.at(-1) !== '' || !checkpoints.every((one) => one !== undefined))
    throw new StartFailure(
      'witness-file-damaged',
      `${path} is damaged: restore it; without it the witness could sign a second tree for a log`,
    );
  return new Map(checkpoints.map((one) => [one.origin, one]));
}

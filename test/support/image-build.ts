import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import dockerIgnore from '@balena/dockerignore';
import { type Copy, DockerfileParser, type Instruction, type PropertyInstruction } from 'dockerfile-ast';

const ROOT_USER = 'root';
/** What the base image brings and a plain machine does not: its user. */
const BASE_IMAGE = 'id node > /dev/null 2>&1 || useradd --create-home --shell /bin/bash node';

/** One stage of a Dockerfile as far as it was carried out. */
interface Stage {
  /** What it added to the machine's own files, used as the base image. */
  layer: string;
  workDirectory: string;
  env: Record<string, string>;
  user: string;
}

export interface BuiltImage extends Stage {
  entrypoint: string[];
  command: string[];
  healthcheck: string[];
}

/** Why the steps of a Dockerfile can't be carried out on this machine, if so. */
export function missingForImages(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const mounts = spawnSync('unshare', [
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs none /mnt && grep -qw overlay /proc/filesystems',
  ]);
  return mounts.status === 0 ? undefined : 'needs mounts and overlayfs';
}

/**
 * Carries out a Dockerfile without an engine: each stage is an overlay over the files of this machine, used as the
 * base image. So a step may find a program that the base image lacks; everything else is as in a build.
 * @param directory for what the stages add; on a file system that can be the upper side of an overlay
 */
export async function buildImage(dockerfile: string, directory: string): Promise<BuiltImage> {
  const build = new ImageBuild(await includedFiles(`${dockerfile}.dockerignore`), directory);
  for (const instruction of DockerfileParser.parse(await readFile(dockerfile, 'utf8')).getInstructions()) {
    await build.carryOut(instruction);
  }
  return build.image;
}

/** Starts a program in the image. */
export function startInImage(
  image: Stage,
  command: readonly string[],
  env: Record<string, string>,
  options: SpawnOptions = {},
): ChildProcess {
  const user = ['setpriv', '--reuid', image.user, '--regid', image.user, '--init-groups', '--inh-caps=-all', '--'];
  return spawn(
    'unshare',
    ['--mount', 'sh', '-ec', ENTER, 'sh', image.layer, image.workDirectory, ...user, ...command],
    {
      ...options,
      env: { PATH: process.env.PATH, ...image.env, ...env },
    },
  );
}

/** $1 is the layer, $2 the work directory. All mounts vanish with the process. */
const ENTER = `
layer=$1 directory=$2; shift 2
mkdir -p "$layer/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
mount -t proc proc "$layer/root/proc"
mount --rbind /dev "$layer/root/dev"
exec chroot "$layer/root" sh -ec 'cd "$0"; exec "$@"' "$directory" "$@"`;

class ImageBuild {
  private readonly stages = new Map<string, Stage>();
  private stage?: Stage;
  private entrypoint: string[] = [];
  private command: string[] = [];
  private healthcheck: string[] = [];

  constructor(
    private readonly context: readonly string[],
    private readonly directory: string,
  ) {}

  get image(): BuiltImage {
    const { entrypoint, command, healthcheck } = this;
    return { ...this.current, entrypoint, command, healthcheck };
  }

  private get current(): Stage {
    if (!this.stage) throw new Error('the Dockerfile begins without FROM');
    return this.stage;
  }

  async carryOut(instruction: Instruction): Promise<void> {
    const text = instruction.getArgumentsContent() ?? '';
    const words = instruction.getArguments().map((argument) => argument.getValue());
    switch (instruction.getKeyword()) {
      case 'FROM':
        return this.begin(words);
      case 'WORKDIR':
        this.current.workDirectory = posix.resolve(this.current.workDirectory, text);
        await mkdir(join(this.current.layer, 'upper', this.current.workDirectory), { recursive: true });
        return;
      case 'ENV':
        for (const property of (instruction as PropertyInstruction).getProperties()) {
          this.current.env[property.getName()] = property.getValue() ?? '';
        }
        return;
      case 'USER':
        this.current.user = text;
        return;
      case 'COPY':
        return this.copy(words, (instruction as Copy).getFromFlag()?.getValue() ?? undefined);
      case 'RUN':
        return this.inStage(this.current.user, ['sh', '-c', text.replaceAll(/\\\n/g, '')]);
      case 'ENTRYPOINT':
        this.entrypoint = JSON.parse(text);
        return;
      case 'CMD':
        this.command = JSON.parse(text);
        return;
      case 'HEALTHCHECK':
        this.healthcheck = JSON.parse(text.slice(text.indexOf('CMD') + 'CMD'.length));
        return;
      case 'VOLUME':
      case 'EXPOSE':
        return;
      default:
        throw new Error(`${instruction.getKeyword()} of the Dockerfile is not carried out here: add it`);
    }
  }

  private async begin([, , name]: string[]): Promise<void> {
    const layer = join(this.directory, `stage-${this.stages.size}`);
    await Promise.all(['upper', 'work'].map((part) => mkdir(join(layer, part), { recursive: true })));
    this.stage = { layer, workDirectory: '/', env: {}, user: ROOT_USER };
    this.stages.set(name ?? String(this.stages.size), this.stage);
    this.entrypoint = [];
    await this.inStage(ROOT_USER, ['sh', '-c', BASE_IMAGE]);
  }

  private async copy(words: string[], from?: string): Promise<void> {
    const paths = words.slice(0, -1);
    const text = words.at(-1)!;
    const target = join(this.current.layer, 'upper', posix.resolve(this.current.workDirectory, text));
    for (const path of paths) {
      const named = text.endsWith('/') ? join(target, posix.basename(path)) : target;
      if (from)
        await cp(join(this.stageNamed(from).layer, 'upper', path), named, { recursive: true, verbatimSymlinks: true });
      else await this.copyFromContext(path, named);
    }
  }

  private stageNamed(name: string): Stage {
    const stage = this.stages.get(name);
    if (!stage) throw new Error(`no stage of the Dockerfile is named ${name}`);
    return stage;
  }

  private async copyFromContext(path: string, target: string): Promise<void> {
    const files = this.context.filter((file) => file === path || file.startsWith(`${path}/`));
    if (files.length === 0) throw new Error(`COPY ${path}: the build context has no such file`);
    for (const file of files) {
      const to = join(target, posix.relative(path, file));
      await mkdir(dirname(to), { recursive: true });
      await cp(file, to);
    }
  }

  private async inStage(user: string, command: string[]): Promise<void> {
    const child = startInImage({ ...this.current, user }, command, {}, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output.slice(-4_000)}`);
  }
}

/** The files of the build context, relative to the project. */
async function includedFiles(ignoreFile: string): Promise<string[]> {
  const ignored = dockerIgnore.default().add(await readFile(ignoreFile, 'utf8'));
  const entries = (await readdir('.', { withFileTypes: true })).filter(({ name }) => !ignored.ignores(name));
  const files = entries.map(async (entry) => {
    if (!entry.isDirectory()) return [entry.name];
    const below = await readdir(entry.name, { recursive: true, withFileTypes: true });
    return below.filter((one) => one.isFile()).map((one) => posix.join(one.parentPath, one.name));
  });
  return ignored.filter((await Promise.all(files)).flat());
}

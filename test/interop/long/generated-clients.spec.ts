import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startGatehouse, type TestGatehouse } from '../../support/gatehouse.js';
import { describeWithPrograms, INSTALL_MS, mavenJar, npmPackages, pythonPrograms } from './tools.js';

const OPENAPI_GENERATOR = 'org.openapitools:openapi-generator-cli:7.25.0';
const OPENAPI_TYPESCRIPT = ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0'];
/** The generator with the packages that its client needs, and those of the Python client of openapi-generator. */
const PYTHON = ['openapi-python-client==0.29.1', 'urllib3==2.7.0', 'pydantic==2.13.0', 'python-dateutil==2.9.0.post0'];
const CLIENTS = resolve('test/interop/long/clients');
const TSC = resolve('node_modules/typescript-7/bin/tsc');
const TSC_OPTIONS = ['--strict', '--target', 'es2023', '--module', 'esnext', '--moduleResolution', 'bundler'];
const TSC_LIBRARIES = ['--lib', 'es2023,dom', '--types', 'node', '--typeRoots', resolve('node_modules/@types')];

const run = promisify(execFile);

describeWithPrograms('a client that is generated from the OpenAPI document', ['java', 'mvn', 'python3', 'go'], () => {
  let gatehouse: TestGatehouse;
  let document: string;
  let directory: string;
  let jar: string;
  let python: string;
  let packages: string;

  beforeAll(async () => {
    gatehouse = await startGatehouse({ background: true });
    [jar, python, packages] = await Promise.all([
      mavenJar(OPENAPI_GENERATOR),
      pythonPrograms(...PYTHON),
      npmPackages(...OPENAPI_TYPESCRIPT),
    ]);
  }, INSTALL_MS);
  afterAll(() => gatehouse?.close());

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-client-'));
    document = join(directory, 'openapi.json');
    await writeFile(document, JSON.stringify((await gatehouse.administrator.get('/openapi.json')).body));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const environment = () => ({
    ...process.env,
    PATH: [python, process.env.PATH].join(delimiter),
    GATEHOUSE_URL: gatehouse.url,
    GATEHOUSE_TOKEN: gatehouse.administratorToken,
    GOFLAGS: '-mod=mod',
  });

  /** Runs a program in the directory, and returns what it prints; an error has its output. */
  async function inDirectory(program: string, ...args: string[]): Promise<string> {
    const options = { cwd: directory, env: environment(), maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await run(program, args, options).catch((error) => {
      throw new Error(`${program} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
    });
    return stdout;
  }

  const generate = (generator: string, output: string, properties: string) =>
    inDirectory('java', '-jar', jar, 'generate', '-i', document, '-g', generator, '-o', output, `-p=${properties}`);

  const copyClient = (name: string, as = name) => copyFile(join(CLIENTS, name), join(directory, as));

  function expectAnswers(printed: string): void {
    expect(JSON.parse(printed)).toEqual({
      decision: false,
      hasReason: true,
      outcome: 'accepted',
      problem: [404, 'account-unknown'],
      feed: true,
    });
  }

  it(
    'by openapi-python-client works',
    async () => {
      await copyClient('openapi-python-client.py');
      const output = join(directory, 'gatehouse');
      // It reads bytes only under this media type.
      const override = (type: string) => `  ${type}: application/octet-stream\n`;
      const config = join(directory, 'openapi-python-client.yml');
      const pictures = ['image/png', 'image/jpeg', 'image/webp'].map(override).join('');
      await writeFile(config, `content_type_overrides:\n${pictures}`);
      const made = ['generate', '--path', document, '--output-path', output, '--meta', 'none', '--fail-on-warning'];
      made.push('--config', config);
      await inDirectory(join(python, 'openapi-python-client'), ...made);
      expectAnswers(await inDirectory('python', 'openapi-python-client.py'));
    },
    INSTALL_MS,
  );

  it(
    'by openapi-generator for Python works',
    async () => {
      await copyClient('openapi-generator.py');
      await generate('python', directory, 'packageName=gatehouse');
      expectAnswers(await inDirectory('python', 'openapi-generator.py'));
    },
    INSTALL_MS,
  );

  it(
    'by openapi-generator for Go works',
    async () => {
      await generate(
        'go',
        join(directory, 'client'),
        'packageName=gatehouse,withGoMod=false,useOneOfDiscriminatorLookup=true',
      );
      await copyClient('openapi-generator.go', 'main.go');
      await rm(join(directory, 'client', 'test'), { recursive: true });
      await writeFile(join(directory, 'go.mod'), 'module gatehouse.test\n\ngo 1.19\n');
      await inDirectory('go', 'mod', 'tidy');
      expectAnswers(await inDirectory('go', 'run', '.'));
    },
    INSTALL_MS,
  );

  /** Compiles a client in TypeScript with the types of its libraries, and runs it. */
  async function compileAndRun(name: string): Promise<string> {
    const main = join(directory, 'main.ts');
    await copyClient(name, 'main.ts');
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await inDirectory(process.execPath, TSC, ...TSC_OPTIONS, ...TSC_LIBRARIES, '--outDir', 'dist', main);
    return inDirectory(process.execPath, join('dist', 'main.js'));
  }

  it(
    'by openapi-generator for TypeScript works',
    async () => {
      await generate('typescript-fetch', join(directory, 'client'), 'importFileExtension=.js');
      expectAnswers(await compileAndRun('openapi-generator.ts'));
    },
    INSTALL_MS,
  );

  it(
    'by openapi-typescript works',
    async () => {
      await symlink(join(packages, 'node_modules'), join(directory, 'node_modules'));
      await mkdir(join(directory, 'dist'));
      const schema = join(directory, 'schema.ts');
      await inDirectory(join(packages, 'node_modules', '.bin', 'openapi-typescript'), document, '-o', schema);
      expectAnswers(await compileAndRun('openapi-typescript.ts'));
    },
    INSTALL_MS,
  );
});

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCommandLine } from './program.js';

/** What each string of an answer is: it begins lines of its own, moves the cursor and turns the direction of text. */
const HOSTILE = 'x\nforged\r\nforged\u001b[1A\u001b[2Kforged\u0085forged\u2028forged\u009b2K\u202eforged';
/** With other control characters than a line end, or a line that a value began. */
const FORGED = /(?!\n)[\p{Cc}\u2028\u2029\u202e]|^forged/mu;

interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  allOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
}
type Operation = { responses: Record<string, { content?: { 'application/json'?: { schema: Schema } } }> };
const document = JSON.parse(readFileSync('docs/api/openapi.v1.json', 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** The members that a client follows to further pages. */
const isNext = (name: string): boolean => name.startsWith('next');

function hostile(schema: Schema): unknown {
  if (schema.$ref !== undefined) return hostile(document.components.schemas[schema.$ref.split('/').at(-1)!]!);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices) return hostile(choices.find(({ type }) => type !== 'null') ?? choices[0]!);
  if (schema.type === 'array') return [hostile(schema.items ?? {})];
  if (schema.type === 'integer' || schema.type === 'number') return 1;
  if (schema.type === 'boolean') return true;
  if (schema.type === 'null') return null;
  if (schema.type !== 'object') return HOSTILE;
  const members = Object.entries(schema.properties ?? {}).filter(([name]) => !isNext(name));
  const others =
    typeof schema.additionalProperties === 'object' ? [[HOSTILE, schema.additionalProperties] as const] : [];
  return Object.fromEntries([...members, ...others].map(([name, member]) => [name, hostile(member)]));
}

function answerTo(method: string, path: string): unknown {
  const matches = (template: string) => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const answered = method.toLowerCase();
  const [, operations] = Object.entries(document.paths).find(
    ([template, all]) => matches(template) && answered in all,
  )!;
  const ok = Object.entries(operations[answered]!.responses).find(([status]) => status.startsWith('2'))!;
  return hostile(ok[1].content!['application/json']!.schema);
}

let problem: unknown;
const server = createServer((request, response) => {
  request.resume();
  const { pathname } = new URL(request.url!, 'http://localhost');
  response.statusCode = problem === undefined ? 200 : 409;
  response.end(JSON.stringify(problem ?? answerTo(request.method!, pathname)));
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

async function run(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const env = { GATEHOUSE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  await runCommandLine(args, { env, stdout, stderr, signal: new AbortController().signal });
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

const SHOWING = [
  'status',
  'settings',
  'token create x --role service',
  'token revoke 0123456789abcdef',
  'token list',
  'waitlist join ada@example.org',
  'waitlist list --limit 1',
  'waitlist addresses --reason campaign',
  'policy publish 1',
  'policy show',
  'rate show',
  'gate show',
  'cohort list --limit 1',
  'cohort show week-20',
  'cohort onboard --no-wait',
  'cohort addresses week-20 --reason invitations',
  'account show acc-1',
  'account why acc-1',
  'image show img-1',
  'case list --limit 1',
  'case show img-1',
  'case claim img-1',
  'case verdict img-1 unsafe',
  'flagger list --limit 1',
  'flagger flags acc-1 --limit 1',
  'sampling show',
  'bulk list --limit 1',
  'bulk show bulk-1',
  'golden list --limit 1',
  'golden show img-1',
  'appeal list --limit 1',
  'appeal show img-1',
  'appeal next',
  'appeal claim img-1',
  'notice list --limit 1',
  'notice show notice-1',
  'regulation statements --limit 1',
  'regulation statement statement-1',
  'authority records',
  'switch list',
  'switch show generate',
  'image-rule list',
  'image-rule show photorealistic-faces',
  'rate preview 2000',
  'metrics --by category',
  'metrics model-problems',
  'metrics model-problems --csv',
  'metrics model-problems --images',
  'metrics prevalence',
  'metrics active-people',
  'metrics reviewers',
  'metrics disregarded-decisions',
  'events --limit 1',
  'events --all --limit 1',
  'quarantine list --limit 1',
  'quarantine show 0196e0f0-0000-7000-8000-000000000001',
  'quarantine replay 0196e0f0-0000-7000-8000-000000000001',
  'quarantine discard 0196e0f0-0000-7000-8000-000000000001',
  'views list',
  'views verify',
];

it.each(SHOWING)('gatehouse %s keeps each value of an answer on its line', async (command) => {
  problem = undefined;
  const { stdout, stderr } = await run(...command.split(' '));
  expect(stderr).not.toMatch(/TypeError|RangeError/);
  // An answer may also be why a command refuses.
  expect(`${stdout}${stderr}`).toMatch(/forged/);
  expect(`${stdout}${stderr}`).not.toMatch(FORGED);
});

it.each(SHOWING)('gatehouse %s --json has no control characters', async (command) => {
  problem = undefined;
  const { stdout, stderr } = await run(...command.split(' '), '--json');
  expect(`${stdout}${stderr}`).not.toMatch(FORGED);
});

/** They ask many routes in a row, or none, or write files; what they print goes the same way. */
const LEFT_OUT = [
  ...['import', 'export-log', 'import-log', 'renew-log-epoch', 'adopt-log', 'migrate', 'demo', 'image preview'],
  ...['simulate', 'gate compute', 'audit prove', 'audit publish', 'witness serve', 'person export'],
  ...['export events', 'export decisions', 'export cases', 'export accounts', 'export moderation', 'regulation report'],
  ...['report preview', 'report publish', 'report show', 'report verify', 'waitlist import'],
];

it('keeps each value on its line in every other command, as its help gives an example', async () => {
  problem = undefined;
  const others = (await leaves()).filter(
    (name) => !LEFT_OUT.includes(name) && !SHOWING.some((one) => `${one} `.startsWith(`${name} `)),
  );
  expect(others.length).toBeGreaterThan(50);
  let shown = 0;
  for (const name of others) {
    const { stdout: help } = await run(...name.split(' '), '--help');
    const example = /^ {2}\$ gatehouse (.+)$/m.exec(help)?.[1] ?? name;
    const words = [...example.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      ([, one, other, word]) => one ?? other ?? word!,
    );
    for (const asked of [words, [...words, '--json']]) {
      const { stdout, stderr } = await run(...asked);
      expect([example, stderr.match(/TypeError|RangeError/)]).toEqual([example, null]);
      expect([example, FORGED.exec(`${stdout}${stderr}`)]).toEqual([example, null]);
      if (/forged/.test(`${stdout}${stderr}`)) shown++;
    }
  }
  // Some need a file, or print nothing of the answer.
  expect(shown).toBeGreaterThan(others.length);
});

/** The commands that --help lists, with the groups expanded. */
async function leaves(group: string[] = []): Promise<string[]> {
  const { stdout } = await run(...group, '--help');
  const commands = [...(stdout.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
  const found: string[] = [];
  for (const name of commands) if (name !== 'help') found.push(...(await leaves([...group, name])));
  return found.length > 0 ? found : [group.join(' ')];
}

it('keeps each value of a problem on its line', async () => {
  problem = { type: HOSTILE, title: HOSTILE, detail: HOSTILE, incident: HOSTILE };
  expect((await run('status')).stderr).not.toMatch(FORGED);
  problem = { ...(problem as object), errors: [{ field: HOSTILE, message: HOSTILE }] };
  const { stderr } = await run('status');
  expect(stderr).toMatch(/forged/);
  expect(stderr).not.toMatch(FORGED);
});

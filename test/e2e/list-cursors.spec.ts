import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

/** Parameters that say neither which items a list has nor in which order. */
const OTHERS = ['cursor', 'limit', 'minPosition', 'include', 'hearer', 'explain'];
/** Under what name the refusal knows what a parameter asks for. */
const NAMES: Record<string, string> = { mine: 'reviewer', sort: 'order' };
/** Without these a list answers nothing. */
const NEEDED: Record<string, string> = { '/v1/enforcements': 'account=acc-9', '/v1/cases sort': 'status=open' };

interface Parameter {
  name: string;
  schema: { enum?: string[]; format?: string; type?: string };
}

let gatehouse: TestGatehouse;
let administrator: Client;
let lists: { path: string; parameters: Parameter[] }[];

beforeAll(async () => {
  gatehouse = await startGatehouse();
  administrator = gatehouse.administrator;
  const { paths } = (await administrator.get('/openapi.json')).body;
  lists = Object.keys(paths)
    .map((path) => ({ path, parameters: (paths[path].get?.parameters ?? []) as Parameter[] }))
    .filter(({ parameters }) => parameters.some(({ name }) => name === 'cursor'));
});
afterAll(() => gatehouse.close());

const cursorOf = (tag: object): string => Buffer.from(JSON.stringify([tag])).toString('base64url');

async function refusal(path: string, query: string, tag: object): Promise<string> {
  const { status, body } = await administrator.get(`${path}?${query}&cursor=${cursorOf(tag)}`);
  expect([path, query, status, body.errors?.[0]?.field]).toEqual([path, query, 400, 'cursor']);
  return body.errors[0].message;
}

/** By their names: what has a form of its own. */
const EXAMPLES: Record<string, string> = { asOf: '2022-05-18T09:00:00Z', known: '1' };

const exampleOf = ({ name, schema }: Parameter): string =>
  schema.enum?.at(-1) ?? EXAMPLES[name] ?? (schema.format === 'date-time' ? EXAMPLES.asOf! : 'some-1');

it('of another list is refused by every list, and that of another filter or order by its name', async () => {
  expect(lists.map(({ path }) => path)).toEqual(expect.arrayContaining(['/v1/cases', '/v1/quarantine']));
  const known = new Set<string>();
  for (const { path: template, parameters } of lists) {
    const named = (name: string) => exampleOf(parameters.find((one) => one.name === name)!);
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name) => named(name));
    const least = NEEDED[template] ?? '';
    const own = /^is of a list of nothing, and this is one of ([a-z-]+): /.exec(
      await refusal(path, least, { list: 'nothing' }),
    )![1]!;
    expect([template, known.has(own)]).toEqual([template, false]);
    known.add(own);
    const filters = parameters.filter(({ name }) => !OTHERS.includes(name) && !template.includes(`{${name}}`));
    for (const parameter of filters) {
      const { name } = parameter;
      const beside = NEEDED[`${template} ${name}`] ?? (least.startsWith(`${name}=`) ? '' : least);
      const query = [beside, `${name}=${exampleOf(parameter)}`].filter(Boolean).join('&');
      const message = await refusal(path, query, { list: own });
      const parts = /^is of a list with another ([\w, ]+): /.exec(message)![1]!.split(', ');
      expect([template, name, parts]).toEqual([template, name, expect.arrayContaining([NAMES[name] ?? name])]);
    }
    // What the path names is part of the list too.
    if (template !== path) expect(await refusal(path, least, { list: own })).toMatch(/^is of a list with another /);
  }
});

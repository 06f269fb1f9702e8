import { expect, it } from '@jest/globals';
import { IsInteger } from '../http/field-rules.js';
import { InputPipe } from '../http/input-pipe.js';
import { InvalidInput } from '../kernel/errors.js';
import { RequestCommand } from './decision.js';

class SetSize extends RequestCommand {
  declare readonly accountId: string;

  @IsInteger('The size.', 0, 9)
  size!: number;
}

const read = (body: string) => new InputPipe().transform(JSON.parse(body), { type: 'body', metatype: SetSize });

it.each(['context', 'accountId', 'with', 'constructor', '__proto__', 'toString'])(
  'takes no %s from a body',
  async (field) => {
    const refused = read(`{"size": 1, "${field}": {"actor": {"kind": "user", "id": "mallory"}}}`);
    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toMatchObject({ errors: [{ field: `/${field}` }] });
    await expect(read('{"size": 1}')).resolves.toEqual({ size: 1 });
  },
);

const list = (count: number, of: (n: number) => string) => Array.from({ length: count }, (_, n) => of(n)).join(',');

it.each([
  ['members', `{"size": 1, ${list(2_000, (n) => `"x${n}": 1`)}}`],
  ['items', `{"size": [${list(2_000, String)}]}`],
  ['members in members', `{"size": {${list(1_000, (n) => `"x${n}": [1]`)}}}`],
])('refuses a body of very many %s as a whole, since comparing them would take seconds', async (_, body) => {
  const errors = [{ field: '', message: 'the body has more than 2000 values' }];
  await expect(read(body)).rejects.toMatchObject({ errors });
});

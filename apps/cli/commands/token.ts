import { type Command, InvalidArgumentError } from 'commander';
import type { TokenAnswer } from '../api-answers.js';
import { severalOf, withExamples } from '../command-options.js';
import { table, time } from '../rendering/table.js';
import type { Runner } from '../session.js';

const ROLES = ['operator', 'reviewer', 'compliance', 'service', 'administrator'];

const roles = (text: string, before?: string[]): string[] => {
  const all = severalOf(text, before);
  const strange = all.filter((role) => !ROLES.includes(role));
  if (strange.length > 0) throw new InvalidArgumentError(`${strange.join(', ')} is not one of ${ROLES.join(', ')}.`);
  return all;
};

export function tokenCommands(program: Command, run: Runner): void {
  const group = program.command('token').description('Bearer tokens of services and people (administrators only).');

  const create = group
    .command('create <name>')
    .description('Make a token; its secret is shown this once.')
    .requiredOption('--role <role>', `what it may do, several with commas: ${ROLES.join(', ')}`, roles)
    .action(
      run<{ role: string[] }>(async ({ client, print }, { role }, name) => {
        const body = { name, roles: role };
        const token = await client.post<TokenAnswer & { secret: string }>('/v1/tokens', body);
        print(token, () => `${token.secret}\n\nShown this once; revoke it with: gatehouse token revoke ${token.id}`);
        return undefined;
      }),
    );
  withExamples(create, 'token create image-service --role service', 'token create ada --role reviewer,operator');

  const revoke = group
    .command('revoke <id>')
    .description('Refuse a token from now on.')
    .action(
      run(async ({ client, print }, _, id) => {
        const token = await client.delete<TokenAnswer>(`/v1/tokens/${encodeURIComponent(id!)}`);
        print(token, () => `token ${token.id} of ${token.name} is revoked`);
        return undefined;
      }),
    );
  withExamples(revoke, 'token revoke 0123456789abcdef');

  const list = group
    .command('list')
    .description('Every token, the revoked ones too, without secrets.')
    .action(
      run(async ({ client, print }) => {
        const answer = await client.get<{ items: TokenAnswer[] }>('/v1/tokens');
        print(answer, () =>
          table(
            ['id', 'name', 'roles', 'created', 'by', 'revoked'],
            answer.items.map((token) => [
              token.id,
              token.name,
              token.roles.join(', '),
              time(token.createdAt),
              token.createdBy,
              time(token.revokedAt),
            ]),
          ),
        );
        return undefined;
      }),
    );
  withExamples(list, 'token list');
}

import { InvalidArgumentError } from 'commander';
import { type CommandGroup, command, severalOf } from '../../cli/commands.js';
import { rowsOf, table } from '../../cli/rendering/table.js';
import type { CreatedTokenAnswer, TokenAnswer, TokensAnswer } from '../../http/tokens.controller.js';

const ROLES = ['operator', 'reviewer', 'compliance', 'service', 'administrator'];

const roles = (text: string, before?: string[]): string[] => {
  const all = severalOf(text, before);
  const strange = all.filter((role) => !ROLES.includes(role));
  if (strange.length > 0) throw new InvalidArgumentError(`${strange.join(', ')} is not one of ${ROLES.join(', ')}.`);
  return all;
};

export const tokenCommands: CommandGroup = (program, run) => {
  const group = program
    .command('token')
    .description('Manages the bearer tokens of services and people (role administrator).');

  command(
    group,
    'create <name>',
    'Creates a token and prints its secret, which is shown only once.',
    'token create image-service --role service',
    'token create nsfw-detector --role service --source /detectors/nsfw --event-type ContentFlagged',
    'token create ada --role reviewer,operator',
  )
    .requiredOption('--role <role>', `roles of the token, separated by commas: ${ROLES.join(', ')}`, roles)
    .option(
      '--source <source>',
      'sources of the events that it may send, separated by commas; all by default',
      severalOf,
    )
    .option(
      '--event-type <type>',
      'types of the events that it may send, separated by commas; all by default',
      severalOf,
    )
    .action(
      run<{ role: string[]; source?: string[]; eventType?: string[] }>(
        async ({ client, print, remark }, given, name) => {
          const body = { name, roles: given.role, sources: given.source, eventTypes: given.eventType };
          const token = await client.post<CreatedTokenAnswer>('/v1/tokens', body);
          print(token, () => token.secret);
          remark(`The secret is shown only once. To revoke the token: gatehouse token revoke ${token.id}`);
        },
      ),
    );

  command(group, 'revoke <id>', 'Revokes a token.', 'token revoke 0123456789abcdef').action(
    run(async ({ client, print }, _, id) => {
      const token = await client.delete<TokenAnswer>(`/v1/tokens/${encodeURIComponent(id!)}`);
      print(token, () => `token ${token.id} of ${token.name} is revoked`);
    }),
  );

  command(group, 'list', 'Lists all tokens, including revoked ones, without their secrets.', 'token list').action(
    run(async ({ client, print }) => {
      const answer = await client.get<TokensAnswer>('/v1/tokens');
      const tokens = answer.items.map((token) => ({
        ...token,
        roles: token.roles.join(', '),
        sends: [...(token.sources ?? []), ...(token.eventTypes ?? [])].join(', '),
      }));
      print(answer, () =>
        table(
          ['id', 'name', 'roles', 'sends', 'created', 'by', 'revoked'],
          rowsOf(tokens, 'id', 'name', 'roles', 'sends', 'createdAt', 'createdBy', 'revokedAt'),
        ),
      );
    }),
  );
};

import { InvalidArgumentError } from 'commander';
import { type CommandGroup, command, severalOf } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { rowsOf, table } from '../../cli/rendering/table.js';
import type { CreatedTokenAnswer, TokenAnswer, TokensAnswer } from '../../http/tokens.controller.js';
import { DAY_MS, systemClock, toIso } from '../../kernel/clock.js';
import { isInstant } from '../../kernel/text-forms.js';

const ROLES = ['operator', 'lead', 'reviewer', 'compliance', 'service', 'metrics', 'administrator'];

const roles = (text: string, before?: string[]): string[] => {
  const all = severalOf(text, before);
  const strange = all.filter((role) => !ROLES.includes(role));
  if (strange.length > 0) throw new InvalidArgumentError(`${strange.join(', ')} is not one of ${ROLES.join(', ')}.`);
  return all;
};

const DAYS = /^(\d{1,5})d$/;

function expiry(text: string): string {
  const days = DAYS.exec(text)?.[1];
  if (days !== undefined) return toIso(systemClock.now() + Number(days) * DAY_MS);
  if (isInstant(text)) return text;
  throw new InvalidArgumentError('It must be a time such as 2022-05-18T09:00:00Z or a number of days such as 90d.');
}

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
    'token create ada-laptop --person ada --role reviewer,operator --expires 90d',
  )
    .requiredOption('--role <role>', `roles of the token, separated by commas: ${ROLES.join(', ')}`, roles)
    .option('--person <person>', 'whom it belongs to, for every token of a person but one of their name')
    .option(
      '--expires <when>',
      'when it stops being valid: a time, or a number of days like 90d; never by default',
      expiry,
    )
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
      run<{ role: string[]; person?: string; expires?: string; source?: string[]; eventType?: string[] }>(
        async ({ client, print, remark }, given, name) => {
          const { role: roles, person, expires: expiresAt, source: sources, eventType: eventTypes } = given;
          const body = { name, roles, person, expiresAt, sources, eventTypes };
          const token = await client.post<CreatedTokenAnswer>('/v1/tokens', body);
          print(token, () => line`${token.secret}`);
          remark(line`The secret is shown only once. To revoke the token: gatehouse token revoke ${token.id}`);
        },
      ),
    );

  command(group, 'revoke <id>', 'Revokes a token.', 'token revoke 0123456789abcdef').action(
    run(async ({ client, print }, _, id) => {
      const token = await client.delete<TokenAnswer>(`/v1/tokens/${encodeURIComponent(id!)}`);
      print(token, () => line`token ${token.id} of ${token.name} is revoked`);
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
          ['id', 'name', 'person', 'roles', 'sends', 'created', 'by', 'expires', 'last used', 'revoked'],
          rowsOf(
            tokens,
            'id',
            'name',
            'person',
            'roles',
            'sends',
            'createdAt',
            'createdBy',
            'expiresAt',
            'lastUsedAt',
            'revokedAt',
          ),
        ),
      );
    }),
  );
};

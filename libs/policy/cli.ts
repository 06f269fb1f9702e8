import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  instant,
  integer,
  reason,
} from '../cli/commands.js';
import { jsonOf, textOf } from '../cli/json-file.js';
import { line, paragraphs } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table } from '../cli/rendering/table.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { NotFound } from '../kernel/errors.js';
import type { PolicyAnswer } from './queries/show-policy.js';

interface PublishOptions extends Condition {
  link?: string;
  textFile?: string;
  from?: string;
  graceDays?: number;
  clauses?: string;
}

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('policy')
    .description('Publishes and shows the content policy, which people must accept before they get access.');

  command(
    group,
    'publish <version>',
    'Publishes a version, which is in force at once unless --from says otherwise. Access then requires its acceptance.',
    'policy publish 2022-05-18 --link https://example.org/policy --text-file policy.md',
    'policy publish 2032-06-01 --from 2032-06-01T00:00:00Z --grace-days 14',
  )
    .option('--link <url>', 'URL of the text')
    .option('--text-file <file>', 'file with the text; its SHA-256 is stored as proof of what was accepted')
    .option('--from <time>', 'when it comes into force (RFC 3339); it may be accepted before', instant)
    .option(
      '--grace-days <n>',
      'for how many days after that the version before it still counts as accepted',
      integer(0, 365),
    )
    .option('--clauses <file>', 'JSON file with an array of clauses: id, title, severity from 0 to 3, and text if any')
    .addOption(ifMatch('policy show'))
    .action(
      run<PublishOptions>(async ({ client, print }, options, version) => {
        const { link, textFile, from: effectiveFrom, graceDays } = options;
        const text = textFile === undefined ? undefined : await textOf('--text-file', textFile);
        const clauses =
          options.clauses === undefined ? undefined : await jsonOf('--clauses', options.clauses, 'an array of clauses');
        const body = { version, url: link, text, effectiveFrom, graceDays, clauses };
        const written = await client.post<WriteReceipt>('/v1/policy', body, {
          repeatable: true,
          ...conditionOf(options),
        });
        const since = effectiveFrom ?? `position ${written.position}`;
        print({ version, ...written }, () => line`content policy ${version} is in force from ${since}`);
      }),
    );

  command(
    group,
    'withdraw <version>',
    'Withdraws a version that was published by mistake. The one before it is in force again.',
    'policy withdraw 2022-05-81 --reason "a typing error"',
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('policy show'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, { reason, ...condition }, version) => {
        const body = { version, reason };
        const options = { repeatable: true, ...conditionOf(condition) };
        const written = await client.post<WriteReceipt>('/v1/policy/withdrawals', body, options);
        print({ version, ...written }, () => line`content policy ${version} is withdrawn`);
      }),
    );

  command(
    group,
    'clauses [version]',
    'Lists the clauses of a version, by default of the one in force.',
    'policy clauses',
  ).action(
    run(async ({ client, print }, _, version?: string) => {
      const { current, versions } = await client.get<PolicyAnswer>('/v1/policy');
      const shown = version === undefined ? current : versions.find((one) => one.version === version);
      if (shown === undefined) throw unknownVersion(version!);
      print(shown?.clauses ?? [], () =>
        table(
          ['clause', 'severity', 'title', 'text'],
          rowsOf(shown?.clauses ?? [], 'id', 'severity', 'title', 'text'),
          `${shown === null ? 'no content policy is in force' : `content policy ${shown.version} has no clauses`}; publish a version with: gatehouse policy publish VERSION --clauses FILE`,
        ),
      );
    }),
  );

  command(group, 'show', 'Lists every version, and which one is in force.', 'policy show').action(
    run(async ({ client, print }) => {
      const policy = await client.get<PolicyAnswer>('/v1/policy');
      print(policy, () =>
        paragraphs([
          table(
            ['version', 'status', 'published', 'from', 'grace days', 'link', 'digest'],
            rowsOf(policy.versions, 'version', 'status', 'publishedAt', 'effectiveFrom', 'graceDays', 'url', 'digest'),
            'no content policy is published; publish one with: gatehouse policy publish VERSION',
          ),
          pairs([['etag', policy.etag]]),
        ]),
      );
    }),
  );
};

const unknownVersion = (version: string) =>
  new NotFound('policy-unknown', `content policy ${version} was never published: gatehouse policy show lists all`);

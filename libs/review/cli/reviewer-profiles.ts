import type { Command } from 'commander';
import { type Condition, command, conditionOf, ifMatch, reason, severalOf } from '../../cli/commands.js';
import { pairs } from '../../cli/rendering/table.js';
import type { Runner, Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { ReviewerAnswer } from '../queries/show-reviewer.js';

interface Skills extends Condition {
  skills?: string[];
  languages?: string[];
  reason: string;
}

/** What leads record about a reviewer. */
export function profileCommands(group: Command, run: Runner): void {
  command(
    group,
    'show <id>',
    'Shows the skills and languages of a reviewer, and the accounts to which they are linked.',
    'reviewer show rev-1',
  ).action(run((session, _, id) => showReviewer(session, id!)));

  command(
    group,
    'skills <id>',
    'Records the skills and languages of a reviewer, instead of those before. Only administrators grant severe.',
    "reviewer skills rev-1 --skills medical --languages en,cy --reason 'trained in May'",
  )
    .option('--skills <labels>', 'the skills, separated by commas; none by default', severalOf)
    .option('--languages <names>', 'the languages, separated by commas; none by default', severalOf)
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('reviewer show'))
    .action(
      run<Skills>(async (session, { skills = [], languages = [], reason, ...condition }, id) => {
        const body = { skills, languages, reason };
        await session.client.put<WriteReceipt>(`${pathOf(id!)}/skills`, body, conditionOf(condition));
        return showReviewer(session, id!);
      }),
    );

  command(
    group,
    'link <id> <account>',
    'Links a reviewer to an account: they review none of its images.',
    "reviewer link rev-1 acc-1 --reason 'a relative'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('reviewer show'))
    .action(
      run<{ reason: string } & Condition>(async (session, { reason, ...condition }, id, accountId) => {
        const options = { repeatable: true, ...conditionOf(condition) };
        await session.client.post<WriteReceipt>(`${pathOf(id!)}/accounts`, { accountId, reason }, options);
        return showReviewer(session, id!);
      }),
    );

  command(
    group,
    'unlink <id> <account>',
    'Removes the link of a reviewer to an account.',
    "reviewer unlink rev-1 acc-1 --reason 'linked by mistake'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('reviewer show'))
    .action(
      run<{ reason: string } & Condition>(async (session, { reason, ...condition }, id, accountId) => {
        const path = `${pathOf(id!)}/accounts/${encodeURIComponent(accountId!)}`;
        await session.client.delete<WriteReceipt>(path, { query: { reason }, ...conditionOf(condition) });
        return showReviewer(session, id!);
      }),
    );
}

const pathOf = (reviewer: string): string => `/v1/reviewers/${encodeURIComponent(reviewer)}`;

async function showReviewer({ client, print }: Session, id: string): Promise<void> {
  const shown = await client.get<ReviewerAnswer>(pathOf(id));
  print(shown, () =>
    pairs([
      ['reviewer', shown.reviewer],
      ['skills', shown.skills.join(', ')],
      ['languages', shown.languages.join(', ')],
      ['linked accounts', shown.accounts.join(', ')],
      ['etag', shown.etag],
    ]),
  );
}

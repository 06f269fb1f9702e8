import type { Command } from 'commander';
import { type Condition, command, conditionOf, ifMatch, integer, reason, severalOf } from '../../cli/commands.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../../cli/rendering/table.js';
import type { Runner, Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { ExposureSums } from '../queries/exposure-sums.js';
import type { SevereViewersAnswer } from '../queries/list-severe-viewers.js';
import type { OwnExposureAnswer } from '../queries/own-exposure.js';
import type { DeclinedAnswer } from '../queries/show-declined.js';

const COUNTS = ['prompts', 'comments', 'previews', 'blurred', 'grey', 'full', 'severe', 'breaks'] as const;

/** What reviewers look at, and who may look at the most severe images. */
export function reviewerCommands(group: Command, run: Runner): void {
  command(
    group,
    'exposure',
    'Shows how much content you have looked at, and whether to take a break. Nobody else sees these figures.',
    'reviewer exposure',
  ).action(
    run(async ({ client, print }) => {
      const exposure = await client.get<OwnExposureAnswer>('/v1/reviewers/me/exposure');
      print(exposure, () => exposureText(exposure));
    }),
  );

  command(group, 'break', 'Records that you take a break.', 'reviewer break').action(
    run(async ({ client, print }) => {
      const written = await client.post<WriteReceipt>('/v1/reviewers/me/breaks');
      print(written, () => line`your break is recorded; it ends when you look at something`);
    }),
  );

  command(
    group,
    'decline [categories]',
    'Leaves cases of these categories, separated by commas, out of what queues give you today. Without any, you get all again.',
    'reviewer decline violent,spam',
  )
    .option('--until <time>', 'until when, at most a day ahead; by default the end of the day in UTC')
    .addOption(ifMatch('reviewer declined'))
    .action(
      run<{ until?: string } & Condition>(async (session, { until, ...condition }, categories = '') => {
        const body = { categories: severalOf(categories), ...(until !== undefined && { until }) };
        await session.client.put<WriteReceipt>(DECLINED, body, conditionOf(condition));
        return showDeclined(session);
      }),
    );

  command(
    group,
    'declined',
    'Shows the categories of which queues give you no case today. Nobody asks why.',
    'reviewer declined',
  ).action(run(showDeclined));

  command(
    group,
    'exposure-sums',
    'Shows how much content all reviewers have looked at, by day. For leads.',
    'reviewer exposure-sums --days 7',
  )
    .option('--days <n>', 'maximum number of days', integer(1, 366), 30)
    .action(
      run<{ days: number }>(async ({ client, print }, { days }) => {
        const sums = await client.get<ExposureSums>('/v1/metrics/exposure', { days });
        print(sums, () =>
          table(
            ['day', 'reviewers', ...COUNTS],
            rowsOf(sums.days, 'day', 'reviewers', ...COUNTS),
            'nobody looked at anything',
          ),
        );
      }),
    );

  command(
    group,
    'severe-viewers',
    'Lists the reviewers with the skill severe, who may see images of cases that name a clause of the highest severity.',
    'reviewer severe-viewers',
  ).action(
    run(async ({ client, print }) => {
      const answer = await client.get<SevereViewersAnswer>('/v1/severe-viewers');
      print(answer, () =>
        paragraphs([
          table(
            ['person', 'since', 'by', 'reason'],
            answer.items.map((one) => [one.person, time(one.since), one.by, one.reason]),
            'nobody may',
          ),
          pairs([['etag', answer.etag]]),
        ]),
      );
    }),
  );

  command(
    group,
    'grant-severe <person>',
    'Grants the skill severe. For administrators.',
    "reviewer grant-severe rev-1 --reason 'trained for it'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('reviewer severe-viewers'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, { reason, ...condition }, person) => {
        const path = `/v1/severe-viewers/${encodeURIComponent(person!)}`;
        const written = await client.put<WriteReceipt>(path, { reason }, conditionOf(condition));
        print(written, () => line`${person} has the skill severe`);
      }),
    );

  command(
    group,
    'revoke-severe <person>',
    'Revokes the skill severe. For administrators.',
    "reviewer revoke-severe rev-1 --reason 'changed teams'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('reviewer severe-viewers'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, { reason: why, ...condition }, person) => {
        const path = `/v1/severe-viewers/${encodeURIComponent(person!)}`;
        const written = await client.delete<WriteReceipt>(path, { query: { reason: why }, ...conditionOf(condition) });
        print(written, () => line`${person} does not have the skill severe`);
      }),
    );
}

const DECLINED = '/v1/reviewers/me/declined-categories';

async function showDeclined({ client, print }: Session): Promise<void> {
  const declined = await client.get<DeclinedAnswer>(DECLINED);
  print(declined, () =>
    pairs([
      ['declined', declined.categories.length > 0 ? declined.categories.join(', ') : 'nothing'],
      ['until', time(declined.until)],
      ['etag', declined.etag],
    ]),
  );
}

function exposureText({ today, total, sinceBreak, breakAdvised }: OwnExposureAnswer): Shown {
  return paragraphs([
    table(
      ['', ...COUNTS],
      [
        ['today', ...COUNTS.map((name) => today[name])],
        ['ever', ...COUNTS.map((name) => total[name])],
      ],
    ),
    pairs([
      ['without a break since', time(sinceBreak?.since)],
      ['images in full since', sinceBreak?.full],
      ['take a break', breakAdvised],
    ]),
  ]);
}

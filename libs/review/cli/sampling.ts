import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  reason,
} from '../../cli/commands.js';
import { pairs } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { SamplingAnswer } from '../queries/show-sampling.js';

const PATH = '/v1/review-sampling';

interface Given extends Condition {
  secondReviews?: number;
  deactivations?: boolean;
  goldenCases?: number;
  prevalence?: number;
  prevalenceQueue?: string | false;
  reason: string;
}

export const samplingCommands: CommandGroup = (program, run) => {
  const group = program
    .command('sampling')
    .description('Shows and sets which cases a second reviewer judges, and how many golden cases are mixed in.');

  command(
    group,
    'show',
    'Shows which cases get a second reviewer, and how many golden ones are mixed in.',
    'sampling show',
  ).action(run(showSampling));

  command(
    group,
    'set',
    'Sets which cases get a second reviewer, and how many golden ones are mixed in. What is left out stays as it is. For leads.',
    "sampling set --second-reviews 5 --deactivations --reason 'we begin to measure agreement'",
    "sampling set --prevalence 200 --reason 'we begin to measure what nobody flags'",
  )
    .option('--second-reviews <percent>', 'how many of the cases that one reviewer decides, 0 to 100', integer(0, 100))
    .option('--deactivations', 'also each case whose confirmation would deactivate the account')
    .option('--no-deactivations', 'only those of the percentage')
    .option(
      '--golden-cases <percent>',
      'for how many of a hundred cases a golden case is opened too, 0 to 50',
      integer(0, 50),
    )
    .option(
      '--prevalence <images>',
      'of a million images, how many are reviewed without a flag, 0 to 100,000',
      integer(0, 100_000),
    )
    .option('--prevalence-queue <queue>', 'where the cases of those images wait, whatever the rules say')
    .option('--no-prevalence-queue', 'they wait where the rules say')
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('sampling show'))
    .action(
      run<Given>(async (session, given) => {
        const { secondReviews, deactivations, goldenCases, prevalence, prevalenceQueue, reason } = given;
        const body = {
          secondReviewPercent: secondReviews,
          secondReviewOfDeactivations: deactivations,
          goldenPercent: goldenCases,
          prevalencePerMillion: prevalence,
          ...(prevalenceQueue === false ? { isPrevalenceByRules: true } : { prevalenceQueue }),
          reason,
        };
        await session.client.put<WriteReceipt>(PATH, body, conditionOf(given));
        return showSampling(session);
      }),
    );
};

async function showSampling({ client, print }: Session): Promise<void> {
  const sampling = await client.get<SamplingAnswer>(PATH);
  print(sampling, () =>
    pairs([
      ['second reviews', `${sampling.secondReviewPercent} % of the cases that one reviewer decides`],
      ['of deactivations', sampling.secondReviewOfDeactivations],
      ['golden cases', `for ${sampling.goldenPercent} of a hundred cases that are opened`],
      ['without a flag', `${sampling.prevalencePerMillion} of a million exposed images`],
      ['their queue', sampling.prevalenceQueue ?? 'by the rules'],
      ['etag', sampling.etag],
    ]),
  );
}

import { type CommandGroup, command, integer, reason } from '../../cli/commands.js';
import { pairs } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { SamplingAnswer } from '../queries/show-sampling.js';

const PATH = '/v1/review-sampling';

interface Given {
  secondReviews: number;
  deactivations?: true;
  reason: string;
  ifMatch?: string;
}

export const samplingCommands: CommandGroup = (program, run) => {
  const group = program
    .command('sampling')
    .description('Shows and sets which cases a second reviewer judges without knowing of the first verdict.');

  command(group, 'show', 'Shows which cases get a second reviewer.', 'sampling show').action(run(showSampling));

  command(
    group,
    'set',
    'Sets which cases get a second reviewer. For leads.',
    "sampling set --second-reviews 5 --deactivations --reason 'we begin to measure agreement'",
  )
    .requiredOption('--second-reviews <percent>', 'how many of the cases that one reviewer decides', integer(0, 100))
    .option('--deactivations', 'also each case whose confirmation would deactivate the account')
    .requiredOption('--reason <text>', 'why', reason)
    .option('--if-match <etag>', 'only if nobody has changed it since sampling show printed this etag')
    .action(
      run<Given>(async (session, { secondReviews, deactivations, reason, ifMatch }) => {
        const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
        const body = {
          secondReviewPercent: secondReviews,
          secondReviewOfDeactivations: deactivations === true,
          reason,
        };
        await session.client.request<WriteReceipt>('PUT', PATH, { body, headers });
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
      ['etag', sampling.etag],
    ]),
  );
}

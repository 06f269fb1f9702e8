import { Argument } from 'commander';
import { type CommandGroup, command, position } from '../cli/commands.js';
import { line } from '../cli/rendering/plain-text.js';

const ACTIONS = ['join', 'generate', 'share', 'download', 'flag', 'review'];

interface Evaluation {
  decision: boolean;
  context: { reason?: string; position?: string };
}

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('access')
    .description('Asks for access decisions (role service, operator or administrator).');
  command(
    group,
    'check',
    'Asks whether an account may do something now, and if not, why.',
    'access check acc-1 generate',
    'access check acc-1 share img-1',
    'access check rev-1 review img-1',
  )
    .argument('<id>', 'the account; for review, the reviewer')
    .addArgument(new Argument('<action>', 'the action').choices(ACTIONS))
    .argument('[resource]', 'the image to share, or the case to review')
    .option('--min-position <position>', 'the decision includes everything up to this position of the log', position)
    .action(
      run<{ minPosition?: string }>(async ({ client, print }, { minPosition }, id, action, resource) => {
        const isReview = action === 'review';
        const body = {
          subject: { type: isReview ? 'reviewer' : 'account', id },
          action: { name: action },
          resource:
            resource === undefined
              ? { type: 'product', id: 'images' }
              : { type: isReview ? 'case' : 'image', id: resource },
          ...(minPosition === undefined ? {} : { context: { minPosition } }),
        };
        const evaluation = await client.post<Evaluation>('/access/v1/evaluation', body, { repeatable: true });
        const { decision, context } = evaluation;
        print(evaluation, () =>
          decision ? line`${id} may ${action}` : line`${id} may not ${action}: ${context.reason}`,
        );
      }),
    );
};

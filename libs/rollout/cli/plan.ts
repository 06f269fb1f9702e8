import { InvalidArgumentError, Option } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  reason,
  sharedGroup,
} from '../../cli/commands.js';
import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { pairs, rowsOf, table } from '../../cli/rendering/table.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { ClassPlan } from '../class-plan.js';
import type { PlanAnswer } from '../queries/show-plan.js';

const MODES: ClassPlan['mode'][] = ['order', 'weights', 'quotas'];

interface Planning extends Condition {
  mode?: ClassPlan['mode'];
  classes?: ClassPlan['classes'];
  reason?: string;
}

export const planCommand: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'cohort', 'Onboards people in cohorts, and shows them.');
  command(
    group,
    'plan',
    'Shows how the classes of the waitlist share the places of cohorts. With --mode it sets that first.',
    'cohort plan',
    'cohort plan --mode quotas --classes artists=20,region/eu=30 --reason "the artist programme"',
    'cohort plan --mode order --classes testers,artists --reason "testers first"',
  )
    .addOption(new Option('--mode <mode>', 'order, weights, or quotas in per cent').choices(MODES))
    .option(
      '--classes <shares>',
      'the classes in their order, with their shares; none for the order of joining',
      shares,
    )
    .option('--reason <text>', 'why', reason)
    .addOption(ifMatch('cohort plan'))
    .action(
      run<Planning>(async ({ client, print }, { mode, classes = [], reason: why, ...condition }) => {
        if (mode !== undefined) {
          if (why === undefined) throw new InvalidInput([{ field: '--reason', message: 'must say why' }]);
          const body = { mode, classes, reason: why };
          await client.put<WriteReceipt>('/v1/rollout/plan/classes', body, conditionOf(condition));
        } else if (classes.length > 0 || why !== undefined) {
          throw new InvalidInput([{ field: '--mode', message: 'must be given to set the plan' }]);
        }
        const plan = await client.get<PlanAnswer>('/v1/rollout/plan');
        print(plan, () => planText(plan));
      }),
    );
};

/** Parses `artists=20,testers`. */
function shares(text: string): ClassPlan['classes'] {
  return text.split(',').map((part) => {
    const [name = '', share] = part.trim().split('=');
    if (share !== undefined && !/^\d{1,3}$/.test(share))
      throw new InvalidArgumentError('It must list classes like artists=20,testers=10, or without shares.');
    return { class: name, ...(share !== undefined && { share: Number(share) }) };
  });
}

function planText({ mode, classes, reason: why, schedule, shared, etag }: PlanAnswer): Shown {
  const about = pairs([
    ['mode', classes.length === 0 ? 'the order of joining' : mode],
    ['why', why],
    ['places shared', shared],
    ['etag', etag],
  ]);
  const rows = rowsOf(
    classes.map((one) => ({ share: null, ...one })),
    'class',
    'share',
  );
  const { timeZone, days, hours } = schedule ?? {};
  const times = schedule
    ? [table(['time zone', 'days', 'hours'], [[timeZone!, days!.join(', '), hours!.join(', ')]])]
    : [];
  return paragraphs([about, ...times, ...(rows.length > 0 ? [table(['class', 'share'], rows)] : [])]);
}

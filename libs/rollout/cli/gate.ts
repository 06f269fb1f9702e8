import { InvalidArgumentError } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  position,
  reason,
} from '../../cli/commands.js';
import { EXIT } from '../../cli/exit-codes.js';
import { jsonOf } from '../../cli/json-file.js';
import type { Shown } from '../../cli/rendering/plain-text.js';
import { table } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { InvalidInput } from '../../kernel/errors.js';
import { MAX_PER_WEEK } from '../../kernel/rollout-limits.js';
import type { ExplanationAnswer } from '../queries/explain-move.js';
import type { GateAnswer } from '../queries/show-gate.js';
import { computeCase, type GateCase, type GateResult, gateCasesOf } from './gate-cases.js';
import { explanationText, overrideCommands } from './gate-override.js';
import { gateText } from './gate-text.js';

const CASES = '{"cases": [{"n", "x", "a", "b", "p0"}, …]} with x violations among n exposures';
const DIGITS = 10;

export const gateCommands: CommandGroup = (program, run) => {
  const group = program
    .command('gate')
    .description('Shows whether the evidence supports a higher rate, and computes the statistics that say so.');

  command(
    group,
    'show',
    'Shows whether the evidence supports a higher rate, why, what would change it, and what is promised.',
    'gate show',
    'gate show --per-week 2000',
  )
    .option(
      '--per-week <n>',
      'the rate that is asked about; that of the next step of a ramp plan, or twice the present one',
      integer(0, MAX_PER_WEEK),
    )
    .action(run<{ perWeek?: number }>((session, { perWeek }) => showGate(session, perWeek)));

  setCommand(group, run);

  command(
    group,
    'explain',
    'Recomputes a move of the gate from the log, and says whether it agrees. A large log takes a while: ask again.',
    'gate explain 1043',
  )
    .argument('<position>', 'a position of the log; the last move at or before it is explained', position)
    .action(
      run(async ({ client, print }, _, at) => {
        const found = await client.get<ExplanationAnswer>(`/v1/gate/moves/${encodeURIComponent(at!)}`);
        print(found, () => explanationText(found));
        return found.agrees ? EXIT.done : EXIT.differs;
      }),
    );

  overrideCommands(group, run);

  command(
    group,
    'detector-changed',
    'Records that a detector of violations works otherwise from now on; the evidence begins anew.',
    "gate detector-changed 'nudity 3, threshold 0.8' 'it missed drawings'",
  )
    .argument('<detector>', 'which detector it is now, with its version or threshold', reason)
    .argument('<reason>', 'why', reason)
    .action(
      run(async (session, _, detector, why) => {
        const change = { detector, reason: why };
        await session.client.post<WriteReceipt>('/v1/gate/detector-changes', change, { repeatable: true });
        return showGate(session);
      }),
    );

  command(
    group,
    'model-changed',
    'Records that the image service uses another model from now on; the evidence begins anew.',
    "gate model-changed dalle-2.1 'a better filter'",
  )
    .argument('<model>', 'the model and its version')
    .argument('<reason>', 'why', reason)
    .action(
      run(async (session, _, model, why) => {
        await session.client.post<WriteReceipt>('/v1/gate/model-changes', { model, reason: why }, { repeatable: true });
        return showGate(session);
      }),
    );

  command(
    group,
    'compute',
    'Computes the evidence of given counts, without a server, so that anybody can check it with another program.',
    'gate compute --cases cases.json',
    'gate compute --cases cases.json --json',
  )
    .requiredOption('--cases <file>', 'JSON file: {"cases": [{"n", "x", "a", "b", "p0"}, …]}')
    .action(
      run<{ cases: string }>(async ({ print }, { cases: file }) => {
        const cases = gateCasesOf(await jsonOf('--cases', file, CASES));
        const results = cases.map(computeCase);
        print(results, () => resultsText(cases, results));
      }),
    );
};

interface SetOptions extends Condition {
  limit?: number;
  alpha?: number;
  labelDelay?: number;
  lateShare?: number;
  recall?: number;
  accountDays?: number;
  accountCap?: number;
  near?: boolean;
  plannedStages?: number;
  mostLoad?: number;
  mostWaiting?: number;
  braking?: number;
  silence?: number;
  reason: string;
}

const setCommand: CommandGroup = (group, run) => {
  command(
    group,
    'set',
    'Sets the limit or parameters; the evidence begins anew, once for the limit and once for all parameters.',
    "gate set --limit 0.0002 --reason 'as the board decided'",
    "gate set --label-delay 14 --late-share 0.01 --reason 'flags come later than we thought'",
  )
    .option('--limit <share>', 'the violation rate that must not be reached', share)
    .option('--alpha <share>', 'the chance that the rollout ever raises its rate wrongly', share)
    .option('--label-delay <days>', 'after how many days an exposure counts', integer(0, 365))
    .option('--late-share <share>', 'the most violations that are flagged later, or reopened', share)
    .option('--recall <share>', 'the least share of violations that is ever found', share)
    .option('--account-days <days>', 'how many days of an account count', integer(1, 365))
    .option('--account-cap <n>', 'the most violations that one account can make', integer(1, 1000))
    .option('--near', 'open near 0.8 of the limit, and later far below it')
    .option('--no-near', 'open soon far below the limit')
    .option(
      '--planned-stages <n>',
      'stages of the ramp plan, which share alpha evenly; 0 for no plan',
      integer(0, 1000),
    )
    .option('--most-load <share>', 'the share of what reviewers can decide that a raise may need', share)
    .option('--most-waiting <days>', 'how many days of reviews may wait at a raise', days)
    .option('--braking <days>', 'admissions stop while more days of reviews wait', days)
    .option('--silence <days>', 'admissions stop after so many days without an exposure', integer(1, 365))
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('gate show'))
    .action(
      run<SetOptions>(async (session, { limit, reason, ...options }) => {
        const { alpha, labelDelay, lateShare, recall, accountDays, accountCap, near, plannedStages } = options;
        const { mostLoad, mostWaiting: mostWaitingDays, braking: brakingDays, silence: silenceDays } = options;
        const capacity = { mostLoad, mostWaitingDays, brakingDays, silenceDays };
        const named = { alpha, lateShare, accountDays, accountCap, plannedStages, ...capacity };
        const parameters = { ...named, labelDelayDays: labelDelay, recallLower: recall, isNearLimit: near };
        const hasParameters = Object.values(parameters).some((value) => value !== undefined);
        if (limit === undefined && !hasParameters)
          throw new InvalidInput([
            { field: '--limit', message: 'is missing: name what to set, such as --limit 0.0002' },
          ]);
        const { client } = session;
        const condition = conditionOf(options);
        if (limit !== undefined) await client.put<WriteReceipt>('/v1/gate/limit', { limit, reason }, condition);
        // Setting the limit has changed the etag.
        const rest = limit === undefined ? condition : {};
        if (hasParameters) await client.put<WriteReceipt>('/v1/gate/parameters', { ...parameters, reason }, rest);
        return showGate(session);
      }),
    );
};

async function showGate({ client, print }: Session, perWeek?: number): Promise<void> {
  const gate = await client.get<GateAnswer>('/v1/gate', perWeek === undefined ? {} : { perWeek: String(perWeek) });
  print(gate, () => gateText(gate));
}

/** Parses a number from 0 to 1. */
function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1, such as 0.05.');
}

/** Parses a number of days, which need not be an integer. */
function days(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 365) return value;
  throw new InvalidArgumentError('It must be a number of days up to 365, such as 3 or 0.5.');
}

function resultsText(cases: readonly GateCase[], results: readonly GateResult[]): Shown {
  const rows = results.map(({ logESafe, logEHarm, csLower, csUpper }, i) => {
    const { n, x, a, b, p0 } = cases[i]!;
    const computed = [logESafe, logEHarm, csLower, csUpper].map((value) => String(Number(value.toPrecision(DIGITS))));
    return [n, x, ...[a, b, p0].map(String), ...computed];
  });
  const head = ['n', 'x', 'a', 'b', 'p0', 'ln E safe', 'ln E harm', 'lower', 'upper'];
  return table(head, rows, 'the file has no cases');
}

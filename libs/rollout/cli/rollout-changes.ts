import { Argument } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  instant,
  integer,
  position,
  reason,
  severalOf,
} from '../../cli/commands.js';
import { actorText } from '../../cli/rendering/actor.js';
import type { Shown } from '../../cli/rendering/plain-text.js';
import { number, table, time } from '../../cli/rendering/table.js';
import { changeText } from '../../gate/gate-words.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { MAX_PER_WEEK, MOST_CEILING, PHASE_RESTRICTIONS, PHASES } from '../../kernel/rollout-limits.js';
import type { HistoryEntry } from '../queries/list-changes.js';
import { showRollout } from './rate.js';

const LIST_SHOWN = 50;

interface PhaseOptions {
  ceiling?: number;
  classes?: string[];
  restrict?: string[];
  rate?: number;
  confirm?: number;
  at?: string;
  expires?: string;
  id?: string;
}

/** The commands of changes that are planned, need two persons, or are reverted. */
export const changeCommands: CommandGroup = (group, run) => {
  command(
    group,
    'history',
    'Shows every change of the rate, the phase and ramp plans, every pause and withdrawn batch, the newest first: who, why, before and after.',
    'rollout history',
    'rollout history --limit 500 --json',
  )
    .option('--limit <n>', 'maximum number of changes', integer(1, 10_000), LIST_SHOWN)
    .action(
      run<{ limit: number }>(async ({ client, print }, { limit }) => {
        const items = await client.list<HistoryEntry>('/v1/rollout/history', {}, limit);
        print(items, () => historyText(items));
      }),
    );

  command(
    group,
    'propose',
    'Proposes a rate; nothing changes until another person approves it.',
    "rollout propose 5000 'the gate supports it' --confirm 5000",
  )
    .argument('<per-week>', 'people per rolling seven days', integer(0, MAX_PER_WEEK))
    .argument('<reason>', 'why', reason)
    .option('--confirm <per-week>', 'the rate once more, to confirm a high raise', integer(0, MAX_PER_WEEK))
    .option('--at <time>', 'when it takes effect once it is approved; at once by default', instant)
    .option('--expires <time>', 'until when it can be approved; in seven days by default', instant)
    .option('--id <id>', 'makes the command safe to repeat; generated if absent')
    .addOption(ifMatch('rate show'))
    .action(
      run<{ confirm?: number; at?: string; expires?: string; id?: string } & Condition>(
        async (session, { confirm, at, expires, id, ...condition }, perWeek, why) => {
          const changeId = id ?? session.ids.next();
          const proposal = { changeId, perWeek, reason: why, confirm, effectiveAt: at, expiresAt: expires };
          const options = { repeatable: true, ...conditionOf(condition) };
          await session.client.post<WriteReceipt>('/v1/rollout/proposals', proposal, options);
          return showRollout(session);
        },
      ),
    );

  command(
    group,
    'propose-phase',
    `Proposes a phase (${PHASES.join(', ')}); nothing changes until another person approves it.`,
    "rollout propose-phase open 'as the board decided' --ceiling 1000000 --rate 5000",
    "rollout propose-phase preview 'known people first' --classes staff,testers --restrict share,download",
  )
    .addArgument(new Argument('<phase>', 'how people come in').choices(PHASES))
    .argument('<reason>', 'why', reason)
    .option('--ceiling <people>', 'the most people who may come in in total; none by default', integer(1, MOST_CEILING))
    .option('--classes <names>', 'the classes of the waitlist whose people may come in; all by default', severalOf)
    .option(
      '--restrict <names>',
      `what is denied to everybody while it lasts: ${PHASE_RESTRICTIONS.join(', ')}`,
      severalOf,
    )
    .option('--rate <per-week>', 'the rate to set with it; it stays by default', integer(0, MAX_PER_WEEK))
    .option('--confirm <per-week>', 'the rate once more, to confirm a high raise', integer(0, MAX_PER_WEEK))
    .option('--at <time>', 'when it takes effect once it is approved; at once by default', instant)
    .option('--expires <time>', 'until when it can be approved; in seven days by default', instant)
    .option('--id <id>', 'makes the command safe to repeat; generated if absent')
    .addOption(ifMatch('rate show'))
    .action(
      run<PhaseOptions & Condition>(
        async (
          session,
          { ceiling, classes, restrict: restrictions, rate, confirm, at, expires, id, ...condition },
          phase,
          why,
        ) => {
          const changeId = id ?? session.ids.next();
          const about = { changeId, phase, ceiling, classes, restrictions, perWeek: rate, reason: why, confirm };
          const options = { repeatable: true, ...conditionOf(condition) };
          const proposal = { ...about, effectiveAt: at, expiresAt: expires };
          await session.client.post<WriteReceipt>('/v1/rollout/phase-proposals', proposal, options);
          return showRollout(session);
        },
      ),
    );

  command(group, 'approve', 'Approves a change that another person proposed.', 'rollout approve r-1')
    .argument('<id>', 'of the change, as rate show prints it')
    .option('--confirm <per-week>', 'the rate once more, if it was lowered since', integer(0, MAX_PER_WEEK))
    .addOption(ifMatch('rate show'))
    .action(
      run<{ confirm?: number } & Condition>(async (session, { confirm, ...condition }, id) => {
        const path = `/v1/rollout/proposals/${encodeURIComponent(id!)}/approval`;
        await session.client.post<WriteReceipt>(path, { confirm }, { repeatable: true, ...conditionOf(condition) });
        return showRollout(session);
      }),
    );

  ending('decline', 'proposals', 'Withdraws a proposal of your own, or refuses that of another person.');
  ending('cancel', 'planned-changes', 'Cancels a planned change before its time.');

  command(
    group,
    'revert',
    'Reverts a change: brings back what there was before it. The rules of any other change hold.',
    "rollout revert 1041 'reviewers are ill'",
  )
    .argument('<position>', 'of the change, as rollout history prints it', position)
    .argument('<reason>', 'why', reason)
    .option('--confirm <per-week>', 'the rate that comes back, to confirm a high raise', integer(0, MAX_PER_WEEK))
    .option('--propose <id>', 'propose it under this new id, for another person to approve')
    .addOption(ifMatch('rate show'))
    .action(
      run<{ confirm?: number; propose?: string } & Condition>(
        async (session, { confirm, propose, ...condition }, at, why) => {
          const path = `/v1/rollout/changes/${encodeURIComponent(at!)}/revert`;
          const options = { repeatable: true, ...conditionOf(condition) };
          await session.client.post<WriteReceipt>(path, { reason: why, confirm, changeId: propose }, options);
          return showRollout(session);
        },
      ),
    );

  function ending(name: string, list: string, description: string): void {
    command(group, name, description, `rollout ${name} r-1 'reviewers are ill'`)
      .argument('<id>', 'of the change, as rate show prints it')
      .argument('<reason>', 'why', reason)
      .addOption(ifMatch('rate show'))
      .action(
        run<Condition>(async (session, condition, id, why) => {
          const path = `/v1/rollout/${list}/${encodeURIComponent(id!)}`;
          await session.client.delete<WriteReceipt>(path, { query: { reason: why! }, ...conditionOf(condition) });
          return showRollout(session);
        }),
      );
  }
};

const historyText = (items: readonly HistoryEntry[]): Shown =>
  table(
    ['position', 'time', 'what', 'before', 'state', 'why', 'by', 'stored by'],
    items.map((one) => [
      ...[Number(one.position), time(one.time), whatOf(one)],
      one.before.perWeek === null ? '' : `${number(one.before.perWeek)}${one.before.paused ? ', paused' : ''}`,
      ...[one.state, one.reason ?? '', one.approvedBy === null ? one.by : `${one.by}, ${one.approvedBy}`],
      actorText(one.actor),
    ]),
    'nothing was changed yet',
  );

const STEPS: Partial<Record<HistoryEntry['type'], string>> = {
  RolloutChangePlanned: 'planned: ',
  RolloutChangeProposed: 'proposed: ',
  ApprovalGiven: 'approved: ',
  RolloutChangeEnded: 'ended: ',
  RampPlanSet: 'ramp plan: ',
  RampStepConfirmed: 'confirmed the step to ',
  RampConfirmationWithdrawn: 'withdrew the confirmation of the step to ',
  RampPlanEnded: 'ended the ramp plan',
  InvitationsWithdrawn: 'withdrew the invitations of batch ',
};

function whatOf(entry: HistoryEntry): string {
  const { type, effectiveAt, reverts, step } = entry;
  const what = `${step === null ? '' : `step ${step + 1}: `}${changeOf(entry)}`;
  const at = effectiveAt === null ? '' : ` at ${time(effectiveAt)}`;
  return `${STEPS[type] ?? ''}${what}${at}${reverts === null ? '' : `, reverts ${reverts}`}`;
}

function changeOf({ does, perWeek, phase, ceiling, classes, restrictions, steps, batchId }: HistoryEntry): string {
  if (does !== null)
    return changeText({
      does,
      perWeek: perWeek ?? undefined,
      phase: phase ?? undefined,
      ceiling: ceiling ?? undefined,
      classes: classes ?? undefined,
      restrictions: restrictions ?? undefined,
    });
  if (batchId !== null) return batchId;
  if (steps) return steps.map((one) => number(one.perWeek)).join(', ');
  return perWeek === null ? '' : number(perWeek);
}

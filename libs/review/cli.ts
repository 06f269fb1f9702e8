import { Argument } from 'commander';
import type { ApiClient } from '../cli/api-client.js';
import { type CommandGroup, command, instant, reason } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { Refusal } from '../kernel/errors.js';
import { bulkCommands } from './cli/bulk.js';
import { addQueueCommands } from './cli/case-list.js';
import { casePath } from './cli/case-paths.js';
import { contentCommands } from './cli/content.js';
import { flaggerCommands } from './cli/flaggers.js';
import { goldenCommands } from './cli/golden.js';
import { queueCommands } from './cli/queue.js';
import { profileCommands } from './cli/reviewer-profiles.js';
import { reviewerCommands } from './cli/reviewers.js';
import { samplingCommands } from './cli/sampling.js';
import type { ClaimAnswer } from './features/claim-answer.js';
import type { VerdictAnswer } from './features/give-verdict.js';
import type { ReviewAnswer } from './queries/review-answer.js';
import type { CaseAnswer } from './queries/show-case.js';

const VERDICTS = ['safe', 'unsafe', 'unsure', 'model-problem'];

interface Verdict {
  clause?: string;
  rationale?: string;
  withhold?: boolean;
  note?: string;
}

export const commands: CommandGroup = (program, run) => {
  queueCommands(program, run);
  flaggerCommands(program, run);
  samplingCommands(program, run);
  bulkCommands(program, run);
  goldenCommands(program, run);
  const group = program.command('case').description('Reviews flagged images: the queue, claims and verdicts.');

  addQueueCommands(group, run);

  command(group, 'show <id>', 'Shows a case, its verdicts and its history.', 'case show img-1').action(
    run(async ({ client, print }, _, id) => {
      const shown = await client.get<CaseAnswer>(casePath(id!));
      print(shown, () => caseText(shown));
    }),
  );

  command(
    group,
    'claim <id>',
    'Claims a case, so that nobody else reviews it until the claim ends; renews a claim that is more than half over.',
    'case claim img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const { token } = await claimOf(client, id!);
      const claim = await client.put<ClaimAnswer>(`${casePath(id!)}/claim`, { token });
      print(claim, () => line`case ${claim.caseId} is claimed by ${claim.reviewer} until ${time(claim.until)}`);
    }),
  );

  command(group, 'release <id>', 'Gives a case that you have claimed back to the queue.', 'case release img-1').action(
    run(async ({ client, print }, _, id) => {
      const token = await tokenHeld(client, id!);
      const released = await client.delete<WriteReceipt>(`${casePath(id!)}/claim?token=${token}`);
      print(released, () => line`case ${id} is released`);
    }),
  );

  command(
    group,
    'verdict',
    'Gives your verdict on a case, which it claims if you have not. The last verdict of the panel decides it. Refuses a second one: withdraw the first.',
    "case verdict img-1 unsafe --clause violent --rationale 'a wound in the lower left'",
    'case verdict img-1 model-problem --withhold',
  )
    .argument('<id>', 'the case')
    .addArgument(new Argument('<verdict>', 'your judgement of the image').choices(VERDICTS))
    .option('--clause <id>', 'the clause of the content policy that the image violates; needed for unsafe')
    .option('--rationale <text>', 'why it does; needed for unsafe, stored encrypted')
    .option('--withhold', 'of a model-problem: nobody may share, download or flag the image any more')
    .option('--note <text>', 'a note; stored encrypted')
    .action(
      run<Verdict>(async ({ client, print }, { clause, rationale, withhold, note }, id, verdict) => {
        const review = await client.get<ReviewAnswer>(`${casePath(id!)}/review`);
        if (review.verdict !== null) throw alreadyJudged(review);
        const token = review.claim?.token ?? (await claimOf(client, id!)).token;
        const body = { token, verdict, clause, rationale, withhold, note };
        const judged = await client.post<VerdictAnswer>(`${casePath(id!)}/verdicts`, body, { repeatable: true });
        print(judged, () => judgedText(judged));
      }),
    );

  command(
    group,
    'withdraw <id>',
    'Takes your verdict back, if GATEHOUSE_VERDICT_WINDOW_MS allows it and the verdict is not final.',
    'case withdraw img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const withdrawn = await client.delete<WriteReceipt>(`${casePath(id!)}/verdicts/mine`);
      print(withdrawn, () => line`your verdict on case ${id} is withdrawn`);
    }),
  );

  command(
    group,
    'hold <id>',
    'Sets a case that you have claimed aside. Until the given time nobody else can claim it.',
    "case hold img-1 --until 2022-05-20T10:00:00Z --note 'asked the policy team'",
  )
    .requiredOption('--until <time>', 'when to be reminded, at most 7 days from now', instant)
    .option('--note <text>', 'why; stored encrypted')
    .action(
      run<{ until: string; note?: string }>(async ({ client, print }, { until, note }, id) => {
        const body = { token: await tokenHeld(client, id!), until, note };
        const held = await client.post<WriteReceipt>(`${casePath(id!)}/hold`, body, { repeatable: true });
        print(held, () => line`case ${id} is held for you until ${time(until)}`);
      }),
    );

  command(
    group,
    'hand-over <id> [reviewer]',
    'Hands a case over to another reviewer, for whom it is kept for a day, or to a queue. Leads need no claim.',
    "case hand-over img-1 rev-2 --note 'in Welsh'",
    'case hand-over img-1 --queue severe',
  )
    .option('--queue <queue>', 'the queue that is to have it, instead of a reviewer')
    .option('--note <text>', 'why; stored encrypted')
    .action(
      run<{ queue?: string; note?: string }>(async ({ client, print }, { queue, note }, id, reviewer) => {
        const body = { ...(await tokenIfHeld(client, id!)), reviewer, queue, note };
        const written = await client.post<WriteReceipt>(`${casePath(id!)}/handover`, body, { repeatable: true });
        print(written, () => line`case ${id} is handed over to ${queue === undefined ? reviewer : `queue ${queue}`}`);
      }),
    );

  command(
    group,
    'escalate <id>',
    'Escalates a case: only leads can claim it in this round. Leads need no claim.',
    "case escalate img-1 --note 'may concern a public figure'",
  )
    .option('--note <text>', 'why; stored encrypted')
    .action(
      run<{ note?: string }>(async ({ client, print }, { note }, id) => {
        const body = { ...(await tokenIfHeld(client, id!)), note };
        const written = await client.post<WriteReceipt>(`${casePath(id!)}/escalate`, body, { repeatable: true });
        print(written, () => line`case ${id} is escalated`);
      }),
    );

  command(
    group,
    'reopen <id>',
    'Opens a closed case for review again, in a new round. For leads.',
    "case reopen img-1 --reason 'the clause was clarified'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason }, id) => {
        const written = await client.post<WriteReceipt>(`${casePath(id!)}/reopen`, { reason }, { repeatable: true });
        print(written, () => line`case ${id} is open`);
      }),
    );

  contentCommands(group, run);
  const reviewers = program
    .command('reviewer')
    .description('Shows what reviewers look at, records their breaks, and what they can and may review.');
  reviewerCommands(reviewers, run);
  profileCommands(reviewers, run);
};

const claimOf = (client: ApiClient, caseId: string): Promise<ClaimAnswer> =>
  client.post<ClaimAnswer>(`${casePath(caseId)}/claim`, undefined, { repeatable: true });

/** The token of the caller's claim, if they hold it. */
async function tokenIfHeld(client: ApiClient, caseId: string): Promise<{ token?: number }> {
  const { claim } = await client.get<CaseAnswer>(casePath(caseId));
  return claim?.token == null ? {} : { token: claim.token };
}

async function tokenHeld(client: ApiClient, caseId: string): Promise<number> {
  const { token } = await tokenIfHeld(client, caseId);
  if (token !== undefined) return token;
  throw new Refusal('claim-lost', `you have not claimed case ${caseId}, or the claim has ended: claim it first`);
}

function judgedText({ caseId, status, finalAt }: VerdictAnswer): Shown {
  if (finalAt !== null) return line`you can take the verdict on case ${caseId} back until ${time(finalAt)}`;
  return status === 'open'
    ? line`your verdict on case ${caseId} is recorded; the case waits for another reviewer`
    : line`case ${caseId} is ${status}`;
}

const alreadyJudged = ({ caseId, round, verdict }: ReviewAnswer): Refusal =>
  new Refusal(
    'already-reviewed',
    `you have given the verdict ${verdict} on case ${caseId} in round ${round}: case withdraw takes it back, if it is not final`,
  );

function caseText(shown: CaseAnswer): Shown {
  const { claim, verdicts, history } = shown;
  const about = pairs([
    ['case', shown.caseId],
    ['account', shown.accountId],
    ['status', shown.status],
    ['round', shown.round],
    ['panel', shown.panelSize],
    ['queue', shown.queue],
    ['priority', shown.priority],
    ['due', time(shown.dueAt)],
    ['categories', shown.categories.join(', ')],
    ['flagged by', shown.flaggers.join(', ')],
    ['escalated', shown.isEscalated ? 'only leads can claim it' : null],
    ['kept for', shown.reservedFor && `${shown.reservedFor} until ${time(shown.reservedUntil!)}`],
    ['to be decided at', shown.decidesAt && time(shown.decidesAt)],
    ['decided at', shown.decidedAt && time(shown.decidedAt)],
    ['claimed', claim && `by ${claim.reviewer} until ${time(claim.until)}`],
  ]);
  const given = table(
    ['reviewer', 'system', 'verdict', 'clause'],
    rowsOf(verdicts, 'reviewer', 'source', 'verdict', 'clause'),
    'no verdict that you may see; those of others follow your own',
  );
  const parts = table(
    ['priority of', 'points', 'at most', 'because'],
    rowsOf(shown.priorityParts, 'part', 'points', 'of', 'because'),
    'not routed yet',
  );
  const rows = history.map((one) => [Number(one.position), time(one.time), one.type, actorText(one.actor)]);
  return paragraphs([about, parts, given, table(['position', 'time', 'event', 'by'], rows)]);
}

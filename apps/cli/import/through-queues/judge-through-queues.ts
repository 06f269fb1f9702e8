import type { Session } from '../../../../libs/cli/session.js';
import { InvalidInput } from '../../../../libs/kernel/errors.js';
import { settled } from '../../../../libs/operations/cli.js';
import type { PolicyAnswer } from '../../../../libs/policy/queries/show-policy.js';
import type { CaseEntry } from '../../../../libs/review/queries/case-entry.js';
import { type Opinion, PlayedReviewer, type PlayedReviews } from '../../reviewing/played-reviewer.js';
import { TemporaryTokens } from '../../reviewing/temporary-tokens.js';
import type { FlagRow, ReviewRow } from '../data-files.js';
import { flagImage, reviewerName } from '../mapping.js';
import { TeamQueues } from './team-queues.js';
import { type Team, teamsOf, votesOf } from './teams.js';

export interface Judged extends PlayedReviews {
  reviewers: number;
  teams: number;
  /** Rows of a reviewer who had judged the flag in an earlier row, which were left out. */
  repeated: number;
}

/** More open cases than any import has. */
const MAX_OPEN = 1_000_000;

/**
 * Plays the reviewers of the file: each claims cases from the queues of their teams, looks at them and judges them. The panel
 * of a case is the number of its reviewers in the file. An interrupted run is continued by the next.
 * @param pace how many times as fast as in the file they answer; undefined for at once
 * @throws InvalidInput if the content policy lacks clauses for the flags, or there can't be a queue for each team
 */
export async function judgeThroughQueues(
  { client, progress, clock }: Session,
  flags: readonly FlagRow[],
  reviews: readonly ReviewRow[],
  pace?: number,
): Promise<Judged> {
  const teams = teamsOf(reviews);
  const votes = votesOf(reviews);
  const clauseOf = await clauses(client, flags, reviews);
  const opinionOf = (row: ReviewRow): Opinion => ({
    verdict: row.verdict,
    answerTimeMs: row.answerTimeMs,
    ...(row.verdict === 'unsafe' && { clause: clauseOf(row), rationale: 'as in the imported file' }),
  });
  const rows = [...votes.values()].reduce((sum, own) => sum + own.size, 0);
  const total = { verdicts: 0, renewed: 0, revealed: 0, notShown: 0, lost: 0 };
  const judged: Judged = { ...total, reviewers: votes.size, teams: teams.length, repeated: reviews.length - rows };

  const open = await openCases(client, teams);
  if (open.size === 0) return judged;
  const tokens = new TemporaryTokens(client);
  const queues = new TeamQueues(client, teams, [...votes.keys()].map(reviewerName));
  await queues.refuseUnfit();
  try {
    await queues.open();
    progress.start('filling queues', open.size);
    const places = teams.flatMap(({ queue, flagIds }) => flagIds.map((id) => ({ caseId: flagImage(id), queue })));
    const waiting = places.filter(({ caseId }) => open.has(caseId));
    await queues.fill(waiting, (moved) => progress.update(moved));
    await settled(client);

    let given = 0;
    progress.start('verdicts', rows);
    const play = async ([reviewerId, own]: [string, Map<string, ReviewRow>]): Promise<PlayedReviews> => {
      const name = reviewerName(reviewerId);
      const rowOf = new Map([...own].map(([flagId, row]) => [flagImage(flagId), row]));
      const left = new Set([...rowOf.keys()].filter((id) => isLeft(open.get(id), name)));
      const reviewer = new PlayedReviewer(await tokens.clientFor(name, 'reviewer'), {
        queues: teams.filter((team) => team.reviewerIds.includes(reviewerId)).map(({ queue }) => queue),
        opinionOf: (caseId) => opinionOf(rowOf.get(caseId)!),
        isDone: () => left.size === 0,
        ...(pace !== undefined && { pace }),
        clock,
        onVerdict(caseId) {
          left.delete(caseId);
          progress.update(++given);
        },
      });
      return reviewer.work();
    };
    for (const done of await Promise.all([...votes].map(play)))
      for (const name of ['verdicts', 'renewed', 'revealed', 'notShown', 'lost'] as const) judged[name] += done[name];
  } finally {
    try {
      await queues.close();
    } finally {
      await tokens.revoke();
    }
  }
  return judged;
}

/** The cases of the file that are not decided. */
async function openCases(client: Session['client'], teams: readonly Team[]): Promise<Map<string, CaseEntry>> {
  const ours = new Set(teams.flatMap(({ flagIds }) => flagIds.map(flagImage)));
  const lists = (['open', 'claimed'] as const).map((status) =>
    client.list<CaseEntry>('/v1/cases', { status }, MAX_OPEN),
  );
  const found = (await Promise.all(lists)).flat().filter(({ caseId }) => ours.has(caseId));
  return new Map(found.map((one) => [one.caseId, one]));
}

const isLeft = (found: CaseEntry | undefined, name: string): boolean =>
  found !== undefined && !found.verdicts.some(({ reviewer, source }) => reviewer === name && source === null);

/**
 * The clause that an `unsafe` verdict names: the first category of the flag that is a clause of the policy in force, or its
 * first category if the policy has no clauses.
 */
async function clauses(client: Session['client'], flags: readonly FlagRow[], reviews: readonly ReviewRow[]) {
  const { current } = await client.get<PolicyAnswer>('/v1/policy');
  const known = new Set(current?.clauses.map(({ id }) => id));
  const categoriesOf = new Map(flags.map(({ flagId, categories }) => [flagId, categories]));
  const clauseOf = ({ flagId }: ReviewRow) =>
    categoriesOf.get(flagId)!.find((category) => known.size === 0 || known.has(category));
  const without = reviews.filter((row) => row.verdict === 'unsafe' && clauseOf(row) === undefined);
  if (without.length > 0) {
    const missing = [...new Set(without.flatMap(({ flagId }) => categoriesOf.get(flagId)!))].sort();
    const message = `has flags with none of the clauses of content policy ${current!.version}: publish a version with the clauses ${missing.join(', ')}, or one without clauses`;
    throw new InvalidInput([{ field: '--flags', message }]);
  }
  return (row: ReviewRow): string => clauseOf(row)!;
}

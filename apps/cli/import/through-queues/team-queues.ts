import pMap from 'p-map';
import type { ApiClient } from '../../../../libs/cli/api-client.js';
import { ApiProblem } from '../../../../libs/cli/api-errors.js';
import { InvalidInput } from '../../../../libs/kernel/errors.js';
import { casePath } from '../../../../libs/review/cli/case-paths.js';
import { queueSettings } from '../../../../libs/review/cli/queue.js';
import type { QueuesAnswer } from '../../../../libs/review/queries/list-queues.js';
import type { ReviewerAnswer } from '../../../../libs/review/queries/show-reviewer.js';
import type { Team } from './teams.js';

const PATH = '/v1/queues';
/** Keeps other reviewers out of the teams' queues. */
const SKILL = 'import-reviewer';
const IN_FLIGHT = 16;
const TRIES = 5;
/** Those of the backend, of which the command line loads nothing. */
export const MAX_QUEUES = 50;
export const MAX_PANEL = 25;
const CLOSE_LIMIT_MS = 60_000;

type Queue = QueuesAnswer['queues'][number];

/** Queues for the teams of a file, beside those that there are. */
export class TeamQueues {
  /** @param lead may set queues and move cases */
  constructor(
    private readonly lead: ApiClient,
    private readonly teams: readonly Team[],
    private readonly reviewers: readonly string[],
  ) {}

  /** @throws InvalidInput if there are more queues with those of the teams than there can be, or a team is too large */
  async refuseUnfit(): Promise<void> {
    const { queues } = await this.lead.get<QueuesAnswer>(PATH);
    const left = MAX_QUEUES - queues.filter((one) => !this.isOwn(one)).length;
    const largest = Math.max(0, ...this.teams.map(({ reviewerIds }) => reviewerIds.length));
    const faults = [
      ...(this.teams.length > left
        ? [`has ${this.teams.length} different groups of reviewers, but there is room for ${left} queues`]
        : []),
      ...(largest > MAX_PANEL
        ? [`has a flag with ${largest} reviewers, but at most ${MAX_PANEL} can decide a case`]
        : []),
    ];
    if (faults.length > 0)
      throw new InvalidInput(
        faults.map((fault) => ({ field: '--reviews', message: `${fault}: import it without --through-queues` })),
      );
  }

  /** A queue for each team, and the reviewers' skill for all of them. A no-op if they are there. */
  async open(): Promise<void> {
    await this.skills((skills) => [...new Set([...skills, SKILL])]);
    const own = this.teams.map(({ queue, reviewerIds }) => ({ id: queue, skill: SKILL, panel: reviewerIds.length }));
    await this.change((queues) => [...queues.filter((one) => !this.isOwn(one)), ...own], 'reviews are imported');
  }

  /** Moves cases to the queues of their teams. */
  async fill(cases: readonly { caseId: string; queue: string }[], onMoved: (moved: number) => void): Promise<void> {
    let moved = 0;
    const move = async ({ caseId, queue }: { caseId: string; queue: string }) => {
      await this.lead.post(`${casePath(caseId)}/handover`, { queue }, { repeatable: true });
      onMoved(++moved);
    };
    await pMap(cases, move, { concurrency: IN_FLIGHT });
  }

  /** Leaves the queues and skills that were there before, also after Ctrl-C or a failure. */
  async close(): Promise<void> {
    const lead = this.lead.with({ signal: AbortSignal.timeout(CLOSE_LIMIT_MS) });
    await new TeamQueues(lead, this.teams, this.reviewers).remove();
  }

  private async remove(): Promise<void> {
    await this.change((queues) => queues.filter((one) => !this.isOwn(one)), 'the import of reviews has ended');
    await this.skills((skills) => skills.filter((one) => one !== SKILL));
  }

  private isOwn({ id }: { id: string }): boolean {
    return this.teams.some(({ queue }) => queue === id);
  }

  /** Somebody else may set queues at the same time: theirs are kept. */
  private async change(of: (queues: readonly Queue[]) => Record<string, unknown>[], reason: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { etag, queues, rules, patienceHours, default: other } = await this.lead.get<QueuesAnswer>(PATH);
      const body = { queues: of(queues).map(queueSettings), rules, patienceHours, default: other, reason };
      try {
        return await this.lead.request('PUT', PATH, { body, headers: { 'if-match': etag } });
      } catch (error) {
        if (!(error instanceof ApiProblem && error.status === 412) || attempt === TRIES) throw error;
      }
    }
  }

  private async skills(of: (skills: readonly string[]) => string[]): Promise<void> {
    for (const reviewer of this.reviewers) {
      const path = `/v1/reviewers/${encodeURIComponent(reviewer)}`;
      const { skills, languages } = await this.lead.get<ReviewerAnswer>(path);
      await this.lead.put(`${path}/skills`, { skills: of(skills), languages, reason: 'reviews are imported' });
    }
  }
}

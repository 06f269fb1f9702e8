import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../../../libs/cli/api-client.js';
import { ApiProblem } from '../../../../libs/cli/api-errors.js';
import type { Clock } from '../../../../libs/kernel/clock.js';
import type { ClaimAnswer } from '../../../../libs/review/features/claim-answer.js';
import type { VerdictAnswer } from '../../../../libs/review/features/give-verdict.js';
import type { NextCaseAnswer } from '../../../../libs/review/features/next-case.js';
import type { CaseEntry } from '../../../../libs/review/queries/case-queue.js';
import type { ReviewAnswer } from '../../../../libs/review/queries/review-answer.js';
import type { ReviewRow } from '../data-files.js';

/** How long somebody waits who finds nothing, since the others hold the claims of what is left. */
const IDLE_MS = 100;
/** How often nothing may be found in a row, longer than a lease of the default length. */
const MAX_IDLE = 6_000;
/** The part of a lease after which it is renewed; the server renews one that is more than half over. */
const RENEW_AFTER = 0.6;
/** The image can't be shown to this reviewer, who can't change that. */
const NOT_SHOWN = ['image-content-off', 'image-content-unknown', 'severe-content'];
/** Somebody else claimed the case after the lease had ended. */
const LOST = ['claim-lost', 'case-not-claimed'];

export interface PlayedReviews {
  verdicts: number;
  /** Leases that were renewed, since an answer took longer than one. */
  renewed: number;
  revealed: number;
  /** Cases whose image could not be shown. */
  notShown: number;
  /** Claims that were lost, since the lease ended before it was renewed; the case is claimed again later. */
  lost: number;
}

export interface Play {
  /** By case, what the file says. */
  votes: ReadonlyMap<string, ReviewRow>;
  /** The queues of the reviewer's teams. */
  queues: readonly string[];
  /** The clause of an `unsafe` verdict. */
  clauseOf(row: ReviewRow): string;
  /** How many times as fast as in the file they answer; undefined for at once. */
  pace?: number;
  clock: Clock;
  onVerdict(): void;
}

/** Somebody who takes cases from queues, looks at them and judges them as the file says. */
export class PlayedReviewer {
  private readonly done: PlayedReviews = { verdicts: 0, renewed: 0, revealed: 0, notShown: 0, lost: 0 };
  private readonly left: Set<string>;

  /** @param open the cases that are open and that they have not judged */
  constructor(
    private readonly client: ApiClient,
    private readonly play: Play,
    open: readonly string[],
  ) {
    this.left = new Set(open);
  }

  /** Until all cases are judged. @throws if no case can be had for minutes */
  async work(): Promise<PlayedReviews> {
    for (let idle = 0; this.left.size > 0; idle++) {
      const claim = (await this.next()) ?? (idle % 10 === 1 ? await this.held() : undefined);
      if (claim) {
        idle = -1;
        await this.judge(claim);
      } else if (idle >= MAX_IDLE) {
        const [first] = this.left;
        throw new Error(`case ${first} and ${this.left.size - 1} more are open but no queue gives them: look at them`);
      } else await sleep(IDLE_MS, undefined, { signal: this.client.signal });
    }
    return this.done;
  }

  private async next(): Promise<ClaimAnswer | undefined> {
    for (const queue of this.play.queues) {
      const { claim } = await this.client.post<NextCaseAnswer>(`/v1/queues/${queue}/next`);
      if (claim) return claim;
    }
    return undefined;
  }

  /** A case that they claimed before without getting the answer, or before the command was interrupted. */
  private async held(): Promise<ClaimAnswer | undefined> {
    const held = await this.client.list<CaseEntry>('/v1/cases', { mine: true, status: 'claimed' }, this.left.size);
    const one = held.find(({ caseId }) => this.left.has(caseId));
    return one && this.client.post<ClaimAnswer>(`${pathOf(one.caseId)}/claim`, undefined, { repeatable: true });
  }

  private async judge(claim: ClaimAnswer): Promise<void> {
    try {
      await this.answer(claim);
    } catch (error) {
      if (!(error instanceof ApiProblem && LOST.includes(error.code))) throw error;
      this.done.lost++;
    }
  }

  private async answer(claim: ClaimAnswer): Promise<void> {
    const { caseId } = claim;
    const row = this.play.votes.get(caseId)!;
    const path = pathOf(caseId);
    await this.client.get<ReviewAnswer>(`${path}/review`);
    await this.look(path, claim.token);
    await this.think(claim, row.answerTimeMs);
    const founded =
      row.verdict === 'unsafe' ? { clause: this.play.clauseOf(row), rationale: 'as in the imported file' } : {};
    const body = { token: claim.token, verdict: row.verdict, answerTimeMs: row.answerTimeMs, ...founded };
    await this.client.post<VerdictAnswer>(`${path}/verdicts`, body, { repeatable: true });
    this.left.delete(caseId);
    this.done.verdicts++;
    this.play.onVerdict();
  }

  private async look(path: string, token: number): Promise<void> {
    try {
      await this.client.content('POST', `${path}/reveals`, { level: 'full', reason: 'to judge it', token });
      this.done.revealed++;
    } catch (error) {
      if (!(error instanceof ApiProblem && NOT_SHOWN.includes(error.code))) throw error;
      this.done.notShown++;
    }
  }

  /** Takes as long as in the file, divided by the pace, and renews the lease meanwhile. */
  private async think({ caseId, token, until }: ClaimAnswer, answerTimeMs: number): Promise<void> {
    const { pace, clock } = this.play;
    if (pace === undefined) return;
    const leaseMs = Date.parse(until) - clock.now();
    for (let left = answerTimeMs / pace; left > 0; ) {
      const restMs = Math.min(left, Math.max(1, leaseMs * RENEW_AFTER));
      await sleep(restMs, undefined, { signal: this.client.signal });
      left -= restMs;
      if (left <= 0) return;
      await this.client.put<ClaimAnswer>(`${pathOf(caseId)}/claim`, { token });
      this.done.renewed++;
    }
  }
}

const pathOf = (caseId: string): string => `/v1/cases/${encodeURIComponent(caseId)}`;

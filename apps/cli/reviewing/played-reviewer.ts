import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../../libs/cli/api-client.js';
import { ApiProblem } from '../../../libs/cli/api-errors.js';
import type { Clock } from '../../../libs/kernel/clock.js';
import { GatehouseError } from '../../../libs/kernel/errors.js';
import { casePath } from '../../../libs/review/cli/case-paths.js';
import type { ClaimAnswer } from '../../../libs/review/features/claim-answer.js';
import type { VerdictAnswer } from '../../../libs/review/features/give-verdict.js';
import type { NextCaseAnswer } from '../../../libs/review/features/next-case.js';
import type { CaseEntry } from '../../../libs/review/queries/case-entry.js';
import type { ReviewAnswer } from '../../../libs/review/queries/review-answer.js';

/** How long somebody waits who finds nothing, since the others hold the claims of what is left. */
const IDLE_MS = 100;
/** How often nothing may be found in a row, longer than a lease of the default length. */
const MAX_IDLE = 6_000;
/** After so many of these they ask whether they hold a claim without knowing it. */
const LOOK_EVERY = 10;
/** The part of a lease after which it is renewed; the server renews one that is more than half over. */
const RENEW_AFTER = 0.6;
/** The image can't be shown to this reviewer, who can't change that. */
const NOT_SHOWN = ['image-content-off', 'image-content-unknown', 'severe-content'];
/** Somebody else claimed the case after the lease had ended. */
const LOST = ['claim-lost', 'case-not-claimed', 'case-not-open'];

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

/** What somebody thinks of a case. */
export interface Opinion {
  verdict: 'safe' | 'unsafe' | 'unsure' | 'model-problem';
  /** Of an `unsafe` verdict. */
  clause?: string;
  rationale?: string;
  answerTimeMs: number;
}

export interface Play {
  /** The queues from which they take cases. */
  queues: readonly string[];
  opinionOf(caseId: string): Opinion;
  /** Whether nothing is left for them to judge. */
  isDone(): boolean;
  /** How many times as fast as they say they answer; undefined for at once. */
  pace?: number;
  clock: Clock;
  onVerdict(caseId: string, status: string): void;
}

/** Somebody who takes cases from queues, looks at them and judges them as they think. */
export class PlayedReviewer {
  private readonly done: PlayedReviews = { verdicts: 0, renewed: 0, revealed: 0, notShown: 0, lost: 0 };

  constructor(
    private readonly client: ApiClient,
    private readonly play: Play,
  ) {}

  /** Until nothing is left. @throws GatehouseError queue-empty if nothing can be had for minutes */
  async work(): Promise<PlayedReviews> {
    for (let idle = 0; !this.play.isDone(); idle++) {
      const claim = (await this.next()) ?? (idle % LOOK_EVERY === 1 ? await this.held() : undefined);
      if (claim) {
        idle = -1;
        await this.judge(claim);
      } else if (idle >= MAX_IDLE) {
        const message = `cases are open, but the queues ${this.play.queues.join(', ')} give none: gatehouse case list shows them`;
        throw new GatehouseError('queue-empty', message, 'failed');
      } else await sleep(IDLE_MS, undefined, { signal: this.client.signal });
    }
    return this.done;
  }

  private async next(): Promise<ClaimAnswer | undefined> {
    for (const queue of this.play.queues) {
      const claim = await this.nextOf(queue);
      if (claim) return claim;
    }
    return undefined;
  }

  private async nextOf(queue: string): Promise<ClaimAnswer | null> {
    try {
      return (await this.client.post<NextCaseAnswer>(`/v1/queues/${queue}/next`)).claim;
    } catch (error) {
      // They hold claims of an interrupted command.
      if (error instanceof ApiProblem && error.code === 'enough-claimed') return null;
      throw error;
    }
  }

  /** A case that they claimed before without getting the answer, or before the command was interrupted. */
  private async held(): Promise<ClaimAnswer | undefined> {
    const [one] = await this.client.list<CaseEntry>('/v1/cases', { mine: true, status: 'claimed' }, 1);
    if (!one) return undefined;
    try {
      return await this.client.post<ClaimAnswer>(`${casePath(one.caseId)}/claim`, undefined, { repeatable: true });
    } catch (error) {
      // The list lags: it is judged, or somebody else has it.
      if (error instanceof ApiProblem && error.status === 409) return undefined;
      throw error;
    }
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
    const opinion = this.play.opinionOf(caseId);
    const path = casePath(caseId);
    await this.client.get<ReviewAnswer>(`${path}/review`);
    await this.look(path, claim.token);
    await this.think(claim, opinion.answerTimeMs);
    const body = { token: claim.token, ...opinion };
    const { status } = await this.client.post<VerdictAnswer>(`${path}/verdicts`, body, { repeatable: true });
    this.done.verdicts++;
    this.play.onVerdict(caseId, status);
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
      await this.client.put<ClaimAnswer>(`${casePath(caseId)}/claim`, { token });
      this.done.renewed++;
    }
  }
}

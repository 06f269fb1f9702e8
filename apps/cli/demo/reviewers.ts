import type { ApiClient } from '../../../libs/cli/api-client.js';
import type { CreatedTokenAnswer } from '../../../libs/http/tokens.controller.js';
import type { VerdictAnswer } from '../../../libs/review/features/give-verdict.js';

/** The largest panel there can be. */
const MOST_REVIEWERS = 25;
const FAREWELL_MS = 10_000;

/** People who review, each with a token of their own for as long as it takes. */
export class DemoReviewers {
  private readonly clients: ApiClient[] = [];
  private readonly tokens: string[] = [];

  constructor(
    private readonly administrator: ApiClient,
    private readonly run: string,
  ) {}

  /**
   * Reviewers take the case one after another until it is decided.
   * @param first where to begin among them, so that the work is shared
   */
  async decide(caseId: string, verdict: 'safe' | 'unsafe', first: number): Promise<string> {
    let status = 'open';
    for (let turn = 0; status === 'open' && turn < MOST_REVIEWERS; turn++) {
      const reviewer = await this.reviewer(turn < this.clients.length ? (first + turn) % this.clients.length : turn);
      const path = `/v1/cases/${encodeURIComponent(caseId)}`;
      await reviewer.post(`${path}/claim`, undefined, { repeatable: true });
      const judged = await reviewer.post<VerdictAnswer>(`${path}/verdicts`, { verdict }, { repeatable: true });
      status = judged.status;
    }
    return status;
  }

  /** So many of them to begin with; a larger panel makes more. */
  async hire(count: number): Promise<void> {
    while (this.clients.length < count) await this.reviewer(this.clients.length);
  }

  /** Their tokens are worth nothing afterwards, also where Ctrl-C ended the run. */
  async dismiss(): Promise<void> {
    const administrator = this.administrator.with({ signal: AbortSignal.timeout(FAREWELL_MS) });
    for (const id of this.tokens.splice(0)) await administrator.delete(`/v1/tokens/${id}`);
  }

  private async reviewer(index: number): Promise<ApiClient> {
    if (!this.clients[index]) {
      const body = { name: `demo-${this.run}-reviewer-${index + 1}`, roles: ['reviewer'] };
      const { id, secret } = await this.administrator.post<CreatedTokenAnswer>('/v1/tokens', body);
      this.tokens.push(id);
      this.clients[index] = this.administrator.with({ token: secret });
    }
    return this.clients[index]!;
  }
}

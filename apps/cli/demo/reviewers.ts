import type { ApiClient } from '../../../libs/cli/api-client.js';
import type { PolicyAnswer } from '../../../libs/policy/queries/show-policy.js';
import type { ClaimAnswer } from '../../../libs/review/features/claim-answer.js';
import type { VerdictAnswer } from '../../../libs/review/features/give-verdict.js';
import { TemporaryTokens } from '../reviewing/temporary-tokens.js';

/** The maximum size of a panel. */
const MAX_REVIEWERS = 25;

/** Reviewers, each with a temporary token. */
export class DemoReviewers {
  private readonly clients: ApiClient[] = [];
  private readonly tokens: TemporaryTokens;
  private named: Promise<string> | undefined;

  constructor(
    private readonly administrator: ApiClient,
    private readonly run: string,
  ) {
    this.tokens = new TemporaryTokens(administrator);
  }

  /**
   * Reviewers claim and judge the case one after another until it is decided.
   * @param first index of the reviewer who starts; vary it to share the work
   */
  async decide(caseId: string, verdict: 'safe' | 'unsafe', first: number): Promise<string> {
    let status = 'open';
    for (let turn = 0; status === 'open' && turn < MAX_REVIEWERS; turn++) {
      const reviewer = await this.reviewer(turn < this.clients.length ? (first + turn) % this.clients.length : turn);
      const path = `/v1/cases/${encodeURIComponent(caseId)}`;
      const { token } = await reviewer.post<ClaimAnswer>(`${path}/claim`, undefined, { repeatable: true });
      const founded = verdict === 'unsafe' ? { clause: await this.clause(), rationale: 'a demonstration' } : {};
      const body = { token, verdict, ...founded };
      const judged = await reviewer.post<VerdictAnswer>(`${path}/verdicts`, body, { repeatable: true });
      status = judged.status;
    }
    return status;
  }

  /** A clause of the content policy in force; any label if it has none. */
  private clause(): Promise<string> {
    this.named ??= this.administrator
      .get<PolicyAnswer>('/v1/policy')
      .then(({ current }) => current?.clauses[0]?.id ?? 'violent');
    return this.named;
  }

  /** Creates the first reviewers. If a panel needs more, `decide` creates them. */
  async hire(count: number): Promise<void> {
    while (this.clients.length < count) await this.reviewer(this.clients.length);
  }

  /** Revokes their tokens, even if Ctrl-C ended the run. */
  dismiss(): Promise<void> {
    return this.tokens.revoke();
  }

  private async reviewer(index: number): Promise<ApiClient> {
    this.clients[index] ??= await this.tokens.clientFor(`demo-${this.run}-reviewer-${index + 1}`, 'reviewer');
    return this.clients[index]!;
  }
}

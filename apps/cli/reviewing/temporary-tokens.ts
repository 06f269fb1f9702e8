import type { ApiClient } from '../../../libs/cli/api-client.js';
import type { CreatedTokenAnswer } from '../../../libs/http/tokens.controller.js';

const REVOKE_LIMIT_MS = 10_000;

/** Tokens of people whom a command plays, for as long as it runs. */
export class TemporaryTokens {
  private readonly ids: string[] = [];

  constructor(private readonly administrator: ApiClient) {}

  /** A client of the person of this name, with this role. */
  async clientFor(name: string, role: string): Promise<ApiClient> {
    const { id, secret } = await this.administrator.post<CreatedTokenAnswer>('/v1/tokens', { name, roles: [role] });
    this.ids.push(id);
    return this.administrator.with({ token: secret });
  }

  /** Revokes them, even if Ctrl-C ended the run. */
  async revoke(): Promise<void> {
    const administrator = this.administrator.with({ signal: AbortSignal.timeout(REVOKE_LIMIT_MS) });
    for (const id of this.ids.splice(0)) await administrator.delete(`/v1/tokens/${id}`);
  }
}

import pMap from 'p-map';
import { expireInvitation, hasAccepted, invitedAccount, isEnded } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { Refusal } from '../../kernel/errors.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import type { HeldBatch } from '../held-places.js';
import { admitInvited, freePlaces } from '../hold-places.js';
import { rolloutStream } from '../rollout.js';

export const INVITATION_CLOCK = 'invitation-clock';
const TICK_MS = 5_000;
const CONCURRENT_ACCOUNTS = 64;

/** By batch, the accounts that accepted and are not onboarded yet. It may lag: whom it leaves out, a later answer has. */
export type AcceptedInvitations = () => Promise<ReadonlyMap<string, readonly string[]>>;

const contextOf = (batchId: string): CommandContext => ({
  actor: { kind: 'process', id: INVITATION_CLOCK },
  correlationid: batchId,
});

/** Moves people who accepted into cohorts, ends invitations that nobody used, and frees the places of decided batches. */
export class InvitationClock {
  constructor(
    private readonly transactor: Transactor,
    private readonly accepted: AcceptedInvitations,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** One process at a time ticks, until the signal aborts. */
  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = (error: unknown) => this.logger.warn({ err: error }, 'invitations could not be settled; retrying');
    await runPeriodically({ name: INVITATION_CLOCK, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    const { batches } = state.held;
    if (batches.length === 0) return;
    const accepted = await this.accepted();
    for (const batch of batches) {
      if (this.clock.now() >= batch.until) await this.settle(batch);
      else await this.admit(batch.batchId, await this.whoAccepted(batch, accepted.get(batch.batchId) ?? []));
    }
  }

  /** Of a batch that is over; only the accounts' own streams say who accepted in time. */
  private async settle({ batchId, accounts }: HeldBatch): Promise<void> {
    const settleOne = async (accountId: string) => {
      const { state } = await this.transactor.transact(invitedAccount, accountId, contextOf(batchId), (account) =>
        expireInvitation(account, { accountId, batchId }),
      );
      return { accountId, state };
    };
    const settled = await pMap(accounts, settleOne, { concurrency: CONCURRENT_ACCOUNTS });
    const accepted = settled.filter(({ state }) => !isEnded(state, batchId)).map(({ accountId }) => accountId);
    await this.admit(batchId, accepted);
    await this.transactor.transact(rolloutStream, undefined, contextOf(batchId), (rollout) =>
      freePlaces(rollout, batchId, accepted),
    );
  }

  private async whoAccepted({ batchId }: HeldBatch, accounts: readonly string[]): Promise<string[]> {
    const load = async (accountId: string) => {
      const { state } = await this.transactor.load(invitedAccount, accountId);
      return hasAccepted(state, batchId) ? [accountId] : [];
    };
    return (await pMap(accounts, load, { concurrency: CONCURRENT_ACCOUNTS })).flat();
  }

  /** While nobody may be admitted they wait, in places that stay held. */
  private async admit(batchId: string, accepted: readonly string[]): Promise<void> {
    if (accepted.length === 0) return;
    try {
      await this.transactor.transact(rolloutStream, undefined, contextOf(batchId), (rollout) =>
        admitInvited(rollout, batchId, accepted, this.clock.now()),
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

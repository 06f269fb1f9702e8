import { type AccountStanding, accountStream, isSuspended, restrictionOf } from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Transactor } from '../../event-store/transact.js';
import type { DataOf, RecordedOf } from '../../events/event-definition.js';
import { ImageGenerated, ImageShared } from '../../images/index.js';
import { toIso } from '../../kernel/clock.js';
import { foldRecorded, type StreamKind } from '../../kernel/decider.js';
import type { DomainEvent, Position } from '../../kernel/envelope.js';
import { type ContentPolicies, outdatedSince, policiesAt, policyStream } from '../../policy/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { PolicyDisregarded } from '../events.js';
import { policyUseStream, recordPolicyUse } from '../policy-use.js';
import { GRACE_MS } from '../views/disregarded-decisions.js';

export const POLICY_USE_RECORDING = 'policy-use-recording';

export interface PolicyUsePorts {
  transactor: Pick<Transactor, 'load' | 'transact'>;
  store: Pick<EventStore, 'readStream'>;
  ownEventIds: Pick<OwnEventIds, 'once'>;
}

type Use = RecordedOf<typeof ImageGenerated | typeof ImageShared>;

/**
 * Records images that services generated or shared for accounts whose acceptance of the content policy was outdated by then. A
 * view of accounts can't know that, since it depends on the policy and the clock.
 */
export function policyUseRecording({ transactor, store, ownEventIds }: PolicyUsePorts): Consumer {
  /** As it was when the use was stored: the account may have accepted the policy since, or the policy may be another. */
  async function stateAt<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    id: string | undefined,
    place: Position,
  ): Promise<State> {
    const { state, changedAt } = await transactor.load(kind, id);
    if (changedAt < place) return state;
    const events = await store.readStream(id === undefined ? kind.category : `${kind.category}-${id}`);
    return foldRecorded(
      kind,
      events.filter((event) => event.position < place),
    );
  }

  return defineConsumer({
    name: POLICY_USE_RECORDING,
    events: [ImageGenerated, ImageShared],
    key: ({ data }) => data.accountId,
    async concerning(events) {
      const policies = await transactor.load(policyStream, undefined);
      if (!isSuperseding(policies.state)) return [];
      const ids = [...new Set(events.map(({ data }) => data.accountId))];
      const loaded = await Promise.all(ids.map((id) => transactor.load(accountStream, id)));
      const accounts = new Map(ids.map((id, n) => [id, loaded[n]!]));
      return events.filter((event) => {
        const account = accounts.get(event.data.accountId)!;
        const isAsThen = Math.max(policies.changedAt, account.changedAt) < event.position;
        return !isAsThen || disregardedPolicy(account.state, policies.state, event) !== undefined;
      });
    },
    async react(event) {
      const { accountId } = event.data;
      const policies = await stateAt(policyStream, undefined, event.position);
      if (!isSuperseding(policies)) return;
      const use = disregardedPolicy(await stateAt(accountStream, accountId, event.position), policies, event);
      if (!use) return;
      const context = ownEventIds.once(event, POLICY_USE_RECORDING, 'record-policy-use');
      await transactor.transact(policyUseStream, accountId, context, (state) => recordPolicyUse(state, use));
    },
  });
}

/** Nothing supersedes the first version, and none that was published goes away. */
const isSuperseding = ({ versions }: ContentPolicies): boolean => versions.length > 1;

/** Undefined also if the account was denied for an earlier rule of access, which is noted separately. */
function disregardedPolicy(
  standing: AccountStanding,
  policies: ContentPolicies,
  { id, type, data, metadata }: Use,
): DataOf<typeof PolicyDisregarded> | undefined {
  const { status, deactivated, unreadable, policyVersion, earlierPolicies = [] } = standing;
  const action = type === 'ImageGenerated' ? 'generate' : 'share';
  const at = Date.parse(metadata.time);
  if (status !== 'onboarded' || policyVersion === undefined || unreadable !== undefined) return undefined;
  if (deactivated || isSuspended(standing, at) || restrictionOf(standing.consequences, action, at)) return undefined;
  const since = outdatedSince(policies, [policyVersion, ...earlierPolicies], at);
  const { current } = policiesAt(policies, at);
  if (since === undefined || at <= since + GRACE_MS || current === undefined) return undefined;
  return {
    ...{ accountId: data.accountId, inForce: current, accepted: policyVersion },
    ...{ useId: id, service: metadata.source, action, imageId: data.imageId },
    ...{ at: toIso(at), outdatedSince: toIso(since) },
  };
}

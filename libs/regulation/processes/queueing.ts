import { EnforcementOrdered } from '../../enforcement/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Transactor } from '../../event-store/transact.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { ImageWithheld } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { foldRecorded, isUsable } from '../../kernel/decider.js';
import { type Case, caseStream, decidersOf, ReviewConfirmed, ReviewUpheld } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { type FlagSources, flagSourcesAfter, NOBODY } from '../flag-sources.js';
import type { ContentDays } from '../queries/content-days.js';
import { policyVersionAt } from '../queries/policy-clauses.js';
import { queueStatement, type Statement, statementStream } from '../statement.js';

export const STATEMENT_QUEUEING = 'statement-queueing';

export interface QueueingPorts {
  store: EventStore;
  transactor: Transactor;
  ownEventIds: OwnEventIds;
  days: ContentDays;
  /** Decisions from then on, in epoch milliseconds. */
  since: number;
}

const EVENTS = [EnforcementOrdered, ImageWithheld];
type Decision = RecordedOf<(typeof EVENTS)[number]>;
type Ordered = RecordedOf<typeof EnforcementOrdered>;
type Withheld = RecordedOf<typeof ImageWithheld>;

/**
 * Queues a statement of reasons for each restriction: of an account, of the service for it, and of an image. A strike alone
 * restricts nothing, and an image that shows a fault of the model was withheld for no violation. What was undone since was
 * decided all the same.
 */
export function statementQueueing({ store, transactor, ownEventIds, days, since }: QueueingPorts): Consumer {
  /** The case as it was when the event was stored, who had flagged its image, and who had confirmed it last. */
  async function caseAt(
    caseId: string,
    event: Decision,
  ): Promise<{ found: Case; flags: FlagSources; decidedBy: Statement['decidedBy'] }> {
    const history = await store.readStream(`${caseStream.category}-${caseId}`);
    const before = history.filter((one) => one.position <= event.position);
    const flags = before.filter(isUsable).reduce(flagSourcesAfter, NOBODY);
    const review = before.findLast((one) => isOf(ReviewConfirmed, one) || isOf(ReviewUpheld, one));
    const decidedBy = decidersOf((review?.data ?? {}) as Parameters<typeof decidersOf>[0]);
    return { found: foldRecorded(caseStream, before), flags, decidedBy };
  }

  const noticed = ({ users, detectors }: FlagSources) => ({
    source: users ? ('users' as const) : ('own-initiative' as const),
    isDetectedByAutomation: detectors,
  });

  async function ofOrder(event: Ordered): Promise<Omit<Statement, 'statementId'> | undefined> {
    const { accountId, caseId, enforcementId, measure, until, clause, statement, decidedAt } = event.data;
    const decision = DECISIONS[measure];
    const id = caseId ?? enforcementId;
    if (decision === undefined || id === undefined) return undefined;
    const { flags } = caseId === undefined ? { flags: NOBODY } : await caseAt(caseId, event);
    const policyVersion = statement?.policyVersion;
    return {
      enforcementId: id,
      decision,
      ...(until !== undefined && { until }),
      ...(clause !== undefined && { clause }),
      ...(policyVersion !== undefined && { policyVersion }),
      ...noticed(flags),
      decidedBy: statement?.decidedBy ?? (caseId === undefined ? 'operator' : 'reviewers'),
      isMeasureAutomated: statement?.isMeasureAutomated ?? caseId !== undefined,
      contentDate: await days.ofAccount(accountId, event),
      appliedAt: decidedAt ?? event.recordedAt,
    };
  }

  async function ofImage(event: Withheld): Promise<Omit<Statement, 'statementId'> | undefined> {
    const { caseId, imageId, cause } = event.data;
    if (cause === 'model-problem') return undefined;
    const { found, flags, decidedBy } = await caseAt(caseId, event);
    const policyVersion = await policyVersionAt(transactor, Date.parse(event.recordedAt));
    return {
      enforcementId: caseId,
      decision: 'image-disabled',
      ...(found.clause !== undefined && { clause: found.clause }),
      ...(policyVersion !== undefined && { policyVersion }),
      ...noticed(flags),
      decidedBy,
      isMeasureAutomated: false,
      contentDate: await days.ofImage(imageId, found.openedAt, event),
      appliedAt: event.recordedAt,
    };
  }

  return defineConsumer({
    name: STATEMENT_QUEUEING,
    events: EVENTS,
    key: ({ data }) => data.caseId ?? ('enforcementId' in data ? data.enforcementId! : ''),
    async react(event) {
      if (Date.parse(event.recordedAt) < since) return;
      const content = event.type === 'ImageWithheld' ? await ofImage(event) : await ofOrder(event);
      if (!content) return;
      const statementId = ownEventIds.identify(event, 'statement-of-reasons').eventId!;
      await transactor.transact(statementStream, statementId, causedBy(event, STATEMENT_QUEUEING), (state) =>
        queueStatement(state, { statementId, ...content }),
      );
    },
  });
}

const DECISIONS: Record<Ordered['data']['measure'], Statement['decision'] | undefined> = {
  strike: undefined,
  restrict: 'service-restricted',
  suspend: 'account-suspended',
  deactivate: 'account-terminated',
};

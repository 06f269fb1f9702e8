import {
  AccountReinstated,
  AddressConfirmationRequested,
  accountStream,
  CauseLifted,
  InvitationReminded,
  InvitationSent,
  StrikeRescinded,
  WaitlistJoined,
} from '../../account/index.js';
import { APPEAL_CARRYING_OUT, AppealDenied, AppealGranted, AppealPartlyGranted } from '../../appeals/index.js';
import { EnforcementOrdered, EnforcementReversed, enforcementStream } from '../../enforcement/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Transactor } from '../../event-store/transact.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { type Clock, DAY_MS, toIso } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { CaseReopened, FlaggerNoted } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { CHANNELS } from '../events.js';
import { type Notice, noticeStream, queueNotice } from '../notice.js';
import { isPartOfDecision, isReview, REVIEWS, type Reporters, type Review } from '../queries/reporters.js';
import { type Language, languageOf } from '../templates/message.js';

export const NOTICE_QUEUEING = 'notice-queueing';

/** Older decisions notify nobody: after an upgrade, a whole history would. */
const MAX_AGE_DAYS = 7;

export interface QueueingPorts {
  store: EventStore;
  transactor: Transactor;
  ownEventIds: OwnEventIds;
  clock: Clock;
  reporters: Reporters;
  channels: readonly (typeof CHANNELS)[number][];
  language: Language;
  /** How long people can appeal. */
  appealWindowDays: number;
  /** Whether people can accept invitations by a link: without one, invitations notify nobody. */
  hasAcceptLink: boolean;
}

const EVENTS = [
  EnforcementOrdered,
  EnforcementReversed,
  AppealGranted,
  AppealPartlyGranted,
  AppealDenied,
  FlaggerNoted,
  CaseReopened,
  AccountReinstated,
  CauseLifted,
  StrikeRescinded,
  InvitationSent,
  InvitationReminded,
  AddressConfirmationRequested,
  ...REVIEWS,
];
type Decision = RecordedOf<(typeof EVENTS)[number]>;
type Lifting = RecordedOf<typeof AccountReinstated | typeof CauseLifted | typeof StrikeRescinded>;
type Content = Omit<Notice, 'noticeId' | 'channel' | 'language' | 'accountId' | 'role'>;

/** Queues a notice for each person whom a decision concerns and each channel: the account's holder, and users who flagged. */
export function noticeQueueing(ports: QueueingPorts): Consumer {
  const { store, transactor, ownEventIds, clock, channels, reporters } = ports;

  async function queue(event: Decision, accountId: string, role: Notice['role'], content: Content): Promise<void> {
    const history = await store.readStream(`${accountStream.category}-${accountId}`);
    const joined = history.findLast((one) => isOf(WaitlistJoined, one)) as
      | RecordedOf<typeof WaitlistJoined>
      | undefined;
    const language = languageOf(joined?.data.locale, ports.language);
    for (const channel of channels) {
      const noticeId = ownEventIds.identify(event, `notice:${role}:${channel}:${accountId}`).eventId!;
      const notice: Notice = { noticeId, accountId, role, channel, ...content, language };
      await transactor.transact(noticeStream, noticeId, causedBy(event, NOTICE_QUEUEING), (state) =>
        queueNotice(state, notice),
      );
    }
  }

  /** The answer to an appeal says so itself, and so does the order that replaces another. */
  async function notifyReversed(event: RecordedOf<typeof EnforcementReversed>): Promise<void> {
    const { accountId, caseId, appeal } = event.data;
    if (appeal > 0 || caseId === undefined) return;
    const history = await store.readStream(`${enforcementStream.category}-${caseId}`);
    const next = history.find(({ revision }) => revision === event.revision + 1);
    if (next?.type === EnforcementOrdered.type && next.metadata.causationid === event.metadata.causationid) return;
    const ordered = history.findLast((one) => isOf(EnforcementOrdered, one) && one.position < event.position);
    if (!ordered || !isOf(EnforcementOrdered, ordered)) return;
    const content = { kind: 'measure-reversed' as const, outcome: ordered.data.measure, enforcementId: caseId, caseId };
    await queue(event, accountId, 'subject', content);
  }

  /** What an appeal, a later round or the end of a bulk job lifts has a notice of its own. */
  async function notifyLifted(event: Lifting): Promise<void> {
    if (event.metadata.actor.kind === 'process') return;
    const { accountId } = event.data;
    const cause = causeOf(event);
    const history = await store.readStream(`${accountStream.category}-${accountId}`);
    const next = history.find(({ revision }) => revision === event.revision + 1);
    // One command may store up to three of them: the last says most.
    if (cause !== undefined && next && isLifting(next) && causeOf(next) === cause) return;
    await queue(event, accountId, 'subject', {
      kind: 'measure-lifted',
      outcome: event.type === 'AccountReinstated' ? 'reinstated' : 'lifted',
      ...(cause !== undefined && { enforcementId: cause }),
    });
  }

  /** Who flags an image after its decision learns of that; before it, the decision itself notifies them. */
  async function answerNoted(event: RecordedOf<typeof FlaggerNoted>): Promise<void> {
    const { caseId, flaggedBy, flaggerKind } = event.data;
    if (flaggerKind !== 'user') return;
    const decision = await reporters.decisionBefore(caseId, event.position);
    if (!decision) return;
    await queue(event, flaggedBy, 'reporter', flagContent(decision, await reporters.isOverturning(decision)));
  }

  async function notifyReporters(event: Parameters<Reporters['of']>[0], content: Content): Promise<void> {
    for await (const reporter of reporters.of(event)) await queue(event, reporter, 'reporter', content);
  }

  return defineConsumer({
    name: NOTICE_QUEUEING,
    events: EVENTS,
    key: ({ data }) => ('caseId' in data ? data.caseId : undefined) ?? ('accountId' in data ? data.accountId! : ''),
    async react(event) {
      if (channels.length === 0 || Date.parse(event.recordedAt) < clock.now() - MAX_AGE_DAYS * DAY_MS) return;
      if (isInvitation(event) && !ports.hasAcceptLink) return;
      if (isReview(event)) {
        if (isPartOfDecision(event)) return;
        await notifyReporters(event, flagContent(event, await reporters.isOverturning(event)));
      } else if (event.type === 'CaseReopened') {
        // A lead who reopened it has it judged again: the decision of the new round notifies them.
        if (event.data.undoes === undefined) return;
        await notifyReporters(event, { kind: 'flag-decided', outcome: 'reopened', caseId: event.data.caseId });
      } else if (event.type === 'FlaggerNoted') await answerNoted(event);
      else if (event.type === 'EnforcementReversed') await notifyReversed(event);
      else if (isLifting(event)) await notifyLifted(event);
      else await queue(event, event.data.accountId, 'subject', holderContent(event, ports.appealWindowDays));
    },
  });
}

function holderContent(
  event: Invitation | ConfirmationRequested | AppealDecided | RecordedOf<typeof EnforcementOrdered>,
  appealWindowDays: number,
): Content {
  if (isInvitation(event)) return invitationContent(event);
  if (event.type === 'AddressConfirmationRequested') return confirmationContent(event);
  return event.type === 'EnforcementOrdered' ? measureContent(event, appealWindowDays) : appealContent(event);
}

type ConfirmationRequested = RecordedOf<typeof AddressConfirmationRequested>;

const confirmationContent = ({ data: { requestId, until } }: ConfirmationRequested): Content => ({
  ...{ kind: 'address-confirmation', outcome: 'requested', until, requestId },
});

type Invitation = RecordedOf<typeof InvitationSent | typeof InvitationReminded>;

const isInvitation = (event: RecordedEvent): event is Invitation =>
  isOf(InvitationSent, event) || isOf(InvitationReminded, event);

const invitationContent = ({ type, data: { batchId, until } }: Invitation): Content => ({
  ...{ kind: 'invitation', outcome: type === 'InvitationSent' ? 'sent' : 'reminder', until, batchId },
});

const isLifting = (event: RecordedEvent): event is Lifting =>
  isOf(AccountReinstated, event) || isOf(CauseLifted, event) || isOf(StrikeRescinded, event);

const causeOf = ({ data }: Lifting): string | undefined => ('caseId' in data ? data.caseId : data.cause);

const OUTCOMES = {
  ReviewConfirmed: 'confirmed',
  ReviewUpheld: 'confirmed',
  ReviewDismissed: 'dismissed',
  ModelProblemFound: 'model-problem',
  ReviewOverturned: 'overturned',
  AppealGranted: 'granted',
  AppealPartlyGranted: 'partly-granted',
  AppealDenied: 'denied',
} as const;

function flagContent(event: Review, isOverturning: boolean): Content {
  const isConfirmed = event.type === 'ReviewConfirmed' || event.type === 'ReviewUpheld';
  const clause = isConfirmed ? event.data.clause : undefined;
  const type = isOverturning && event.type === 'ReviewDismissed' ? 'ReviewOverturned' : event.type;
  const { caseId } = event.data;
  return { kind: 'flag-decided', outcome: OUTCOMES[type], ...(clause !== undefined && { clause }), caseId };
}

/** What an appeal put in the place of the first measure is one too; its own notice says that it was granted in part. */
function measureContent(event: RecordedOf<typeof EnforcementOrdered>, windowDays: number): Content {
  const { measure, action, until, clause, caseId, enforcementId, statement } = event.data;
  const isReplacement = event.metadata.actor.id === APPEAL_CARRYING_OUT;
  return {
    kind: 'measure-imposed',
    outcome: measure,
    ...(action !== undefined && { action }),
    ...(until !== undefined && { until }),
    ...(clause !== undefined && { clause }),
    enforcementId: (caseId ?? enforcementId)!,
    ...(caseId !== undefined && { caseId }),
    ...(statement !== undefined && { decidedBy: statement.decidedBy }),
    // Against what an appeal led to there is no other without new evidence.
    ...(!isReplacement && { appealUntil: toIso(Date.parse(event.recordedAt) + windowDays * DAY_MS) }),
  };
}

type AppealDecided = RecordedOf<typeof AppealGranted | typeof AppealPartlyGranted | typeof AppealDenied>;

function appealContent({ type, data }: AppealDecided): Content {
  const { appealId, caseId, reason } = data;
  return {
    kind: 'appeal-decided',
    outcome: OUTCOMES[type],
    ...('clause' in data && { clause: data.clause }),
    reason,
    enforcementId: appealId,
    ...(caseId !== undefined && { caseId }),
  };
}

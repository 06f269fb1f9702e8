import { utcDayOf } from '../../kernel/clock.js';
import type { Notice } from '../notice.js';
import {
  acceptLinkOf,
  confirmLinkOf,
  type Links,
  type Message,
  minuteOf,
  paragraphs,
  type Template,
} from './template.js';

const MEASURES: Record<string, string> = {
  strike: 'A strike was recorded against your account.',
  restrict: 'Your account was restricted.',
  suspend: 'Your account was suspended.',
  deactivate: 'Your account was deactivated.',
};
const REVERSED: Record<string, string> = {
  strike: 'The strike that was recorded against your account was removed.',
  restrict: 'The restriction of your account was removed.',
  suspend: 'The suspension of your account was removed.',
  deactivate: 'The deactivation of your account was undone.',
};
const LIFTED: Record<string, string> = {
  reinstated: 'Your account has its access again.',
  lifted: 'A measure against your account was lifted.',
};
const ACTIONS: Record<string, string> = { generate: 'generate images', share: 'share images' };
const APPEALS: Record<string, string> = {
  granted: 'Your appeal was granted. The decision was undone.',
  'partly-granted': 'Your appeal was granted in part. Another measure takes the place of the first.',
  denied: 'Your appeal was denied. The decision stays as it is.',
};
const REVIEWS: Record<string, string> = {
  confirmed: 'You flagged an image. A review found that it violates the content policy, and we acted on it.',
  dismissed: 'You flagged an image. A review found that it does not violate the content policy.',
  'model-problem': 'You flagged an image. A review found a fault of the model, which we are looking into.',
  overturned: 'You flagged an image. It was reviewed again, and found not to violate the content policy.',
  reopened: 'You flagged an image. The decision on it was undone, and it will be reviewed again.',
};

export const en: Template = (notice, links) => {
  if (notice.kind === 'flag-decided')
    return { subject: 'An image that you flagged was reviewed', text: flagText(notice) };
  if (notice.kind === 'appeal-decided') return { subject: 'Your appeal was decided', text: appealText(notice, links) };
  if (notice.kind === 'measure-reversed')
    return { subject: 'A decision about your account was undone', text: reversedText(notice) };
  if (notice.kind === 'measure-lifted')
    return { subject: 'A measure against your account was lifted', text: liftedText(notice) };
  if (notice.kind === 'invitation') return invitationMessage(notice, links);
  if (notice.kind === 'address-confirmation') return confirmationMessage(notice, links);
  return measureMessage(notice, links);
};

function confirmationMessage(notice: Notice, links: Links): Message {
  const { until } = notice;
  const link = confirmLinkOf(notice, links);
  return {
    subject: 'Confirm your address',
    text: paragraphs(
      'Somebody put this address on the waitlist. If it was you, please confirm it.',
      link !== undefined && `Confirm here: ${link}`,
      until !== undefined &&
        `The link is valid until ${minuteOf(until)} UTC. You keep your place in the line, and can come in once the address is confirmed.`,
      'If it was not you, you need not do anything.',
    ),
  };
}

function invitationMessage(notice: Notice, links: Links): Message {
  const isReminder = notice.outcome === 'reminder';
  const link = acceptLinkOf(notice, links);
  return {
    subject: isReminder ? 'Your invitation ends soon' : 'You are invited',
    text: paragraphs(
      isReminder ? 'Your invitation is still open.' : 'It is your turn: you can use the service now.',
      link !== undefined && `Accept here: ${link}`,
      notice.until !== undefined &&
        `The invitation ends on ${utcDayOf(notice.until)}. If you do not accept it, you keep your place in the line.`,
    ),
  };
}

const clauseText = ({ clause }: Notice) => clause !== undefined && `Clause of the content policy: ${clause}.`;

/** Of article 21 of the Digital Services Act. */
const disputeText = ({ disputeUrl }: Links) =>
  disputeUrl !== undefined &&
  `You can also turn to a certified body for out-of-court dispute settlement, or to a court: ${disputeUrl}`;

function measureMessage(notice: Notice, links: Links): Message {
  const { outcome, action, until, appealUntil, enforcementId, decidedBy } = notice;
  const { appealUrl } = links;
  const where = appealUrl === undefined ? 'where you log in' : `at ${appealUrl}`;
  return {
    subject: 'A decision about your account',
    text: paragraphs(
      MEASURES[outcome],
      action !== undefined && `You cannot ${ACTIONS[action] ?? action}.`,
      until !== undefined && `It ends on ${utcDayOf(until)}.`,
      clauseText(notice),
      decidedBy === 'reviewers' &&
        'People reviewed the image and found the violation. Fixed rules say which measure follows.',
      appealUntil !== undefined &&
        `If you think that this is wrong, you can appeal until ${utcDayOf(appealUntil)} ${where}. Somebody who took no part in the decision will hear your appeal.`,
      disputeText(links),
      enforcementId !== undefined && `Reference: ${enforcementId}`,
    ),
  };
}

const reversedText = ({ outcome, enforcementId }: Notice): string =>
  paragraphs(
    REVERSED[outcome],
    'The decision behind it was undone. You need not do anything.',
    enforcementId !== undefined && `Reference: ${enforcementId}`,
  );

const liftedText = ({ outcome, enforcementId }: Notice): string =>
  paragraphs(
    LIFTED[outcome],
    'Other measures, if there are any, stay in force. You need not do anything.',
    enforcementId !== undefined && `Reference: ${enforcementId}`,
  );

const appealText = (notice: Notice, links: Links): string =>
  paragraphs(
    APPEALS[notice.outcome],
    clauseText(notice),
    notice.reason !== undefined && `Reason: ${notice.reason}`,
    'A person decided about your appeal who took no part in the decision before. No automated system did.',
    disputeText(links),
    notice.enforcementId !== undefined && `Reference: ${notice.enforcementId}`,
  );

const flagText = (notice: Notice): string =>
  paragraphs(REVIEWS[notice.outcome], clauseText(notice), notice.caseId !== undefined && `Reference: ${notice.caseId}`);

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
  strike: 'Zu Ihrem Konto wurde ein Verstoß vermerkt.',
  restrict: 'Ihr Konto wurde eingeschränkt.',
  suspend: 'Ihr Konto wurde vorübergehend gesperrt.',
  deactivate: 'Ihr Konto wurde deaktiviert.',
};
const REVERSED: Record<string, string> = {
  strike: 'Der Verstoß, der zu Ihrem Konto vermerkt war, wurde gestrichen.',
  restrict: 'Die Einschränkung Ihres Kontos wurde aufgehoben.',
  suspend: 'Die Sperre Ihres Kontos wurde aufgehoben.',
  deactivate: 'Die Deaktivierung Ihres Kontos wurde aufgehoben.',
};
const LIFTED: Record<string, string> = {
  reinstated: 'Ihr Konto hat wieder Zugang.',
  lifted: 'Eine Maßnahme gegen Ihr Konto wurde aufgehoben.',
};
const ACTIONS: Record<string, string> = { generate: 'keine Bilder erzeugen', share: 'keine Bilder teilen' };
const APPEALS: Record<string, string> = {
  granted: 'Ihrem Einspruch wurde stattgegeben. Die Entscheidung ist aufgehoben.',
  'partly-granted':
    'Ihrem Einspruch wurde teilweise stattgegeben. Eine andere Maßnahme tritt an die Stelle der ersten.',
  denied: 'Ihr Einspruch wurde abgelehnt. Die Entscheidung bleibt bestehen.',
};
const REVIEWS: Record<string, string> = {
  confirmed: 'Sie haben ein Bild gemeldet. Es verstößt gegen die Inhaltsrichtlinie, und wir haben darauf reagiert.',
  dismissed: 'Sie haben ein Bild gemeldet. Die Prüfung ergab keinen Verstoß gegen die Inhaltsrichtlinie.',
  'model-problem': 'Sie haben ein Bild gemeldet. Die Prüfung ergab einen Fehler des Modells, dem wir nachgehen.',
  overturned: 'Sie haben ein Bild gemeldet. Eine neue Prüfung ergab keinen Verstoß gegen die Inhaltsrichtlinie.',
  reopened: 'Sie haben ein Bild gemeldet. Die Entscheidung darüber ist aufgehoben, und es wird neu geprüft.',
};

export const de: Template = (notice, links) => {
  if (notice.kind === 'flag-decided')
    return { subject: 'Ein Bild, das Sie gemeldet haben, wurde geprüft', text: flagText(notice) };
  if (notice.kind === 'appeal-decided')
    return { subject: 'Über Ihren Einspruch wurde entschieden', text: appealText(notice, links) };
  if (notice.kind === 'measure-reversed')
    return { subject: 'Eine Entscheidung zu Ihrem Konto wurde aufgehoben', text: reversedText(notice) };
  if (notice.kind === 'measure-lifted')
    return { subject: 'Eine Maßnahme gegen Ihr Konto wurde aufgehoben', text: liftedText(notice) };
  if (notice.kind === 'invitation') return invitationMessage(notice, links);
  if (notice.kind === 'address-confirmation') return confirmationMessage(notice, links);
  return measureMessage(notice, links);
};

function confirmationMessage(notice: Notice, links: Links): Message {
  const { until } = notice;
  const link = confirmLinkOf(notice, links);
  return {
    subject: 'Bitte bestätigen Sie Ihre Adresse',
    text: paragraphs(
      'Jemand hat diese Adresse auf die Warteliste gesetzt. Wenn Sie das waren, bestätigen Sie sie bitte.',
      link !== undefined && `Bestätigen Sie sie hier: ${link}`,
      until !== undefined &&
        `Der Link gilt bis ${minuteOf(until)} UTC. Sie behalten Ihren Platz in der Reihe und kommen an die Reihe, sobald die Adresse bestätigt ist.`,
      'Wenn Sie es nicht waren, müssen Sie nichts tun.',
    ),
  };
}

function invitationMessage(notice: Notice, links: Links): Message {
  const isReminder = notice.outcome === 'reminder';
  const link = acceptLinkOf(notice, links);
  return {
    subject: isReminder ? 'Ihre Einladung endet bald' : 'Sie sind eingeladen',
    text: paragraphs(
      isReminder ? 'Ihre Einladung ist noch offen.' : 'Sie sind an der Reihe: Sie können den Dienst jetzt nutzen.',
      link !== undefined && `Nehmen Sie sie hier an: ${link}`,
      notice.until !== undefined &&
        `Die Einladung endet am ${utcDayOf(notice.until)}. Wenn Sie sie nicht annehmen, behalten Sie Ihren Platz in der Reihe.`,
    ),
  };
}

const clauseText = ({ clause }: Notice) => clause !== undefined && `Klausel der Inhaltsrichtlinie: ${clause}.`;

/** Of article 21 of the Digital Services Act. */
const disputeText = ({ disputeUrl }: Links) =>
  disputeUrl !== undefined &&
  `Sie können sich auch an eine zertifizierte Stelle zur außergerichtlichen Streitbeilegung oder an ein Gericht wenden: ${disputeUrl}`;

function measureMessage(notice: Notice, links: Links): Message {
  const { outcome, action, until, appealUntil, enforcementId, decidedBy } = notice;
  const { appealUrl } = links;
  const where = appealUrl === undefined ? 'dort, wo Sie sich anmelden' : `unter ${appealUrl}`;
  return {
    subject: 'Eine Entscheidung zu Ihrem Konto',
    text: paragraphs(
      MEASURES[outcome],
      action !== undefined && `Sie können ${ACTIONS[action] ?? action}.`,
      until !== undefined && `Das endet am ${utcDayOf(until)}.`,
      clauseText(notice),
      decidedBy === 'reviewers' &&
        'Menschen haben das Bild geprüft und den Verstoß festgestellt. Feste Regeln bestimmen, welche Maßnahme folgt.',
      appealUntil !== undefined &&
        `Wenn Sie das für falsch halten, können Sie bis zum ${utcDayOf(appealUntil)} Einspruch einlegen, ${where}. Über ihn entscheidet, wer an der Entscheidung nicht beteiligt war.`,
      disputeText(links),
      enforcementId !== undefined && `Aktenzeichen: ${enforcementId}`,
    ),
  };
}

const reversedText = ({ outcome, enforcementId }: Notice): string =>
  paragraphs(
    REVERSED[outcome],
    'Die Entscheidung darüber ist aufgehoben. Sie müssen nichts tun.',
    enforcementId !== undefined && `Aktenzeichen: ${enforcementId}`,
  );

const liftedText = ({ outcome, enforcementId }: Notice): string =>
  paragraphs(
    LIFTED[outcome],
    'Andere Maßnahmen bleiben in Kraft, wenn es welche gibt. Sie müssen nichts tun.',
    enforcementId !== undefined && `Aktenzeichen: ${enforcementId}`,
  );

const appealText = (notice: Notice, links: Links): string =>
  paragraphs(
    APPEALS[notice.outcome],
    clauseText(notice),
    notice.reason !== undefined && `Begründung: ${notice.reason}`,
    'Über Ihren Einspruch hat ein Mensch entschieden, der an der Entscheidung davor nicht beteiligt war, und kein automatisches System.',
    disputeText(links),
    notice.enforcementId !== undefined && `Aktenzeichen: ${notice.enforcementId}`,
  );

const flagText = (notice: Notice): string =>
  paragraphs(
    REVIEWS[notice.outcome],
    clauseText(notice),
    notice.caseId !== undefined && `Aktenzeichen: ${notice.caseId}`,
  );

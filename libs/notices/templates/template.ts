import type { Settings } from '../../platform/configuration/settings.js';
import type { Notice } from '../notice.js';

export interface Message {
  subject: string;
  text: string;
}

/** @param id the batch of the invitation, or the request to confirm */
type LinkTo = (accountId: string, id: string) => string;

/** The tokens in links; only who sends a notice has them. */
export interface Tokens {
  ofInvitation: LinkTo;
  ofConfirmation: LinkTo;
}

/** What the settings name. */
export interface Links {
  /** Where a person can appeal. */
  appealUrl?: string | undefined;
  /** Where a person accepts an invitation. */
  acceptUrl?: LinkTo | undefined;
  /** Where a person confirms an address. */
  confirmUrl?: LinkTo | undefined;
  /** Where a person finds bodies for out-of-court dispute settlement. */
  disputeUrl?: string | undefined;
}

export function linksOf(
  settings: Pick<Settings, 'noticeAppealUrl' | 'noticeDisputeUrl' | 'noticeAcceptUrl' | 'waitlistConfirmUrl'>,
  tokens?: Tokens,
): Links {
  const { noticeAppealUrl: appealUrl, noticeDisputeUrl: disputeUrl } = settings;
  return {
    ...{ appealUrl, disputeUrl },
    acceptUrl: linkTo(settings.noticeAcceptUrl, tokens?.ofInvitation),
    confirmUrl: linkTo(settings.waitlistConfirmUrl, tokens?.ofConfirmation),
  };
}

function linkTo(page: string | undefined, tokenOf: LinkTo | undefined): LinkTo | undefined {
  if (page === undefined || !tokenOf) return undefined;
  return (accountId, id) => {
    const url = new URL(page);
    url.searchParams.set('account', accountId);
    url.searchParams.set('token', tokenOf(accountId, id));
    return url.href;
  };
}

/** The link with which the person accepts. */
export const acceptLinkOf = ({ accountId, batchId }: Notice, { acceptUrl }: Links): string | undefined =>
  batchId === undefined ? undefined : acceptUrl?.(accountId, batchId);

/** The link with which the person confirms an address. */
export const confirmLinkOf = ({ accountId, requestId }: Notice, { confirmUrl }: Links): string | undefined =>
  requestId === undefined ? undefined : confirmUrl?.(accountId, requestId);

/** Of a time (RFC 3339), as `2022-05-18 09:00`. */
export const minuteOf = (time: string): string => time.slice(0, '2022-05-18T09:00'.length).replace('T', ' ');

/** Writes a notice in one language. */
export type Template = (notice: Notice, links: Links) => Message;

/** The parts that a notice has, one paragraph each. */
export const paragraphs = (...parts: (string | false | undefined)[]): string =>
  `${parts.filter(Boolean).join('\n\n')}\n`;

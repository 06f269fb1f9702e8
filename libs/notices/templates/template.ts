import type { Settings } from '../../platform/configuration/settings.js';
import type { Notice } from '../notice.js';

export interface Message {
  subject: string;
  text: string;
}

/** What the settings name. */
export interface Links {
  /** Where a person can appeal. */
  appealUrl?: string | undefined;
  /** Where a person accepts an invitation. */
  acceptUrl?(accountId: string, batchId: string): string;
  /** Where a person finds bodies for out-of-court dispute settlement. */
  disputeUrl?: string | undefined;
}

/** @param tokenOf the token of an invitation; only who sends a notice has it */
export function linksOf(
  {
    noticeAppealUrl: appealUrl,
    noticeDisputeUrl: disputeUrl,
    noticeAcceptUrl,
  }: Pick<Settings, 'noticeAppealUrl' | 'noticeDisputeUrl' | 'noticeAcceptUrl'>,
  tokenOf?: (accountId: string, batchId: string) => string,
): Links {
  if (noticeAcceptUrl === undefined || !tokenOf) return { appealUrl, disputeUrl };
  const acceptUrl = (accountId: string, batchId: string) => {
    const url = new URL(noticeAcceptUrl);
    url.searchParams.set('account', accountId);
    url.searchParams.set('token', tokenOf(accountId, batchId));
    return url.href;
  };
  return { appealUrl, disputeUrl, acceptUrl };
}

/** The link with which the person accepts. */
export const acceptLinkOf = ({ accountId, batchId }: Notice, { acceptUrl }: Links): string | undefined =>
  batchId === undefined ? undefined : acceptUrl?.(accountId, batchId);

/** Writes a notice in one language. */
export type Template = (notice: Notice, links: Links) => Message;

/** The parts that a notice has, one paragraph each. */
export const paragraphs = (...parts: (string | false | undefined)[]): string =>
  `${parts.filter(Boolean).join('\n\n')}\n`;

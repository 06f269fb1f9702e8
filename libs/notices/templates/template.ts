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
  /** Where a person finds bodies for out-of-court dispute settlement. */
  disputeUrl?: string | undefined;
}

export const linksOf = ({
  noticeAppealUrl: appealUrl,
  noticeDisputeUrl: disputeUrl,
}: Pick<Settings, 'noticeAppealUrl' | 'noticeDisputeUrl'>): Links => ({ appealUrl, disputeUrl });

/** Writes a notice in one language. */
export type Template = (notice: Notice, links: Links) => Message;

/** The parts that a notice has, one paragraph each. */
export const paragraphs = (...parts: (string | false | undefined)[]): string =>
  `${parts.filter(Boolean).join('\n\n')}\n`;

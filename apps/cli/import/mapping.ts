import type { WaitlistJoined } from '../../../libs/account/index.js';
import type { ContentFlagged, ImageGenerated } from '../../../libs/images/index.js';
import { eventsOf, type OutgoingEvent } from '../../../libs/ingest/cli/cloud-event.js';
import type { VerdictGiven } from '../../../libs/review/index.js';
import type { FlagRow, PromptRow, ReviewRow } from './data-files.js';

export const PROMPTS_SOURCE = '/import/parti-prompts';
export const FLAGS_SOURCE = '/import/adversarial-nibbler';

const promptEvent = eventsOf(PROMPTS_SOURCE);
const flagEvent = eventsOf(FLAGS_SOURCE);

/** `Food & Beverage` as `food-beverage`. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const promptAccount = (row: PromptRow) => `parti-${slug(row.category)}`;
const flagAccount = (row: FlagRow) => `nibbler-${row.submitterId}`;
export const flagImage = (flagId: string) => `nibbler-${flagId}`;
export const reviewerName = (reviewerId: string) => `nibbler-reviewer-${reviewerId}`;

/** A join for every account of the imported images; an account of the flags joins at the time of its first flag. */
export function joinEvents(prompts: readonly PromptRow[], flags: readonly FlagRow[]): OutgoingEvent[] {
  const byCategory = new Set(prompts.map(promptAccount));
  const firstFlag = new Map<string, string>();
  for (const flag of flags) {
    const account = flagAccount(flag);
    const known = firstFlag.get(account);
    if (known === undefined || flag.submittedAt < known) firstFlag.set(account, flag.submittedAt);
  }
  return [
    ...[...byCategory].map((account) => join(promptEvent, account)),
    ...[...firstFlag].map(([account, time]) => join(flagEvent, account, time)),
  ];
}

function join(event: typeof flagEvent, accountId: string, time?: string): OutgoingEvent {
  const data = { accountId, email: `${accountId}@import.invalid` };
  return event<typeof WaitlistJoined>('WaitlistJoined', `join-${accountId}`, data, time);
}

/** The data has no time, so the events have the time of the first import. */
export function promptImages(prompts: readonly PromptRow[]): OutgoingEvent[] {
  return prompts.map((row, index) => {
    const data = {
      imageId: `parti-${index + 1}`,
      accountId: promptAccount(row),
      prompt: row.prompt,
      promptCategory: row.category,
    };
    return promptEvent<typeof ImageGenerated>('ImageGenerated', `prompt-${index + 1}`, data);
  });
}

export function flagImages(flags: readonly FlagRow[]): OutgoingEvent[] {
  return flags.map((row) => {
    const data = { imageId: flagImage(row.flagId), accountId: flagAccount(row) };
    return flagEvent<typeof ImageGenerated>('ImageGenerated', `image-${row.flagId}`, data, row.submittedAt);
  });
}

/** The submitter found the image and reported it. */
export function flagEvents(flags: readonly FlagRow[]): OutgoingEvent[] {
  return flags.map((row) => {
    const accountId = flagAccount(row);
    const data = {
      imageId: flagImage(row.flagId),
      accountId,
      flaggedBy: accountId,
      flaggerKind: 'user' as const,
      categories: row.categories,
    };
    return flagEvent<typeof ContentFlagged>('ContentFlagged', `flag-${row.flagId}`, data, row.submittedAt);
  });
}

/**
 * The verdicts, those of one flag together and in the order of the file. The panel is as large as the flag has distinct
 * reviewers; a reviewer's second row for a flag is sent too and changes nothing there.
 */
export function verdictEvents(flags: readonly FlagRow[], reviews: readonly ReviewRow[]): OutgoingEvent[][] {
  const flaggedAt = new Map(flags.map((flag) => [flag.flagId, Date.parse(flag.submittedAt)]));
  const ofFlag = new Map<string, ReviewRow[]>();
  for (const row of reviews) ofFlag.set(row.flagId, [...(ofFlag.get(row.flagId) ?? []), row]);
  return [...ofFlag].map(([flagId, rows]) => {
    const panelSize = new Set(rows.map((row) => row.reviewerId)).size;
    return rows.map((row, index) => {
      const data = {
        caseId: flagImage(flagId),
        reviewer: reviewerName(row.reviewerId),
        verdict: row.verdict,
        answerTimeMs: row.answerTimeMs,
        panelSize,
      };
      // The data has no clock time of a review.
      const time = new Date(flaggedAt.get(flagId)! + row.answerTimeMs).toISOString();
      return flagEvent<typeof VerdictGiven>('VerdictGiven', `verdict-${flagId}-${index + 1}`, data, time);
    });
  });
}

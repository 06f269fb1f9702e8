import { expect } from '@jest/globals';
import type { Position, RecordedEvent } from '../../libs/kernel/envelope.js';

/** Two systems may have reviewers of one name. */
const voterOf = ({ data }: Pick<RecordedEvent, 'data'>) => `${data.reviewerSource ?? ''} ${data.reviewer}`;

/** What a log says about an image and its case before a position. */
export function imageBefore(log: readonly RecordedEvent[], imageId: string, position: Position) {
  const before = log.filter((event) => event.position < position);
  const inCase = before.filter(({ data }) => data.caseId === imageId);
  const claims = before
    .filter(({ type, data }) => type === 'ImageGenerated' && data.imageId === imageId)
    // The earlier claim holds; of two at one time that of the account which comes first.
    .sort(
      (a, b) =>
        Date.parse(a.metadata.time) - Date.parse(b.metadata.time) ||
        (String(a.data.accountId) < String(b.data.accountId) ? -1 : 1),
    );
  const dismissedAt = inCase.findLast(({ type }) => type === 'ReviewDismissed')?.position ?? 0;
  const flags = before.filter(
    (event) =>
      event.type === 'ContentFlagged' &&
      event.data.imageId === imageId &&
      (event.position > dismissedAt || dismissedAt === 0),
  );
  return {
    owner: claims[0]?.data.accountId,
    isConfirmed: inCase.some(({ type }) => type === 'ReviewConfirmed'),
    /** Of the current round. */
    flaggers: flags.map(({ data }) => data.flaggedBy),
    voters: inCase.filter(({ type, position: at }) => type === 'VerdictGiven' && at > dismissedAt).map(voterOf),
  };
}

/**
 * Nobody decides on an image that they flagged or own, by everything stored before; nothing is decided twice; every
 * confirmed review is enforced once: its image is withheld, and by default its account is deactivated.
 * @param since checks the events after this position
 */
export function expectReviewInvariants(whole: readonly RecordedEvent[], since = 0): void {
  const log = whole.filter(({ position }) => position > since);
  const confirmed = new Set<unknown>();
  for (const { type, data, position } of log) {
    const caseId = String(data.caseId);
    if (type !== 'VerdictGiven' && type !== 'ReviewConfirmed' && type !== 'ReviewDismissed') continue;
    const image = imageBefore(log, caseId, position);
    expect(image.isConfirmed).toBe(false);
    const reviewers = type === 'VerdictGiven' ? [data.reviewer] : ((data.reviewers ?? []) as unknown[]);
    for (const reviewer of reviewers) {
      expect(image.flaggers).not.toContain(reviewer);
      expect(image.owner).not.toBe(reviewer);
    }
    if (type === 'VerdictGiven') expect(image.voters).not.toContain(voterOf({ data }));
    if (type === 'ReviewConfirmed') confirmed.add(caseId);
  }
  for (const { data } of log.filter(({ type }) => type === 'ReviewConfirmed')) {
    const ofCase = (type: string) => log.filter((event) => event.type === type && event.data.caseId === data.caseId);
    expect(ofCase('EnforcementOrdered')).toHaveLength(1);
    expect(ofCase('EnforcementCompleted')).toHaveLength(1);
    expect(ofCase('ImageWithheld')).toHaveLength(1);
    expect(ofCase('AccountDeactivated').length).toBeLessThanOrEqual(1);
    const deactivated = whole.filter((event) => event.type === 'AccountDeactivated');
    expect(deactivated.map((event) => event.data.accountId)).toContain(data.accountId);
  }
}

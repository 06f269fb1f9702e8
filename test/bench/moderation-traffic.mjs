import { systemClock, toIso } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

const ID_DIGITS = 16;
/** Of ten cases. */
const CONFIRMED = 3;
/** Of ten appeals one is still open, and of ten images one is flagged once more after the decision. */
const TENTH = 10;
const STATEMENT = { ground: 'content-policy', decidedBy: 'reviewers', isMeasureAutomated: true };

/**
 * The endless events of moderation alone: each image is flagged by a user, and its case decided; of the confirmed, half are
 * appealed against. Five to six events an image on average, where a real log has thousands of images that nobody flags.
 */
export function moderationTraffic() {
  const ids = timeOrderedIds(systemClock);

  function* all() {
    for (let n = 0; ; n++) {
      const imageId = `img-${String(n).padStart(ID_DIGITS, '0')}`;
      const accountId = `acc-${String(n).padStart(ID_DIGITS, '0')}`;
      const flag = { flaggedBy: 'acc-flagger', flaggerKind: 'user', categories: ['violent'] };
      yield ['ContentFlagged', { imageId, accountId, ...flag }];
      yield [
        'CaseOpened',
        { caseId: imageId, imageId, accountId, round: 1, panelSize: 1, flagId: ids.next(), ...flag, flaggedAt: now() },
      ];
      if (n % TENTH < CONFIRMED) yield* confirmed(n, { caseId: imageId, imageId, accountId });
      else
        yield [
          'ReviewDismissed',
          { caseId: imageId, imageId, accountId, categories: ['violent'], votes: votes(1, 0), round: 1 },
        ];
      if (Math.floor(n / TENTH) % TENTH === 0) yield ['ContentFlagged', { imageId, accountId, ...flag }];
    }
  }

  function* confirmed(n, about) {
    const { caseId, imageId, accountId } = about;
    const found = { categories: ['violent'], clause: 'violent', round: 1 };
    yield ['ReviewConfirmed', { ...about, ...found, votes: votes(0, 1), reviewers: ['rev-1'] }];
    yield ['ImageWithheld', { imageId, caseId, cause: 'violation', round: 1 }];
    yield ['EnforcementOrdered', { ...about, ...found, measure: 'deactivate', statement: STATEMENT, decidedAt: now() }];
    if (n % 2 === 0) return;
    const appeal = { appealId: caseId, number: 1, accountId, caseId, order: 1 };
    yield ['AppealFiled', { ...appeal, since: 1, text: 'mine', hasNewEvidence: false, dueAt: now() }];
    if (Math.floor(n / TENTH) % TENTH === 0) return;
    yield ['AppealDenied', { ...appeal, imageId, round: 1, reviewer: 'rev-2', reason: 'it is shown' }];
  }

  const events = all();
  return {
    /** @returns the next events: id, type, data, time */
    take: (count) =>
      Array.from({ length: count }, () => {
        const [type, data] = events.next().value;
        return { id: ids.next(), type, data, time: now() };
      }),
  };
}

const now = () => toIso(systemClock.now());
const votes = (safe, unsafe) => ({ safe, unsafe, unsure: 0 });

import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import {
  advanceBulkJob,
  bulkJobStream,
  cancelBulkJob,
  endBulkJob,
  refuseNotUndoable,
  startBulkJob,
} from '../bulk-job.js';
import { declineCategories, declinedStream } from '../declined-categories.js';
import { addGoldenCase, drawGoldenCase, goldenStream, presentGoldenCase, retireGoldenCase } from '../golden-case.js';
import { isolateFlagger, isolationStream, releaseFlagger, replayFlags } from '../isolation.js';
import { notedFlaggerStream, noteFlagger } from '../noted-flagger.js';
import { reviewSettingsStream, setQueueRules, setSampling } from '../queue-rules.js';
import { linkAccount, reviewerStream, setSkills, unlinkAccount } from '../reviewer.js';
import { grantSevereViewing, revokeSevereViewing, severeViewersStream } from '../severe-viewers.js';
import { casesAgain } from './cases-again.js';

/* The decisions of the review; those about one case are in cases-again.ts. */

const JOB = { 'bulk-job-unknown': 'job-known' };
const ISOLATED = { 'flagger-not-isolated': 'flags-kept-apart' };
const HOUR_MS = 3_600_000;

const bulkJobsAgain: DecisionsAgain = decisionsAgain(bulkJobStream, {
  BulkJobStarted: {
    rules: {
      ...JOB,
      'bulk-job-not-undoable': 'undoes-no-undoing',
      'bulk-job-running': 'undone-job-over',
      'invalid-input': 'fields-of-the-action',
    },
    async decide(state, job, made) {
      const { compensates } = job;
      if (compensates !== undefined) refuseNotUndoable(await made.state(bulkJobStream, compensates), compensates);
      return startBulkJob(state, job);
    },
  },
  BulkJobAdvanced: { rules: {}, decide: (state, data) => advanceBulkJob(state, data) },
  BulkJobCancelled: { rules: JOB, decide: (state, data) => cancelBulkJob(state, data) },
  BulkJobEnded: { rules: {}, decide: (state, { jobId }) => endBulkJob(state, jobId) },
});

const goldenAgain: DecisionsAgain = decisionsAgain(goldenStream, {
  GoldenCaseAdded: {
    rules: { 'invalid-input': 'clause-only-if-unsafe', 'golden-case-exists': 'answer-new' },
    decide: (state, data) => addGoldenCase(state, data),
  },
  // Which one is drawn is a hash under a key that no event has.
  GoldenCaseDrawn: { rules: {}, decide: (state, data) => drawGoldenCase(state, data) },
  GoldenCasePresented: { rules: {}, decide: (state, data) => presentGoldenCase(state, data) },
  GoldenCaseRetired: {
    rules: { 'golden-case-unknown': 'golden-case-known' },
    decide: (state, data) => retireGoldenCase(state, data),
  },
});

const isolationAgain: DecisionsAgain = decisionsAgain(isolationStream, {
  FlaggerIsolated: {
    rules: {},
    decide(state, { flaggedBy, flaggerKind, perHour, since, until, from }) {
      const at = Date.parse(since);
      const hours = (Date.parse(until) - at) / HOUR_MS;
      return isolateFlagger(state, { flaggedBy, flaggerKind, perHour, hours, at, position: from });
    },
  },
  IsolationReleased: { rules: ISOLATED, decide: (state, data) => releaseFlagger(state, data) },
  IsolatedFlagsReplayed: {
    rules: ISOLATED,
    decide: (state, { flaggedBy, through, reason }) => replayFlags(state, { flaggedBy, through, reason }),
  },
});

const notedFlaggersAgain: DecisionsAgain = decisionsAgain(notedFlaggerStream, {
  FlaggerNoted: { rules: {}, decide: (state, data) => noteFlagger(state, data) },
});

const severeViewersAgain: DecisionsAgain = decisionsAgain(severeViewersStream, {
  SevereViewerGranted: { rules: {}, decide: (state, data) => grantSevereViewing(state, data) },
  SevereViewerRevoked: { rules: {}, decide: (state, data) => revokeSevereViewing(state, data) },
});

const declinedAgain: DecisionsAgain = decisionsAgain(declinedStream, {
  CategoriesDeclined: {
    rules: { 'invalid-input': 'end-within-a-day' },
    decide: (state, data, { now }) => declineCategories(state, data, now),
  },
});

const reviewSettingsAgain: DecisionsAgain = decisionsAgain(reviewSettingsStream, {
  QueueRulesSet: { rules: { 'invalid-input': 'queues-named' }, decide: (state, data) => setQueueRules(state, data) },
  SamplingSet: {
    rules: { 'invalid-input': 'one-place-for-the-sample', 'queue-unknown': 'queue-known' },
    decide: (state, data) =>
      setSampling(state, data.prevalenceQueue === undefined ? { ...data, isPrevalenceByRules: true } : data),
  },
});

const reviewersAgain: DecisionsAgain = decisionsAgain(reviewerStream, {
  ReviewerSkillsSet: { rules: {}, decide: (state, data) => setSkills(state, data) },
  AccountLinked: { rules: { 'too-many-links': 'links-left' }, decide: (state, data) => linkAccount(state, data) },
  AccountUnlinked: { rules: {}, decide: (state, data) => unlinkAccount(state, data) },
});

export const reviewAgain: readonly DecisionsAgain[] = [
  casesAgain,
  bulkJobsAgain,
  goldenAgain,
  isolationAgain,
  notedFlaggersAgain,
  severeViewersAgain,
  declinedAgain,
  reviewSettingsAgain,
  reviewersAgain,
];

import type { Context } from '../context/context.js';
import { DisregardedUses } from '../enforcement/index.js';
import { ImageOwners, imagesAsOf, imagesView, sharesOf } from '../images/index.js';
import { FactLane } from '../ingest/fact-lane.js';
import { sampleLikeness, unflaggedOpening } from '../review/index.js';
import { policyUseEvents, sampleEvents } from './events.js';
import { policyUseStream } from './policy-use.js';
import { sampleStream } from './prevalence-sample.js';
import { policyUseRecording } from './processes/policy-use-recording.js';
import { prevalenceSampling } from './processes/prevalence-sampling.js';
import { RULE_FLAGS_LANE, restrictedShareFlagging } from './processes/restricted-share-flagging.js';
import { ActivePeopleReport } from './queries/active-people-report.js';
import { DisregardedDecisionsController, ShowDisregardedDecisionsHandler } from './queries/disregarded-decisions.js';
import { NotedUses } from './queries/disregarded-uses.js';
import {
  ListModelProblemImagesHandler,
  ModelProblemsController,
  ShowModelProblemsHandler,
} from './queries/model-problems.js';
import { OutcomeGauges } from './queries/outcome-gauges.js';
import { PrevalenceGauges } from './queries/prevalence-gauges.js';
import { PrevalenceReport } from './queries/prevalence-report.js';
import { RestrictedImagesController, ShowRestrictedImagesHandler } from './queries/restricted-images.js';
import { ReviewReport } from './queries/review-report.js';
import { SafetyReport } from './queries/safety-figures.js';
import { SafetyGauges } from './queries/safety-gauges.js';
import { firstExposure, waitingSamples } from './queries/sample-facts.js';
import { policyUsesAgain, samplesAgain } from './queries/samples-again.js';
import { ActivePeopleController, ShowActivePeopleHandler } from './queries/show-active-people.js';
import { PrevalenceController, ShowPrevalenceHandler } from './queries/show-prevalence.js';
import { ReviewersController, ShowReviewersHandler } from './queries/show-reviewers.js';
import { ShowSafetyMetricsController, ShowSafetyMetricsHandler } from './queries/show-safety-metrics.js';
import { EarlierEvidence, StageEvidence } from './queries/stage-evidence.js';
import {
  CountGateEvidence1700000000227,
  DropDeactivationTimes1700000000169,
  IndexGateEvidence1700000000293,
} from './schema.js';
import { activePeopleView } from './views/active-people.js';
import { deactivationsView } from './views/deactivations.js';
import { disregardedDecisionsView } from './views/disregarded-decisions.js';
import { reversedCasesView } from './views/reversed-cases.js';
import { safetyImagesView } from './views/safety-images.js';
import { verdictsView } from './views/verdicts.js';
import { withheldImageSharesView } from './views/withheld-image-shares.js';

export * from './agreement.js';
export * from './calendar-buckets.js';
export { exactInterval } from './exact-interval.js';
export * from './metrics.js';
export {
  EVIDENCE_SOURCES,
  type EvidencePeriod,
  type EvidenceReading,
  type GateFigures,
  NO_STAGE,
  type ViewPositions,
} from './queries/evidence-sources.js';
export { SafetyAnswer, SafetyFigures } from './queries/safety-answer.js';
export { COUNTED_VIEWS, SAFETY_SOURCES, SafetyReport } from './queries/safety-figures.js';
export { EarlierEvidence, StageEvidence } from './queries/stage-evidence.js';
export type { ModelFigures, SeriesPoint } from './queries/stage-figures.js';
export * from './review-metrics.js';
export * from './safety-counts.js';
export { activePeopleView } from './views/active-people.js';
export * from './views/deactivations.js';
export { disregardedDecisionsView } from './views/disregarded-decisions.js';
export { safetyImagesView } from './views/safety-images.js';

/** Between two looks while a whole page waits for the view, for which no caller waits. */
const PAGES_LOOK_MS = 250;

export const safetyContext: Context = {
  name: 'safety',
  events: [...sampleEvents, ...policyUseEvents],
  streams: [sampleStream, policyUseStream],
  decisionsAgain: [samplesAgain, policyUsesAgain],
  migrations: [DropDeactivationTimes1700000000169, CountGateEvidence1700000000227, IndexGateEvidence1700000000293],
  views: [
    safetyImagesView,
    deactivationsView,
    verdictsView,
    reversedCasesView,
    disregardedDecisionsView,
    withheldImageSharesView,
    activePeopleView,
  ],
  consumers(given) {
    const { pool, viewReader, store, settings, ...ports } = given;
    const owners = new ImageOwners(pool, given.log, settings);
    const images = imagesAsOf(pool, viewReader);
    const { decisionWaitMs: waitMs } = settings;
    return [
      restrictedShareFlagging({
        ...ports,
        lane: new FactLane(store, RULE_FLAGS_LANE),
        imagesReached: (position) => viewReader.reached(imagesView, position, waitMs, PAGES_LOOK_MS),
        imageAsOf: (imageId, from) => images(imageId, from, performance.now() + waitMs),
        sharesAsOf: (imageId, from) => sharesOf(pool, viewReader, imageId, from, waitMs),
      }),
      prevalenceSampling({
        ...ports,
        keys: ports.personKeys,
        exposedAt: (imageId, from) => firstExposure(pool, viewReader, imageId, from, waitMs),
        waiting: () => waitingSamples(pool),
        ownerOf: (imageId) => owners.findAtOnce(imageId),
        likeness: sampleLikeness(given),
        open: unflaggedOpening(given),
      }),
      policyUseRecording({ ...ports, store }),
    ];
  },
  commands: [
    ShowSafetyMetricsHandler,
    ShowModelProblemsHandler,
    ListModelProblemImagesHandler,
    ShowRestrictedImagesHandler,
    ShowPrevalenceHandler,
    ShowActivePeopleHandler,
    ShowReviewersHandler,
    ShowDisregardedDecisionsHandler,
  ],
  routes: [
    {
      name: 'Safety',
      description: 'The effects of the rollout on safety. Shares are of distinct images, each with its interval.',
      controllers: [
        ShowSafetyMetricsController,
        ModelProblemsController,
        RestrictedImagesController,
        PrevalenceController,
        ActivePeopleController,
        ReviewersController,
        DisregardedDecisionsController,
      ],
    },
  ],
  services: [
    { provide: DisregardedUses, useClass: NotedUses },
    SafetyReport,
    ReviewReport,
    SafetyGauges,
    OutcomeGauges,
    PrevalenceReport,
    ActivePeopleReport,
    PrevalenceGauges,
    StageEvidence,
    EarlierEvidence,
  ],
};

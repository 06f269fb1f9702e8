import type { Context } from '../context/context.js';
import {
  ListModelProblemImagesHandler,
  ModelProblemsController,
  ShowModelProblemsHandler,
} from './queries/model-problems.js';
import { RestrictedImagesController, ShowRestrictedImagesHandler } from './queries/restricted-images.js';
import { ReviewReport } from './queries/review-report.js';
import { SafetyReport } from './queries/safety-figures.js';
import { ShowSafetyMetricsController, ShowSafetyMetricsHandler } from './queries/show-safety-metrics.js';
import { deactivationsView } from './views/deactivations.js';
import { safetyImagesView } from './views/safety-images.js';

export * from './agreement.js';
export * from './calendar-buckets.js';
export * from './metrics.js';
export type { SafetyAnswer } from './queries/safety-answer.js';
export * from './review-metrics.js';
export * from './safety-counts.js';
export * from './views/deactivations.js';

export const safetyContext: Context = {
  name: 'safety',
  views: [safetyImagesView, deactivationsView],
  commands: [
    ShowSafetyMetricsHandler,
    ShowModelProblemsHandler,
    ListModelProblemImagesHandler,
    ShowRestrictedImagesHandler,
  ],
  routes: [
    {
      name: 'Safety',
      description: 'The effects of the rollout on safety. Shares are of distinct images, each with its interval.',
      controllers: [
        ShowSafetyMetricsController,
        ModelProblemsController,
        RestrictedImagesController,
      ],
    },
  ],
  services: [SafetyReport, ReviewReport],
};

import type { Context } from '../context/context.js';
import { SafetyMetricsController, ShowSafetyMetricsHandler } from './features/show-safety-metrics.js';
import { ReviewReport } from './queries/review-report.js';
import { SafetyReport } from './queries/safety-figures.js';
import { deactivationsView } from './views/deactivations.js';
import { safetyImagesView } from './views/safety-images.js';

export * from './agreement.js';
export * from './calendar-buckets.js';
export * from './metrics.js';
export * from './review-metrics.js';
export * from './safety-counts.js';
export * from './views/deactivations.js';

export const safetyContext: Context = {
  name: 'safety',
  views: [safetyImagesView, deactivationsView],
  commands: [ShowSafetyMetricsHandler],
  routes: [
    {
      name: 'Safety',
      description: 'What the rollout does: shares are of distinct images, each with its interval.',
      controllers: [SafetyMetricsController],
    },
  ],
  services: [SafetyReport, ReviewReport],
};

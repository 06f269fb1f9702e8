export * from './agreement.js';
export * from './calendar-buckets.js';
export * from './metrics.js';
export * from './review-metrics.js';
export { SafetyModule } from './safety.module.js';
export * from './safety-counts.js';
export * from './views/deactivations.js';
export { safetyImagesView } from './views/safety-images.js';

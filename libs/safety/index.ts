export * from './calendar-buckets.js';
export * from './metrics.js';
export * from './safety-counts.js';
export * from './views/deactivations.js';
export type { SafetyFlag, SafetyImageRow } from './views/safety-image-row.js';
export { safetyImagesView } from './views/safety-images.js';

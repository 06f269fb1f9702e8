export * from './calendar-buckets.js';
export * from './views/deactivations.js';
export { SAFETY_COUNTS, type SafetyCounts } from './views/safety-contribution.js';
export type { SafetyFlag, SafetyImageRow } from './views/safety-image-row.js';
export { safetyImagesView } from './views/safety-images.js';

export * from './calendar-buckets.js';
export * from './metrics.js';
export { SafetyModule } from './safety.module.js';
export * from './safety-counts.js';
export * from './views/deactivations.js';
export type { SafetyAnswer, SafetyFigures, SafetyGroup } from './views/safety-figures.js';
export type { SafetyFlag, SafetyImageRow } from './views/safety-image-row.js';
export { safetyImagesView } from './views/safety-images.js';

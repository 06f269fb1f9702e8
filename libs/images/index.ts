export * from './events.js';
export * from './views/images.js';

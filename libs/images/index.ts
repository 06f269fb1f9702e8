export * from './events.js';
export { ImagesModule } from './images.module.js';
export { imagesAsOf } from './queries/image-facts.js';
export * from './queries/image-owner.js';
export * from './views/images.js';

export * from './events.js';
export { ImagesModule } from './images.module.js';
export { imagesAsOf } from './views/image-facts.js';
export * from './views/image-owner.js';
export * from './views/images.js';

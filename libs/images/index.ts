import type { Context } from '../context/context.js';
import { imageEvents } from './events.js';
import { ShowImageController, ShowImageHandler } from './features/show-image.js';
import { Images } from './queries/image-facts.js';
import { ImageOwners } from './queries/image-owner.js';
import { imagesView } from './views/images.js';

export * from './events.js';
export { imagesAsOf } from './queries/image-facts.js';
export * from './queries/image-owner.js';
export * from './views/images.js';

export const imagesContext: Context = {
  name: 'images',
  events: imageEvents,
  views: [imagesView],
  commands: [ShowImageHandler],
  routes: [
    {
      name: 'Images',
      description: 'What other systems told of images.',
      controllers: [ShowImageController],
    },
  ],
  services: [Images, ImageOwners],
};

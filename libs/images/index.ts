import type { Context } from '../context/context.js';
import { imageEvents } from './events.js';
import { ImageOwners } from './queries/image-owner.js';
import { ImagePrompts } from './queries/image-prompts.js';
import { ShowImageController, ShowImageHandler } from './queries/show-image.js';
import { imagesView } from './views/images.js';

export * from './events.js';
export { imagesAsOf } from './queries/image-facts.js';
export * from './queries/image-owner.js';
export { ImagePrompts } from './queries/image-prompts.js';
export * from './views/images.js';

export const imagesContext: Context = {
  name: 'images',
  events: imageEvents,
  views: [imagesView],
  commands: [ShowImageHandler],
  routes: [
    {
      name: 'Images',
      description: 'What other systems reported about images.',
      controllers: [ShowImageController],
    },
  ],
  services: [ImageOwners, ImagePrompts],
};

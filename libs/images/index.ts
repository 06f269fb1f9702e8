import type { Context } from '../context/context.js';
import type { Clock } from '../kernel/clock.js';
import type { Settings } from '../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../platform/ports.js';
import { IMAGE_CONTENT } from './content/image-content.js';
import { openImageContent } from './content/open-image-content.js';
import { Pictures } from './content/pictures.js';
import { imageEvents, withholdingEvents } from './events.js';
import { RestoreImageController, RestoreImageHandler } from './features/restore-image.js';
import { withholdingStream } from './image-withholding.js';
import { ImageOwners } from './queries/image-owner.js';
import { ImagePrompts } from './queries/image-prompts.js';
import { ShowImageController, ShowImageHandler } from './queries/show-image.js';
import { withholdingAgain } from './queries/withholding-again.js';
import { imageReachView } from './views/image-reach.js';
import { imagesView } from './views/images.js';
import { withheldImagesView } from './views/withheld-images.js';

export { CONTENT_PROBLEMS, ContentError } from './content/image-content.js';
export { Pictures } from './content/pictures.js';
export {
  IMAGE_LEVELS,
  type ImageLevel,
  isImageLevel,
  MAX_PREVIEW_BYTES,
  PICTURE_TYPES,
  type Picture,
} from './content/rendering.js';
export * from './events.js';
export * from './image-withholding.js';
export { type ImageFacts, imagesAsOf, type KnownImage } from './queries/image-facts.js';
export * from './queries/image-owner.js';
export { ImagePrompts } from './queries/image-prompts.js';
export { reachOf, sharesOf } from './queries/reach-of-image.js';
export { UNREPORTED_IMAGES, type UnreportedImage, type UnreportedImages } from './queries/show-image.js';
export { type KnownWithheld, withheldImages } from './queries/withheld-images.js';
export { imageReachView, timeOfShare } from './views/image-reach.js';
export * from './views/images.js';

export const imagesContext: Context = {
  name: 'images',
  events: [...imageEvents, ...withholdingEvents],
  streams: [withholdingStream],
  decisionsAgain: [withholdingAgain],
  views: [imagesView, imageReachView, withheldImagesView],
  commands: [ShowImageHandler, RestoreImageHandler],
  routes: [
    {
      name: 'Images',
      description: 'What other systems reported about images, and whether they are withheld.',
      controllers: [ShowImageController, RestoreImageController],
    },
  ],
  services: [
    ImageOwners,
    ImagePrompts,
    {
      provide: IMAGE_CONTENT,
      inject: [SETTINGS, CLOCK],
      useFactory: (settings: Settings, clock: Clock) => openImageContent(settings, clock),
    },
    Pictures,
  ],
};

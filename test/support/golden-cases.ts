import { ImageOwners } from '../../libs/images/index.js';
import { GoldenOpening } from '../../libs/review/processes/golden-opening.js';
import { FlagsAhead } from '../../libs/review/queries/flags-ahead.js';
import { ImagesInUse } from '../../libs/review/queries/images-in-use.js';
import type { TestGatehouse } from './gatehouse.js';
import { startImageService } from './image-service.js';
import { noise } from './sample-pictures.js';

/** An image of which the image service of `servePictures` knows nothing. */
export const NOT_SERVED = 'not-served';

/** An image service that serves a picture for every other image, and the settings that name it. */
export async function servePictures() {
  const png = await noise('png');
  const pictures = await startImageService((request, response) => {
    if (request.url === `/${NOT_SERVED}`) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'image/png' }).end(png);
  });
  const env = { GATEHOUSE_IMAGE_URL: `${pictures.url}/{imageId}`, GATEHOUSE_IMAGE_TOKEN: 'a-token' };
  return { ...pictures, env };
}

export function imagesInUse({ runtime: { transactor, pool, log, settings } }: TestGatehouse): ImagesInUse {
  const flags = new FlagsAhead(pool, log, settings);
  return new ImagesInUse(transactor, flags, new ImageOwners(pool, log, settings));
}

/**
 * Opens the cases of the golden cases that are due, and closes those of retired ones.
 * @param images which images are in use; as they are, unless given
 */
export async function openDueGolden(
  gatehouse: TestGatehouse,
  now: number,
  images: Pick<ImagesInUse, 'isInUse'> = imagesInUse(gatehouse),
): Promise<void> {
  await gatehouse.settle();
  const { transactor, pool, settings, logger, personKeys } = gatehouse.runtime;
  const ports = { transactor, pool, settings, logger, personKeys, clock: { now: () => now } };
  await new GoldenOpening(ports, images).tick();
  await gatehouse.settle();
}

import { GoldenOpening } from '../../libs/review/processes/golden-opening.js';
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

/** Opens the cases of the golden cases that are due, and closes those of retired ones. */
export async function openDueGolden({ settle, runtime }: TestGatehouse, now: number): Promise<void> {
  await settle();
  const { transactor, pool, settings, logger, personKeys } = runtime;
  await new GoldenOpening({ transactor, pool, settings, logger, personKeys, clock: { now: () => now } }).tick();
  await settle();
}

import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type PersonalText, readPersonal } from '../../event-store/read-personal.js';
import { isOf } from '../../events/event-definition.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ImageGenerated } from '../events.js';
import { ImageOwners } from './image-owner.js';

/** Decrypts prompts. Who asks for one records who reads it. */
@Injectable()
export class ImagePrompts {
  constructor(
    @Inject(ImageOwners) private readonly images: ImageOwners,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
  ) {}

  /**
   * The prompt of an image, by every event stored so far.
   * @throws NotCaughtUp if the images view is too far behind
   */
  async find(imageId: string): Promise<PersonalText> {
    const { image } = await this.images.row(imageId);
    if (!image) return { text: null, isErased: false };
    const { events } = await this.store.readAll(image.event_position, { including: true, limit: 1 });
    const [event] = events;
    if (!event || !isOf(ImageGenerated, event) || event.data.imageId !== imageId)
      throw new Error(`the images view names position ${image.event_position} for ${imageId}, where another event is`);
    return readPersonal(this.keys, event, ImageGenerated, 'prompt');
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type PersonalText, readPersonal } from '../../event-store/read-personal.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ImageGenerated } from '../events.js';
import type { ImageRow } from '../views/images.js';
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
    return readPersonal(this.keys, await this.generationOf(image), ImageGenerated, 'prompt');
  }

  /** Whether its system reported a prompt, which may have been erased since. @param image from ImageOwners */
  async exists(image: ImageRow): Promise<boolean> {
    return (await this.generationOf(image)).data.prompt !== undefined;
  }

  private async generationOf({ image_id, event_position }: ImageRow): Promise<RecordedOf<typeof ImageGenerated>> {
    const { events } = await this.store.readAll(event_position, { including: true, limit: 1 });
    const [event] = events;
    if (event && isOf(ImageGenerated, event) && event.data.imageId === image_id) return event;
    throw new Error(`the images view names position ${event_position} for ${image_id}, where another event is`);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Settings } from '../../platform/configuration/settings.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { SETTINGS } from '../../platform/ports.js';
import { ContentError, IMAGE_CONTENT, type ImageContent } from './image-content.js';
import { type ImageLevel, type Picture, renderLevel, renderPreview } from './rendering.js';
import { Slots } from './slots.js';

/** Pictures that are fetched and rendered at a time, which bounds the memory for them. */
const AT_A_TIME = 4;
/** More than the reviewers who open their next case at one moment. */
const WAITING = 100;
/** Decoding occupies threads that the file system and name look-ups need too. */
const DECODED_AT_A_TIME = 2;
/** About 10 MB of previews. */
const CACHED_PREVIEWS = 1_000;
const CACHED_MS = 300_000;
const MS_IN_S = 1_000;

/** Fetches images and renders what a reviewer may see of them. */
@Injectable()
export class Pictures {
  private readonly previews = new LRUCache<string, Picture>({ max: CACHED_PREVIEWS, ttl: CACHED_MS });
  /** Several requests for one preview share one rendering. */
  private readonly rendering = new Map<string, Promise<Picture>>();
  private readonly slots = new Slots(AT_A_TIME, WAITING, busy);
  private readonly decoding = new Slots(DECODED_AT_A_TIME, WAITING, busy);
  private readonly measured;

  constructor(
    @Inject(IMAGE_CONTENT) private readonly content: ImageContent,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'imageMaxMegapixels'>,
    @Inject(Metrics) metrics: Metrics,
  ) {
    this.measured = metrics.histogram(
      'image_content_duration_seconds',
      'Duration until an image for a reviewer is fetched and rendered, by outcome: `shown` or the code of the problem',
      ['outcome'],
    );
  }

  /** @throws ContentError */
  preview(imageId: string): Promise<Picture> {
    const cached = this.previews.get(imageId);
    if (cached) return Promise.resolve(cached);
    let rendering = this.rendering.get(imageId);
    if (!rendering) {
      rendering = this.make(imageId, renderPreview)
        .then((preview) => {
          this.previews.set(imageId, preview);
          return preview;
        })
        .finally(() => this.rendering.delete(imageId));
      this.rendering.set(imageId, rendering);
    }
    return rendering;
  }

  /** Never cached: each view is recorded, and full pictures would fill the memory. @throws ContentError */
  at(imageId: string, level: ImageLevel): Promise<Picture> {
    return this.make(imageId, (bytes, id, maxMegapixels) => renderLevel(bytes, id, level, maxMegapixels));
  }

  private async make(imageId: string, render: typeof renderPreview): Promise<Picture> {
    const from = performance.now();
    let outcome = 'failed';
    try {
      const picture = await this.slots.run(async () => {
        const bytes = await this.content.read(imageId);
        return this.decoding.run(() => render(bytes, imageId, this.settings.imageMaxMegapixels));
      });
      outcome = 'shown';
      return picture;
    } catch (error) {
      if (error instanceof ContentError) outcome = error.problem;
      throw error;
    } finally {
      this.measured.observe({ outcome }, (performance.now() - from) / MS_IN_S);
    }
  }
}

function busy(): never {
  throw new ContentError('image-service-busy', `${WAITING} requests for images wait already: try again in a moment`);
}

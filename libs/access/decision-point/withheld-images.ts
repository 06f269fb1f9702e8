import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { ImageRestored, isWithheld, withholdingStream } from '../../images/index.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { ModelProblemFound, ReviewConfirmed } from '../../review/index.js';
import { idIn } from './entity-of.js';
import { RecentlyUsed } from './recently-used.js';

/** About 100 bytes each, so at most 100 MB. Withheld images are few: 0.015 % of all, by the published figures. */
export const MAX_WITHHELD = 500_000;

/**
 * Which images are withheld. All of them are in memory, so that an image which is not needs no look-up; with more than
 * that, or before their view is built, the stream of each image is read once it is asked for.
 */
export class WithheldImages {
  /** Of a generation none is dropped before the next is full. */
  private readonly known: RecentlyUsed<boolean>;
  private isComplete = false;
  private readonly loading = new Map<string, { result: Promise<boolean>; changed?: boolean }>();

  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly limit = MAX_WITHHELD,
  ) {
    this.known = new RecentlyUsed(2 * limit);
  }

  /** Adds all images that were withheld at a position, from which the log is then applied. */
  addAll(imageIds: readonly string[]): void {
    this.isComplete = true;
    for (const imageId of imageIds) this.set(imageId, true);
  }

  /** Undefined if the image has to be looked up. */
  includes(imageId: string): boolean | undefined {
    return this.known.get(imageId) ?? (this.isComplete ? false : undefined);
  }

  /** @throws StoreUnavailable if the image is not in memory and the log does not answer */
  find(imageId: string): boolean | Promise<boolean> {
    return this.includes(imageId) ?? this.loading.get(imageId)?.result ?? this.load(imageId);
  }

  /**
   * Applies an event of an image's stream, of which one that can't be used may have withheld it, or a decision whose
   * ImageWithheld follows: a confirmed violation, or a model's problem whose reviewers want the image withheld.
   */
  apply(event: RecordedEvent): void {
    const imageId = idIn(withholdingStream.category, event);
    if (imageId !== undefined) this.set(imageId, event.fault !== undefined || event.type !== ImageRestored.type);
    else if (isOf(ReviewConfirmed, event)) this.set(event.data.imageId, true);
    else if (isOf(ModelProblemFound, event) && event.data.withhold) this.set(event.data.imageId, true);
  }

  private set(imageId: string, withheld: boolean): void {
    this.known.set(imageId, withheld);
    if (this.known.size > this.limit) this.isComplete = false;
    const loading = this.loading.get(imageId);
    if (loading) loading.changed = withheld;
  }

  private load(imageId: string): Promise<boolean> {
    const result = this.store
      .readStream(`${withholdingStream.category}-${imageId}`)
      .then((history) => {
        const withheld = this.loading.get(imageId)?.changed ?? isWithheld(foldRecorded(withholdingStream, history));
        this.known.set(imageId, withheld);
        return withheld;
      })
      .finally(() => this.loading.delete(imageId));
    this.loading.set(imageId, { result });
    return result;
  }
}

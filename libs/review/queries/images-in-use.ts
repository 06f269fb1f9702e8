import { Inject, Injectable } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import { ImageOwners } from '../../images/index.js';
import { caseStream } from '../case.js';
import { FlagsAhead } from './flags-ahead.js';

/** Finds out whether an image is more than one that only a golden case has. */
@Injectable()
export class ImagesInUse {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(FlagsAhead) private readonly flags: FlagsAhead,
    @Inject(ImageOwners) private readonly images: ImageOwners,
  ) {}

  /**
   * Whether an image was reported, or flagged before a golden case of it was opened, by every event stored so far. If an event
   * of it can't be used, it counts.
   * @throws NotCaughtUp
   */
  async isInUse(imageId: string): Promise<boolean> {
    // Before the case: then every flag stored so far is in one of the two.
    const { flags, isParked } = await this.flags.of(imageId);
    const { state } = await this.transactor.load(caseStream, imageId);
    if (state.origin === 'golden') return false;
    if (flags.length > 0 || isParked || state.round > 0) return true;
    const found = await this.images.row(imageId);
    return found.image !== undefined || found.isParked;
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { AccountRecord } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { type PersonalText, readPersonal } from '../../event-store/read-personal.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import type { UnreportedImage, UnreportedImages } from '../../images/index.js';
import { toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { goldenStream } from '../golden-case.js';
import { GoldenCaseAdded } from '../golden-events.js';
import type { AccountCases } from './account-cases.js';
import { seesGolden } from './reviewing-roles.js';

/** What the review of a golden case shows in the place of what is stored of images and accounts. */
export interface GoldenImage {
  /** Null where images are not reported. */
  image: GoldenFacts | null;
  hasPrompt: boolean | null;
  account: AccountRecord & { accountId: string };
}

interface GoldenFacts {
  generatedAt: string;
  photorealistic: boolean | null;
  faces: boolean | null;
  promptCategory: string | null;
}

/** Of an account without a history. */
export const NO_CASES: AccountCases = {
  ...{ open: 0, confirmed: 0, dismissed: 0, modelProblem: 0, overturned: 0 },
  latest: [],
  similar: [],
};

/** The images of golden cases, which no other system has reported, as if one had. */
@Injectable()
export class GoldenImages implements UnreportedImages {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
  ) {}

  /** @returns undefined unless its case was opened */
  async of(imageId: string): Promise<GoldenImage | undefined> {
    const { state } = await this.transactor.load(goldenStream, imageId);
    const { added, presented } = state;
    if (!added || !presented) return undefined;
    const { generatedAt } = presented;
    const { accountId, accountStatus: status, photorealistic, faces, promptCategory, prompt } = added;
    return {
      image:
        generatedAt === undefined
          ? null
          : {
              generatedAt: toIso(generatedAt),
              photorealistic: photorealistic ?? null,
              faces: faces ?? null,
              promptCategory: promptCategory ?? null,
            },
      hasPrompt: generatedAt === undefined ? null : prompt !== undefined,
      account: { accountId, status, deactivated: false, suspendedUntil: null, restrictions: [] },
    };
  }

  /** As GET /v1/images/{id} shows it. */
  async find(imageId: string, reader: Actor): Promise<UnreportedImage | undefined> {
    if (!seesGolden(reader)) return undefined;
    const golden = await this.of(imageId);
    if (!golden?.image) return undefined;
    const { state, changedAt } = await this.transactor.load(caseStream, imageId);
    // A flag may have opened a case for the image instead.
    if (state.origin !== 'golden') return undefined;
    const { accountId } = golden.account;
    const withheldBecause = state.status === 'confirmed' ? ('violation' as const) : ('model-problem' as const);
    const withheld = state.isShownWithheld === true;
    return {
      imageId,
      accountId,
      ...golden.image,
      withheld,
      withheldBecause: withheld ? withheldBecause : null,
      changedAt: withheld ? changedAt : 0,
    };
  }

  async prompt(imageId: string): Promise<PersonalText> {
    const [added] = await this.store.readStream(`${goldenStream.category}-${imageId}`);
    if (!added || !isOf(GoldenCaseAdded, added)) return { text: null, isErased: false };
    return readPersonal(this.keys, added, GoldenCaseAdded, 'prompt');
  }
}

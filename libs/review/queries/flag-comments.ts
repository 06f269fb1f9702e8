import { Inject, Injectable } from '@nestjs/common';
import { eventsAt } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import { readPersonal } from '../../event-store/read-personal.js';
import { isOf } from '../../events/event-definition.js';
import { ContentFlagged } from '../../images/index.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { CaseJoined, CaseOpened } from '../events.js';

export interface FlagComment {
  flagId: string;
  flaggedBy: string;
  comment: string;
}

export interface FlagComments {
  comments: FlagComment[];
  /** The number of flags whose comments can't be read: erased, or forgotten by the index of facts. */
  unavailable: number;
}

/** Decrypts what people wrote when they flagged. Who asks for it records who reads it. */
@Injectable()
export class FlagCommentsReader {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
  ) {}

  /** Of the flags of a case's current round, in their order. */
  async ofCase(caseId: string): Promise<FlagComments> {
    const history = await this.store.readStream(`${caseStream.category}-${caseId}`);
    const round = history.slice(
      Math.max(
        0,
        history.findLastIndex((event) => isOf(CaseOpened, event)),
      ),
    );
    const ids = round.flatMap((event) =>
      isOf(CaseOpened, event) || isOf(CaseJoined, event) ? (event.data.flagId ?? []) : [],
    );
    const flags = await eventsAt(this.store, await this.store.placesOf(ids));
    const comments: FlagComment[] = [];
    let unavailable = 0;
    for (const flagId of ids) {
      const flag = flags.get(flagId);
      if (!flag || !isOf(ContentFlagged, flag)) unavailable++;
      else {
        const { text, isErased } = await readPersonal(this.keys, flag, ContentFlagged, 'comment');
        if (text !== null) comments.push({ flagId, flaggedBy: flag.data.flaggedBy, comment: text });
        else if (isErased) unavailable++;
      }
    }
    return { comments, unavailable };
  }
}

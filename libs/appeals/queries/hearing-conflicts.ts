import { Inject, Injectable } from '@nestjs/common';
import pMap from 'p-map';
import { accountStream } from '../../account/index.js';
import { enforcementStream } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { ImageOwners } from '../../images/index.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import {
  caseStream,
  conflictOf,
  namesSevereClause,
  notedFlaggerId,
  notedFlaggerStream,
  reviewerStream,
  SevereViewing,
} from '../../review/index.js';
import { type Appeal, appealStream } from '../appeal.js';
import type { AppealConflict } from '../conflict.js';
import { imposersOf, peopleBehind, peopleOfCase } from './people-involved.js';

/** Appeals that are looked at in one go. */
export const AT_ONCE = 8;

/** Who had a hand in what an appeal is about. */
export interface Involved {
  appeal: Pick<Appeal, 'deciders' | 'filers'>;
  accountId: string;
  /** Who imposed the measure by hand. */
  imposedBy: ReadonlySet<string>;
  /** Absent for a decision by hand. */
  ofCase?: { state: (typeof caseStream)['initial']; people: ReadonlySet<string> };
}

type Facts = Parameters<typeof conflictOf>[2];

/** People, and what their conflicts of interest depend on for every appeal. */
export type Asking = { people: readonly string[] } & Required<Pick<Facts, 'severities' | 'severeViewers' | 'links'>>;

/** Why a person may not hear an appeal; undefined if they may. */
export function conflictWith(
  involved: Involved,
  person: string,
  facts: Pick<Facts, 'owner' | 'links' | 'notedRounds' | 'severities' | 'severeViewers'>,
): AppealConflict | undefined {
  const { appeal, accountId, ofCase } = involved;
  if (appeal.deciders.includes(person) || appeal.filers.includes(person)) return 'took-part';
  if (accountId === person) return 'own-account';
  if (facts.links?.get(person)?.has(accountId)) return 'linked-account';
  if (involved.imposedBy.has(person)) return 'took-part';
  if (!ofCase) return undefined;
  const found = conflictOf(ofCase.state, person, facts);
  if (found === 'own-decision') return 'took-part';
  if (found) return found === 'own-image' ? 'own-account' : found;
  if (ofCase.people.has(person)) return 'took-part';
  return facts.severeViewers?.has(person) === false && isSevere(ofCase.state, facts) ? 'severe-content' : undefined;
}

/** By everything that the flags and the verdicts name, as who hears an appeal knows them all. */
const isSevere = ({ categories, verdicts }: NonNullable<Involved['ofCase']>['state'], { severities }: Facts): boolean =>
  namesSevereClause([...categories, ...verdicts.flatMap(({ clause }) => clause ?? [])], severities);

/**
 * Reads who may hear which appeals, for lists. A flag that is stored but not processed yet is not in it: who claims an appeal
 * is refused for that as well.
 */
@Injectable()
export class HearingConflicts {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ImageOwners) private readonly images: ImageOwners,
    @Inject(SevereViewing) private readonly viewing: SevereViewing,
  ) {}

  /** Reads once what the conflicts of these people depend on for every appeal. */
  async asking(people: readonly string[]): Promise<Asking> {
    const [severities, severeViewers, profiles] = await Promise.all([
      this.viewing.severities(),
      this.viewing.viewers(),
      Promise.all(people.map((one) => this.transactor.load(reviewerStream, one))),
    ]);
    const links = new Map(people.map((one, n) => [one, profiles[n]!.state.accounts]));
    return { people, severities, severeViewers, links };
  }

  /** @returns in the order of the appeals, and of the people: why they may not hear the appeal */
  async of(appealIds: readonly string[], asking: Asking): Promise<(AppealConflict | undefined)[][]> {
    return pMap(appealIds, (id) => this.ofOne(id, asking), { concurrency: AT_ONCE });
  }

  private async ofOne(appealId: string, { people, ...known }: Asking): Promise<(AppealConflict | undefined)[]> {
    const [{ state: appeal }, { state: enforcement }] = await Promise.all([
      this.transactor.load(appealStream, appealId),
      this.transactor.load(enforcementStream, appealId),
    ]);
    const { accountId } = appeal;
    const caseId = enforcement.order?.caseId;
    const [account, ofCase, owner, noted] = await Promise.all([
      this.store.readStream(`${accountStream.category}-${accountId}`),
      caseId === undefined ? undefined : this.store.readStream(`${caseStream.category}-${caseId}`),
      caseId === undefined ? undefined : this.images.findAtOnce(caseId),
      Promise.all(
        people.map((one) =>
          caseId === undefined ? undefined : this.transactor.load(notedFlaggerStream, notedFlaggerId(caseId, one)),
        ),
      ),
    ]);
    const involved: Involved = {
      ...{ appeal, accountId, imposedBy: imposersOf(foldRecorded(peopleBehind, account), appealId) },
      ...(ofCase && {
        ofCase: { state: foldRecorded(caseStream, ofCase), people: foldRecorded(peopleOfCase, ofCase).people },
      }),
    };
    const facts = {
      ...known,
      ...(owner !== undefined && { owner }),
      notedRounds: new Map(people.map((one, n) => [one, noted[n]?.state.round ?? 0])),
    };
    return people.map((one) => conflictWith(involved, one, facts));
  }
}

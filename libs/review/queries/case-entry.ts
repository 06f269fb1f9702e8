import { Inject, Injectable } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { closed, count, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { isBlind } from '../blind-review.js';
import { isOurs } from '../case.js';
import { isOpen } from '../case-rows.js';
import { DUE_AGAIN_MS } from '../claim-decisions.js';
import { agePoints } from '../place-in-queue.js';
import type { CaseRow } from '../views/cases.js';
import {
  type CaseStatus,
  caseFields,
  originField,
  originFor,
  VISIBLE,
  verdictFields,
  type Waiting,
} from './case-fields.js';
import { seesOrigin } from './reviewing-roles.js';
import { ShownFlags } from './shown-flags.js';

export const CaseEntry = closed({
  ...caseFields,
  ...originField,
  flags: list(
    closed({
      flagId: text('The id of the flag’s event; for reviewers, one that stands for it.'),
      flaggedBy: text(
        'The account or the detector that flagged; for reviewers, a name that stands for it in this case.',
      ),
      categories: list(Type.String(), 'The categories that the flag names.'),
    }),
    'The flags of the round that opened or joined the case.',
  ),
  flagsReceived: count(
    'The number of flags, with repeated ones, which change nothing. Of those that came before the case was first opened, only those that joined it count.',
  ),
  verdicts: list(closed({ ...verdictFields, at: instant('When the verdict was given.') }), VISIBLE),
  openedAt: instant('When it was opened.'),
  dueAgainFor: orNull(
    text('The reviewer whose hold has ended within the last hour: queues give the case to them, and not to others.'),
  ),
  claimedBy: orNull(text('The reviewer who claimed it.')),
  claimedUntil: orNull(instant('When the lease ends.')),
  decidedAt: orNull(instant('When it was decided.')),
  position: position('The position of the case’s last event or of the last flag.'),
});
export type CaseEntry = Static<typeof CaseEntry>;

export const caseEntryExample = {
  caseId: 'img-1',
  imageId: 'img-1',
  accountId: 'acc-1',
  status: 'open',
  round: 1,
  panelSize: 1,
  isEscalated: false,
  reservedFor: null,
  reservedUntil: null,
  queue: 'default',
  priority: 63,
  dueAt: '2022-05-19T18:52:48.000Z',
  flags: [{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: ['violent'] }],
  flagsReceived: 1,
  categories: ['violent'],
  verdictsGiven: 0,
  verdicts: [],
  openedAt: '2022-05-19T10:00:00.000Z',
  dueAgainFor: null,
  claimedBy: null,
  claimedUntil: null,
  decidedAt: null,
  position: '1044',
};

/** Shows a case to its reader, as the view has it or as its own events have come to it. */
@Injectable()
export class CaseEntries {
  constructor(@Inject(ShownFlags) private readonly shown: ShownFlags) {}

  /** @param owner the account of the image's own record, which takes precedence over what flags reported */
  of(row: CaseRow, owner: string | undefined, reader: Actor, waiting: Waiting): CaseEntry {
    const { patienceHours, now } = waiting;
    const status = statusNow(row, now);
    const isClaimed = status === 'claimed';
    const isWaiting = isOpen(status);
    const isHidden = isWaiting && isBlind(row.verdicts, isClaimed ? row.claimed_by! : undefined, reader, now);
    const verdicts = isHidden ? row.verdicts.filter((one) => isOurs(one, reader.id)) : row.verdicts;
    const isReserved = row.reserved_until !== null && now < row.reserved_until;
    return {
      caseId: row.case_id,
      imageId: row.image_id,
      accountId: owner ?? row.account_id,
      status,
      round: row.round,
      panelSize: row.panel_size,
      isEscalated: row.is_escalated,
      reservedFor: isReserved ? row.reserved_for : null,
      reservedUntil: isReserved ? timeOf(row.reserved_until) : null,
      queue: row.queue,
      priority: row.priority + (isWaiting ? agePoints(row.opened_at, row.priority, patienceHours, now) : 0),
      dueAt: toIso(row.due_at),
      categories: row.categories,
      verdictsGiven: verdicts.length,
      ...originFor(row.origin, reader),
      flags: this.shown.of(row.case_id, row.flags, reader),
      flagsReceived: row.flags_received - (row.is_unflagged && seesOrigin(reader) ? 1 : 0),
      verdicts,
      openedAt: toIso(row.opened_at),
      dueAgainFor: isClaimed ? null : dueAgainFor(row, now),
      claimedBy: isClaimed ? row.claimed_by : null,
      claimedUntil: isClaimed ? timeOf(row.claimed_until) : null,
      decidedAt: timeOf(row.decided_at),
      position: String(row.position),
    };
  }
}

const timeOf = (at: number | null): string | null => (at === null ? null : toIso(at));

/** No event marks the end of a lease. */
const statusNow = ({ status, claimed_until }: CaseRow, now: number): CaseStatus =>
  status === 'claimed' && claimed_until! <= now ? 'open' : status;

function dueAgainFor({ is_held, reserved_for, reserved_until }: CaseRow, now: number): string | null {
  const isDue = is_held && reserved_until !== null && reserved_until <= now && now < reserved_until + DUE_AGAIN_MS;
  return isDue ? reserved_for : null;
}

/** A row of the view as the driver returns it. */
export const rowOf = (read: Record<keyof CaseRow, unknown>): CaseRow =>
  Object.fromEntries(
    Object.entries(read).map(([name, value]) => [
      name,
      value instanceof Date ? value.getTime() : name === 'position' ? Number(value) : value,
    ]),
  ) as CaseRow;

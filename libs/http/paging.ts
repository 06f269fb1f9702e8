import { Query } from '@nestjs/cqrs';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { toIso } from '../kernel/clock.js';
import { type EarlierMoment, earlierMoment } from '../kernel/earlier-moment.js';
import { InvalidInput } from '../kernel/errors.js';
import { hashOf, isUuid } from '../kernel/ids.js';
import { isEntityId } from '../kernel/text-forms.js';
import { IfGiven, IsCursor, Means } from './field-rules.js';

/** The latest time that both Date and PostgreSQL support, in epoch milliseconds; positions are below it too. */
const GREATEST = 8_640_000_000_000_000;

/** `limit` and `cursor` of every list; its route names its views by FromViews; a list that the query bus answers extends it. */
export class PageQuery<Answer = unknown> extends Query<Answer> {
  @Means('Maximum number of items; 100 by default.')
  @IfGiven()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 100;

  @IfGiven()
  @IsCursor('The `nextCursor` of the previous page.')
  cursor?: string;
}

export interface Page<Item> {
  items: Item[];
  /** Absent on the last page. */
  nextCursor?: string;
  /** Of the views that it comes from; ViewPositions adds it. */
  position?: string;
}

export type CursorPart = 'number' | 'id' | 'uuid';

/** What a list was asked for beside `limit` and `cursor`: which items, and in which order. */
type Asked = Readonly<Record<string, string | number | boolean | undefined>>;

/** What a cursor says of its list: the name, and of each part of what was asked for a digest, since values may be long. */
type Tag = Readonly<Record<string, string>>;

const DIGEST_LENGTH = 8;

/** A list as it was asked for. Its cursors fit no other list, and not this one with another filter or order. */
export class Listing {
  private readonly asked: Tag;

  /**
   * @param name in the plural, as messages have it
   * @param asked by the names that callers know
   */
  constructor(
    private readonly name: string,
    asked: Asked = {},
  ) {
    const given = Object.entries(asked).filter(([, value]) => value !== undefined);
    const digests = given.map(([part, value]) => [part, hashOf(String(value)).slice(0, DIGEST_LENGTH)]);
    this.asked = Object.fromEntries([['list', name], ...digests]);
  }

  /** As of another moment it is another list, also at the same position: what ends by the clock differs. */
  private get tag(): Tag {
    const moment = earlierMoment();
    return moment ? { ...this.asked, asOf: momentText(moment) } : this.asked;
  }

  /**
   * Parses a cursor: the sort key of the last item before the page.
   * @throws InvalidInput if it is not a nextCursor of this list as it was asked for
   */
  after(cursor: string | undefined, form: readonly CursorPart[]): (string | number)[] | undefined {
    if (cursor === undefined) return undefined;
    const parts = parsed(cursor);
    if (!Array.isArray(parts)) throw unusable('must be the nextCursor of an earlier answer');
    const tag = parts.pop();
    if (!isTag(tag)) throw unusable('must be the nextCursor of an earlier answer');
    this.refuseOther(tag);
    const fits = parts.length === form.length && form.every((kind, i) => isPart(kind, parts[i]));
    if (!fits) throw unusable('must be the nextCursor of an earlier answer');
    return parts;
  }

  /**
   * A page from rows that were queried with one more than the limit.
   * @param keyOf the sort key of an item
   */
  page<Row, Item>(
    rows: readonly Row[],
    limit: number,
    toItem: (row: Row) => Item,
    keyOf: (row: Row) => readonly (string | number)[],
  ): Page<Item> {
    const items = rows.slice(0, limit).map(toItem);
    if (rows.length <= limit) return { items };
    return { items, nextCursor: this.cursorAfter(keyOf(rows[limit - 1]!)) };
  }

  /** The cursor of the page after the item with this sort key. */
  cursorAfter(key: readonly (string | number)[]): string {
    return Buffer.from(JSON.stringify([...key, this.tag])).toString('base64url');
  }

  private refuseOther(tag: Tag): void {
    if (tag.list !== this.name)
      throw unusable(`is of a list of ${tag.list}, and this is one of ${this.name}: leave it out for the first page`);
    const parts = new Set([...Object.keys(tag), ...Object.keys(this.tag)]);
    const others = [...parts].filter((part) => tag[part] !== this.tag[part]).sort();
    if (others.length === 0) return;
    const moments = others.includes('asOf') ? whichMoments(tag.asOf, this.tag.asOf) : '';
    throw unusable(
      `is of a list with another ${others.join(', ')}: ${moments}leave it out for the first page of this one`,
    );
  }
}

/** Unlike a digest, it can be read again. */
const momentText = ({ position, asked }: EarlierMoment): string =>
  asked === undefined ? `p${position}` : `p${position}@${asked}`;

/** @param of the moment that a cursor names, which anybody may have written; undefined for the present */
function whichMoments(of: string | undefined, asked: string | undefined): string {
  const [theirs, ours] = [shownMoment(of), shownMoment(asked)];
  return theirs === undefined || ours === undefined ? '' : `it is of a list ${theirs}, and this is one ${ours}; `;
}

function shownMoment(moment: string | undefined): string | undefined {
  if (moment === undefined) return 'of the present';
  const [, position, time] = /^p(\d{1,16})(?:@(-?\d{1,15}))?$/.exec(moment) ?? [];
  if (position === undefined) return undefined;
  return `as of position ${position}${time === undefined ? '' : ` at ${toIso(Number(time))}`}`;
}

const unusable = (message: string) => new InvalidInput([{ field: 'cursor', message }]);

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** Messages repeat the name of the list and those of the parts. */
const isTag = (tag: unknown): tag is Tag =>
  typeof tag === 'object' &&
  tag !== null &&
  'list' in tag &&
  isPart('id', tag.list) &&
  Object.entries(tag).every(([part, value]) => isEntityId(part) && typeof value === 'string');

function isPart(kind: CursorPart, part: unknown): boolean {
  if (kind === 'uuid') return typeof part === 'string' && isUuid(part);
  if (kind === 'id') return typeof part === 'string' && isEntityId(part);
  return Number.isSafeInteger(part) && Math.abs(part as number) <= GREATEST && (part as number) >= 0;
}

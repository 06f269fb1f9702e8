import type { IncomingHttpHeaders } from 'node:http';
import {
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type PipeTransform,
  SetMetadata,
} from '@nestjs/common';
import { LogEpoch } from '../event-store/log-epoch.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { InvalidInput } from '../kernel/errors.js';
import { HttpError } from './http-error.js';

/** RFC 9110, section 8.8.3. */
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

const EDITS = 'gatehouse:edits';

/**
 * Declares that a route edits what another route shows: it has the request header `If-Match`, and answers 412 to a change
 * whose sender did not know the last one. Its command is an EditCommand.
 * @param shownAt the path of the GET route whose answer has the `etag`
 */
export const Edits = (shownAt: string) => SetMetadata(EDITS, shownAt);

/** What `Edits` declares of a handler. */
export const editsOf = (handler: object): string | undefined => Reflect.getMetadata(EDITS, handler);

/**
 * The entity tag of something whose last event has this position, 0 for none. It names the epoch, since a restored log may
 * have another event there.
 */
export const entityTagOf = (position: Position, epoch: string): string => `"${epoch}-${position}"`;

/** The sender of a change did not know the last one. */
export class ChangedMeanwhile extends HttpError {
  /**
   * @param what has changed
   * @param etag of what it is now
   * @param position of the event that changed it last; 0 for none
   * @param by that event, if the sender may know of it
   */
  constructor(
    private readonly what: string,
    private readonly etag: string,
    readonly position: Position,
    by?: Pick<RecordedEvent, 'type' | 'metadata'>,
  ) {
    const { kind, id, role } = by?.metadata.actor ?? {};
    const change = by && `: ${role ?? kind} ${id} changed it at ${by.metadata.time} (${by.type})`;
    super(
      412,
      'changed-meanwhile',
      `${what} has changed since you read it${change ?? ''}; its etag is ${etag} now: read it again, then decide again`,
      {
        etag,
        ...(by && {
          changedBy: { kind, id, ...(role !== undefined && { role }) },
          ...{ changedAt: by.metadata.time, change: by.type },
        }),
      },
    );
  }

  /** The same, with who changed it. */
  naming(by: Pick<RecordedEvent, 'type' | 'metadata'>): ChangedMeanwhile {
    return new ChangedMeanwhile(this.what, this.etag, this.position, by);
  }
}

/** The condition of a request that changes something. */
export class IfMatch {
  /** Undefined if any version will do. */
  private readonly tags: readonly string[] | undefined;

  /**
   * @param header as the client sent it
   * @param epoch the log's current one
   * @throws InvalidInput
   */
  constructor(
    header: string | undefined,
    private readonly epoch: string,
  ) {
    if (header === undefined || header.trim() === '*') return;
    this.tags = header.split(',').map((tag) => tag.trim());
    if (this.tags.every((tag) => ENTITY_TAG.test(tag))) return;
    const message = 'must be * or entity tags in quotes, as an answer gives them in its field etag';
    throw new InvalidInput([{ field: 'If-Match', message }]);
  }

  /**
   * Lets a change through if its sender knew the newest version. A weak tag never matches.
   * @param events of the decision. None: all is as wanted already, so that a repeated request succeeds
   * @param position of the last event of what the request changes
   * @param before that of the event before, if the last one is the sender's own, as of the same request that was interrupted
   * @throws ChangedMeanwhile
   */
  allow<Event>(events: readonly Event[], position: Position, what: string, before = position): readonly Event[] {
    const current = entityTagOf(position, this.epoch);
    const isKnown = this.tags?.some((tag) => tag === current || tag === entityTagOf(before, this.epoch)) ?? true;
    if (events.length === 0 || isKnown) return events;
    throw new ChangedMeanwhile(what, current, position);
  }
}

@Injectable()
class IfMatchPipe implements PipeTransform<string | undefined, IfMatch> {
  constructor(@Inject(LogEpoch) private readonly epoch: LogEpoch) {}

  transform(header: string | undefined): IfMatch {
    return new IfMatch(header, this.epoch.current);
  }
}

const ifMatchHeader = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined =>
    context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>().headers['if-match'],
);

/** Parameter decorator: the IfMatch of the request. */
export const Condition = (): ParameterDecorator => ifMatchHeader(IfMatchPipe);

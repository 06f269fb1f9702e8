import type { OnApplicationShutdown } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { closed, count, flag, instant, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { type NoteKey, parseVerifier } from '../tlog/signed-note.js';
import { LOG_FAULTS } from './log-faults.js';
import { recordedVerification } from './recorded-verification.js';
import type { LogToVerify, Verification } from './verify-log.js';

export const LogVerification = closed({
  id: text('The verification.'),
  full: flag('Whether it began with the first event; otherwise where the last one ended.'),
  status: oneOf(['running', 'intact', 'altered', 'failed'], 'How far it is, or what it found.'),
  startedAt: instant('When it began.'),
  endedAt: Type.Optional(instant('When it ended.')),
  position: position('The position that it has reached.'),
  of: position('How far it goes.'),
  fromLeaf: Type.Optional(count('The number of the first leaf that was compared with its event.')),
  toLeaf: Type.Optional(count('All leaves before this number are those of the stored events.')),
  checkpoints: Type.Optional(count('Checkpoints whose root and signature were compared.')),
  otherCheckpoints: Type.Optional(
    count('Checkpoints of earlier names of the log that are not of this log: it was restored or replaced since.'),
  ),
  withoutLeaf: Type.Optional(count('Events that have no leaf yet: the leaves are behind. That is no alteration.')),
  fault: Type.Optional(
    closed(
      {
        kind: oneOf(LOG_FAULTS, 'What was altered.'),
        position: Type.Optional(position('Of the first event that is concerned.')),
        detail: text('What differs.'),
      },
      'The first thing that was altered.',
    ),
  ),
  error: Type.Optional(text('Why it failed.')),
});
export type LogVerification = Static<typeof LogVerification>;

export const verificationExample: LogVerification = {
  id: '0196e0f0-0000-7000-8000-000000000001',
  full: true,
  status: 'running',
  startedAt: '2022-05-19T10:00:00.000Z',
  position: '0',
  of: '0',
};

const REMEMBERED = 50;

/** Verifications of the log. Each runs in this process and is remembered for a while. */
export class LogVerifications implements OnApplicationShutdown {
  private readonly found = new Map<string, LogVerification>();
  private readonly stop = new AbortController();
  /** One at a time, since each reads the whole log. */
  private running: Promise<void> = Promise.resolve();

  /** @param log as it is now: its name changes with the epoch */
  constructor(
    private readonly log: () => LogToVerify,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /**
   * @param keys of the log, as the caller trusts them
   * @throws InvalidInput for a key that is none
   */
  start(isFull: boolean, keys: readonly string[]): LogVerification {
    const trusted = keys.map((text) => {
      const key = parseVerifier(text);
      if (key) return key;
      throw new InvalidInput([
        { field: '/keys', message: 'has a key that is none: give them as `gatehouse audit keys` does' },
      ]);
    });
    const one: LogVerification = {
      id: this.ids.next(),
      full: isFull,
      status: 'running',
      startedAt: toIso(this.clock.now()),
      position: '0',
      of: '0',
    };
    this.found.set(one.id, one);
    for (const old of [...this.found.keys()].slice(0, -REMEMBERED)) this.found.delete(old);
    this.running = this.running.then(() => this.run(one, trusted));
    return one;
  }

  find(id: string): LogVerification | undefined {
    return this.found.get(id);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stop.abort(new Error('the process is stopping'));
    await this.running;
  }

  private async run(one: LogVerification, trusted: readonly NoteKey[]): Promise<void> {
    try {
      const result = await recordedVerification(this.log(), {
        isFull: one.full,
        ...(trusted.length > 0 && { trusted }),
        signal: this.stop.signal,
        onProgress(reached, end) {
          one.position = String(reached);
          one.of = String(end);
        },
      });
      Object.assign(one, shown(result));
    } catch (error) {
      one.error = (error as Error).message;
      one.status = 'failed';
    }
    one.endedAt = toIso(this.clock.now());
  }
}

const shown = ({ fault, from, to, ...counts }: Verification): Partial<LogVerification> => ({
  ...counts,
  fromLeaf: from,
  toLeaf: to,
  status: fault ? 'altered' : 'intact',
  ...(fault && { fault: { ...fault, position: fault.position === undefined ? undefined : String(fault.position) } }),
});

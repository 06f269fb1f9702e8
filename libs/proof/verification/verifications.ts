import type { OnApplicationShutdown } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { closed, count, flag, instant, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import type { Clock } from '../../kernel/clock.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { Jobs } from '../../kernel/jobs.js';
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

/** One at a time, since each reads the whole log. */
const LIMITS = { name: 'verifications of the log', atOnce: 1, most: 5 };

/** Verifications of the log. */
export class LogVerifications extends Jobs<LogVerification> implements OnApplicationShutdown {
  /** @param log as it is now: its name changes with the epoch */
  constructor(
    private readonly log: () => LogToVerify,
    clock: Clock,
    ids: Ids,
  ) {
    super(clock, ids, LIMITS);
  }

  /**
   * @param keys of the log, as the caller trusts them
   * @throws InvalidInput for a key that is none; Unavailable too-many-jobs
   */
  verify(isFull: boolean, keys: readonly string[]): Promise<LogVerification> {
    const trusted = keys.map(keyOf);
    const given = { isFull, ...(trusted.length > 0 && { trusted }) };
    return this.start({ full: isFull }, async (onProgress, signal) =>
      shown(await recordedVerification(this.log(), { ...given, signal, onProgress })),
    );
  }
}

function keyOf(text: string): NoteKey {
  const key = parseVerifier(text);
  if (key) return key;
  throw new InvalidInput([
    { field: '/keys', message: 'has a key that is none: give them as `gatehouse audit keys` does' },
  ]);
}

const shown = ({ fault, from, to, ...counts }: Verification) => ({
  ...counts,
  fromLeaf: from,
  toLeaf: to,
  status: fault ? ('altered' as const) : ('intact' as const),
  ...(fault && { fault: { ...fault, position: fault.position === undefined ? undefined : String(fault.position) } }),
});

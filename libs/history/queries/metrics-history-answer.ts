import { type Static, Type } from 'typebox';
import { actor, closed, flag, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { SafetyFigures } from '../../safety/index.js';

const anything = (description: string) => Type.Unsafe<unknown>({ description });

export const MetricsHistoryAnswer = closed({
  asOf: closed({
    position: position('The figures include nothing that was stored after this.'),
    time: orNull(instant('The time that was asked for.')),
    by: text('Whether that is compared with when events were stored (`recorded`) or happened (`event-time`).'),
  }),
  figures: SafetyFigures,
  figuresNow: SafetyFigures,
  changes: list(
    closed({
      path: text('JSON Pointer of a figure.'),
      before: Type.Optional(anything('What it was then; absent for none.')),
      after: Type.Optional(anything('What it is now; absent for none.')),
    }),
    'What has become of each figure since.',
  ),
  events: list(
    closed({
      position: position('Place in the log.'),
      id: Type.String({ format: 'uuid', description: 'Its identity.' }),
      type: text('Its type.'),
      stream: text('The stream that holds it.'),
      time: instant('When it happened.'),
      recordedAt: instant('When it was stored.'),
      actor: Type.Optional(actor),
      moved: list(
        closed({
          figure: text('A count, such as `exposed` or `cases_open`; shares follow from them.'),
          by: Type.Integer({ description: 'By how much it changed.' }),
        }),
        'The counts that it changed.',
      ),
      isLater: flag('Whether it is not part of the figures then: it happened, or was stored, later.'),
    }),
    'The events that moved a count, in the order of the log. A page may have fewer than the limit.',
  ),
  areMovesComplete: flag('False if an image or an account has too many events to say what each of them moved.'),
  lookedUpTo: position(
    'Every event up to here was looked at: a page ends early where its figures rest on very many events, and `nextCursor` goes on.',
  ),
  nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
  position: position('The events include all up to here.'),
});
export type MetricsHistoryAnswer = Static<typeof MetricsHistoryAnswer>;

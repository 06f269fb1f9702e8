import { type Static, Type } from 'typebox';
import { closed, flag, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { toIso } from '../../kernel/clock.js';
import { GOLDEN_VERDICTS } from '../golden-events.js';

export const GOLDEN_ID = 'The golden case; it has the id of its image, as its case has.';

export const GOLDEN_STATUSES = ['waiting', 'drawn', 'open', 'answered', 'retired'] as const;
export type GoldenStatus = (typeof GOLDEN_STATUSES)[number];

export const GoldenCaseAnswer = closed({
  goldenId: text(GOLDEN_ID),
  status: oneOf(
    GOLDEN_STATUSES,
    'Whether it waits to be drawn, is drawn and opened soon, is open for reviewers, is answered, or is retired.',
  ),
  verdict: oneOf(GOLDEN_VERDICTS, 'The right verdict.'),
  clause: orNull(text('The clause that the image violates.')),
  note: orNull(text('The note that came with it.')),
  addedAt: instant('When it was added.'),
  addedBy: text('Who added it.'),
  openedAt: orNull(instant('When its case was opened.')),
  answeredAt: orNull(instant('When its case was decided.')),
  answers: list(
    closed({
      reviewer: text('The reviewer.'),
      verdict: oneOf(GOLDEN_VERDICTS, 'Their verdict.'),
      clause: Type.Optional(text('The clause that they named.')),
      isRight: flag('Whether it is the right verdict, with the right clause.'),
    }),
    'The verdicts of its reviewers, without `unsure`.',
  ),
  position: position('The position of its last event.'),
});
export type GoldenCaseAnswer = Static<typeof GoldenCaseAnswer>;

export const goldenCaseExample: GoldenCaseAnswer = {
  goldenId: 'img-77',
  status: 'answered',
  verdict: 'unsafe',
  clause: 'violent',
  note: 'from the training set',
  addedAt: '2022-05-18T10:00:00.000Z',
  addedBy: 'lead-1',
  openedAt: '2022-05-19T10:20:00.000Z',
  answeredAt: '2022-05-19T11:00:00.000Z',
  answers: [{ reviewer: 'rev-1', verdict: 'safe', isRight: false }],
  position: '1045',
};

/** SQL: the status that the answers show. */
export const GOLDEN_STATUS = `CASE WHEN retired_at IS NOT NULL OR status = 'withdrawn' THEN 'retired'
  WHEN status = 'presented' THEN 'drawn' ELSE status END`;

const timeOf = (at: Date | null): string | null => at && toIso(at.getTime());

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
export const toGoldenCase = (row: any): GoldenCaseAnswer => ({
  goldenId: row.golden_id,
  status: row.status_now,
  verdict: row.verdict,
  clause: row.clause,
  note: row.note,
  addedAt: toIso(row.added_at.getTime()),
  addedBy: row.added_by,
  openedAt: timeOf(row.opened_at),
  answeredAt: timeOf(row.answered_at),
  answers: row.answers,
  position: String(row.position),
});

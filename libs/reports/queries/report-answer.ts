import { type Static, Type } from 'typebox';
import {
  actor,
  closed,
  count,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';

const FIGURE_NAMES = [
  'people',
  'rate',
  'generated',
  'exposed',
  'flagged-share',
  'confirmed-share',
  'violation-rate',
  'deactivated',
] as const;

const range = (description: string) =>
  orNull(
    closed(
      {
        low: Type.Number({ minimum: 0, maximum: 1, description: 'From.' }),
        high: Type.Number({ minimum: 0, maximum: 1, description: 'To.' }),
      },
      description,
    ),
  );

const ReportFigure = closed({
  name: oneOf(FIGURE_NAMES, 'Which figure.'),
  title: text('Its name for people.'),
  words: text('It in a sentence, round. Words such as over, fewer than and about are true of the exact figure.'),
  exact: list(text('A line.'), 'It exactly, with what it is of and its intervals.'),
  change: orNull(text('How it differs from the report before; null without one, or if there was nothing to compare.')),
  definition: text('What exactly it counts.'),
  count: orNull(count('The count; null for a share, and for a rate that was not set.')),
  share: orNull(
    closed(
      {
        hits: count('How many.'),
        of: count('Of how many.'),
        interval: range('The 95% interval by Wilson’s score; null of nothing.'),
        bounds: range(
          'Where it is however the waiting cases are decided: from none of them confirmed to each; null if they don’t change it, or of nothing.',
        ),
      },
      'The share; null for a count.',
    ),
  ),
});
export type ReportFigure = Static<typeof ReportFigure>;

export const ReportDocument = closed({
  form: oneOf(['gatehouse-report/1'], 'The form of this document.'),
  position: position('The figures count all events up to here.'),
  asOf: instant('When the event at that position was stored.'),
  previous: orNull(
    closed(
      {
        reportId: text('The report.'),
        position: position('Its position.'),
        asOf: instant('The time of that.'),
        publishedAt: position('The position of its publication.'),
      },
      'The report that it is compared with: the last that was published by the position; null for the first.',
    ),
  ),
  figures: list(ReportFigure, 'The figures.'),
  checking: list(text('A sentence.'), 'How to check it.'),
});
export type ReportDocument = Static<typeof ReportDocument>;

export const Publication = closed(
  {
    reportId: text('The report.'),
    asOf: instant('When the event at its position was stored.'),
    sha256: text('SHA-256 of the text as it was published.'),
    publishedBy: actor,
    publishedAt: instant('When.'),
    position: position('The position of the event that records it.'),
  },
  'Who published it and when.',
);
export type Publication = Static<typeof Publication>;

export const ReportAnswer = closed({
  report: ReportDocument,
  text: text('The report as plain text.'),
  sha256: text('SHA-256 of the text.'),
  publication: orNull(Publication),
  position: position('The position of its publication, or of its figures if it is not published.'),
});
export type ReportAnswer = Static<typeof ReportAnswer>;

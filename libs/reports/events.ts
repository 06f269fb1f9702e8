import { type Static, Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Hash, Instant, PerWeek } from '../events/schemas.js';

const Figures = eventData({
  people: Count('People who were onboarded at any time.'),
  perWeek: Type.Optional(PerWeek(0)),
  paused: Type.Boolean({ description: 'Whether onboarding was paused.' }),
  generated: Count('Images generated.'),
  exposed: Count('Distinct images downloaded or shared publicly.'),
  flagged: Count('Of these: with a flag.'),
  decided: Count('Of these: whose case was decided.'),
  confirmed: Count('Of these: whose case was confirmed.'),
  waiting: Count('Of the flagged ones: whose case was not decided.'),
  violations: Count('Exposed images that were confirmed, including those that only a sample found.'),
  deactivated: Count('Accounts deactivated, including those that were reinstated later.'),
});
export type Figures = Static<typeof Figures>;

export const ReportPublished = defineEvent({
  type: 'ReportPublished',
  version: 1,
  summary:
    'Somebody published a report of the rollout. Anybody can count its figures again from the log up to its position.',
  schema: eventData({
    reportId: EntityId('The report: the digits of its position.'),
    position: Count('The figures count all events up to here.', 1),
    asOf: Instant('When the event at that position was stored.'),
    lastEvent: Type.Optional(
      EntityId(
        'The id of that event, which has another position in a copy of the log. Absent from reports of earlier releases.',
      ),
    ),
    figures: Type.Object(Figures.properties, { ...Figures, description: 'What the report says, as counts.' }),
    previous: Type.Optional(EntityId('The report that it is compared with.')),
    previousPublishedAt: Type.Optional(
      Count('The position of the publication of that. Absent from reports of earlier releases.', 1),
    ),
    sha256: Hash('SHA-256 of its text.'),
  }),
  example: {
    reportId: '1045',
    position: 1045,
    asOf: '2022-05-18T09:00:00.000Z',
    lastEvent: '0190f3c2-6f1a-7c3e-8b1d-5a2f4c6e8d10',
    figures: {
      ...{ people: 1204, perWeek: 1000, paused: false, generated: 3_100_000, exposed: 900_000, flagged: 370 },
      ...{ decided: 358, confirmed: 107, waiting: 12, violations: 108, deactivated: 105 },
    },
    previous: '900',
    previousPublishedAt: 901,
    sha256: 'd1b2a59fbea7e20077af9f91b27e95e865061b270be03ff539ab3b73587882e8',
  },
});

export const reportEvents = [ReportPublished];

export type ReportEvent = EventOf<(typeof reportEvents)[number]>;

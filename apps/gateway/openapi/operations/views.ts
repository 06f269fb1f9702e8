import { Type } from 'typebox';
import { closed, count, instant, list, oneOf, position, text } from '../../../../libs/http/openapi/answer-schemas.js';
import type { ViewsController } from '../../../../libs/operations/features/views.controller.js';
import { answerOf, json, type OperationGroup } from '../operation.js';

const digest = closed({ rows: count('How many.'), hash: text('The same for equal rows in any order.') });
const job = closed({
  id: text('The job.'),
  kind: oneOf(['verify', 'rebuild'], 'What it does.'),
  views: list(Type.String(), 'With which views.'),
  status: oneOf(['running', 'done', 'failed'], 'How far it is.'),
  startedAt: instant('When it began.'),
  endedAt: Type.Optional(instant('When it ended.')),
  position: position('How far the replay has got.'),
  of: position('How far it goes.'),
  comparisons: Type.Optional(
    list(
      closed({
        view: text('The view.'),
        position: position('Up to where both were compared.'),
        equal: Type.Optional(Type.Boolean({ description: 'Absent where there was nothing to compare with.' })),
        tables: list(
          closed({ table: text('The table.'), live: digest, replayed: digest, equal: Type.Boolean() }),
          'Each table with its replay.',
        ),
      }),
      'Of a job that is done: every view compared with its replay.',
    ),
  ),
  error: Type.Optional(text('Why it failed.')),
});
const example = {
  id: '0196e0f0-0000-7000-8000-000000000001',
  kind: 'verify',
  views: ['cases'],
  status: 'running',
  startedAt: '2022-05-19T10:00:00.000Z',
  position: '0',
  of: '0',
};
const parked = list(
  closed({
    key: text('The key that is left out.'),
    position: position('Of the event that could not be taken.'),
    eventType: text('Its type.'),
    error: text('What went wrong.'),
  }),
  'What was left out, loudly.',
);
const views = 'Names of views; all by default.';

export const viewOperations: OperationGroup = {
  name: 'Views',
  description: 'The read models: derived from the log, thrown away and rebuilt at will.',
  operations: {
    'GET /v1/views': {
      id: 'listViews',
      summary:
        'Every read model: version, how far it has got, how many rows; every reaction; and the keys that they have parked',
      answers: {
        200: json(
          'Views',
          'The views.',
          closed({
            items: list(
              closed({
                name: text('The view.'),
                version: count('Moves with any change of shape or meaning.'),
                summary: text('What it holds.'),
                types: list(Type.String(), 'The event types it reads.'),
                live: Type.Boolean({ description: 'Whether it serves.' }),
                position: position('How far it has got.'),
                rows: count('About how many rows.'),
                parked,
              }),
              'The views.',
            ),
            reactions: list(
              closed({
                name: text('The reaction.'),
                position: position('How far it has got.'),
                parked,
              }),
              'What follows from events: cases, enforcement, onboarding. A parked key is tried again each minute.',
            ),
          }),
        ),
      },
    },
    'POST /v1/views/verify': {
      id: 'verifyViews',
      summary: 'Starts a replay into fresh tables that are compared with the live ones and dropped',
      fields: { views },
      example: { views: ['cases'] },
      answers: { 202: answerOf<ViewsController['verify']>()('ViewJob', 'The job to ask for.', job, example) },
    },
    'POST /v1/views/rebuild': {
      id: 'rebuildViews',
      summary: 'Starts a replay into fresh tables that then take the place of the live ones',
      fields: { views },
      example: { views: ['cases'] },
      answers: { 202: answerOf<ViewsController['rebuild']>()('ViewJob', 'The job to ask for.', job, example) },
    },
    'GET /v1/views/jobs/{id}': {
      id: 'showViewJob',
      summary: 'How far a verification or rebuild is, and what came out',
      fields: { id: 'The job; known to the process that runs it.' },
      answers: { 200: answerOf<ViewsController['job']>()('ViewJob', 'The job.', job, example) },
      refusals: { 404: ['job-unknown'] },
    },
  },
};

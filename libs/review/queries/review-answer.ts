import { type Static, Type } from 'typebox';
import {
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { VERDICTS } from '../events.js';
import { REVEAL_LEVELS } from '../reveal.js';
import { caseFields, VISIBLE, verdictFields } from './case-fields.js';

const accountCase = closed({
  caseId: text('The case.'),
  status: oneOf(['open', 'confirmed', 'dismissed', 'model-problem', 'overturned'], 'Its outcome, or `open`.'),
  categories: list(Type.String(), 'Its categories.'),
  openedAt: instant('When it was opened.'),
  decidedAt: orNull(instant('When it was decided.')),
});

const image = closed({
  generatedAt: instant('When it was generated.'),
  photorealistic: orNull(flag('Whether it could be mistaken for a photograph.')),
  faces: orNull(flag('Whether it shows faces of people.')),
  promptCategory: orNull(text('The category of its prompt.')),
});

const account = closed({
  accountId: text('The account.'),
  status: text('Its status: unknown, waiting, left or onboarded.'),
  deactivated: flag('Whether it is deactivated.'),
  suspendedUntil: orNull(instant('Until when it is suspended.')),
  restrictions: list(
    closed({
      type: text('The type of the event.'),
      time: instant('When it happened.'),
      reason: orNull(text('Why.')),
      caseId: orNull(text('The case that caused it.')),
      until: orNull(instant('When it was to end.')),
    }),
    'What restricted the account or ended that, newest first, at most 20.',
  ),
  cases: closed(
    {
      open: count('Open.'),
      confirmed: count('Confirmed.'),
      dismissed: count('Dismissed.'),
      modelProblem: count('Found to be problems of the model.'),
      overturned: count('Confirmed, and overturned on appeal.'),
    },
    'How many other cases it has.',
  ),
  latestCases: list(accountCase, 'The latest of them, newest first, at most 10.'),
  similarCases: list(
    accountCase,
    'Those of its latest 200 that have a category in common with this one, newest first, at most 10.',
  ),
});

const { verdictsGiven: _, categories: __, accountId: ___, ...commonFields } = caseFields;

export const ReviewAnswer = closed({
  ...commonFields,
  openedAt: instant('When the round began.'),
  image: orNull(image),
  hasPrompt: orNull(flag('Whether there is a prompt to reveal; null while the image is unknown.')),
  hasComments: orNull(flag('Whether there are comments to reveal; null if flags of earlier releases don’t say.')),
  hasNotes: flag('Whether those who worked on the case wrote notes or rationales that the caller may reveal.'),
  categories: list(
    closed({
      category: text('What flags name.'),
      flags: count('How many flags name it.'),
      confidence: orNull(
        Type.Number({ minimum: 0, maximum: 1, description: 'The highest confidence of these flags.' }),
      ),
    }),
    'The categories of the round.',
  ),
  account: orNull(account),
  policy: closed(
    {
      version: orNull(text('The version in force.')),
      clauses: list(
        closed({
          id: text('Names it in a verdict.'),
          title: text('Its title.'),
          severity: count('From 0 to 3, the highest.'),
          text: orNull(text('Its wording.')),
          isNamed: flag('Whether a flag names it.'),
        }),
        'Its clauses, those that flags name first.',
      ),
    },
    'The content policy.',
  ),
  severeClause: orNull(
    text('A clause of the highest severity, or one that no version of the content policy knows, that the case names.'),
  ),
  levels: list(
    Type.Unsafe<(typeof REVEAL_LEVELS)[number]>({ type: 'string', enum: [...REVEAL_LEVELS] }),
    'What the caller may reveal while they hold the claim.',
  ),
  claim: orNull(
    closed({
      reviewer: text('The reviewer who claimed it.'),
      until: instant('When the claim ends.'),
      token: orNull(count('The fencing token of the claim, for that reviewer only.')),
    }),
  ),
  verdict: orNull(oneOf(VERDICTS, 'The caller’s own verdict.')),
  verdicts: list(closed(verdictFields), VISIBLE),
  position: position('The position of the case’s last event that the caller may see.'),
});
export type ReviewAnswer = Static<typeof ReviewAnswer>;

export const reviewExample: ReviewAnswer = {
  caseId: 'img-1',
  imageId: 'img-1',
  status: 'claimed',
  round: 1,
  panelSize: 1,
  isEscalated: false,
  queue: 'default',
  priority: 63,
  dueAt: '2022-05-19T18:52:48.000Z',
  reservedFor: null,
  reservedUntil: null,
  openedAt: '2022-05-19T10:00:00.000Z',
  image: { generatedAt: '2022-05-19T09:00:00.000Z', photorealistic: false, faces: null, promptCategory: null },
  hasPrompt: true,
  hasComments: false,
  hasNotes: false,
  categories: [{ category: 'violent', flags: 2, confidence: 0.9 }],
  account: {
    accountId: 'acc-1',
    status: 'onboarded',
    deactivated: false,
    suspendedUntil: null,
    restrictions: [],
    cases: { open: 0, confirmed: 0, dismissed: 1, modelProblem: 0, overturned: 0 },
    latestCases: [
      {
        caseId: 'img-0',
        status: 'dismissed',
        categories: ['violent'],
        openedAt: '2022-05-18T10:00:00.000Z',
        decidedAt: '2022-05-18T11:00:00.000Z',
      },
    ],
    similarCases: [],
  },
  policy: {
    version: '2022-05-18',
    clauses: [{ id: 'violent', title: 'No violence', severity: 2, text: 'In no form.', isNamed: true }],
  },
  severeClause: null,
  levels: ['prompt', 'comments', 'notes', 'blurred', 'grey', 'full'],
  claim: { reviewer: 'rev-1', until: '2022-05-19T10:15:00.000Z', token: 1 },
  verdict: null,
  verdicts: [],
  position: '1045',
};

import { Type } from 'typebox';
import {
  closed,
  count,
  history,
  instant,
  list,
  oneOf,
  orNull,
  page,
  position,
  text,
} from '../../../../libs/http/openapi/answer-schemas.js';
import { WriteReceipt, writeReceiptFields } from '../../../../libs/http/write-receipt.js';
import type { ClaimCaseController } from '../../../../libs/review/features/claim-case.js';
import type { GiveVerdictController } from '../../../../libs/review/features/give-verdict.js';
import type { ListCasesController } from '../../../../libs/review/features/list-cases.js';
import type { ReleaseCaseController } from '../../../../libs/review/features/release-case.js';
import type { ShowCaseController } from '../../../../libs/review/features/show-case.js';
import { answerOf, type OperationGroup } from '../operation.js';

const id = 'The case; it has the id of its image.';
const status = oneOf(['open', 'claimed', 'confirmed', 'dismissed'], 'Where it stands; a claim that has ended is none.');
const verdict = oneOf(['safe', 'unsafe', 'unsure'], 'What the reviewer thinks.');
const ofCase = {
  caseId: text('The case.'),
  imageId: text('The image; it has the same id.'),
  accountId: orNull(
    text('The account the image was made for, where it is known; while it is open, flags may have said so.'),
  ),
  status,
  round: count('1 for the first review of the image; a flag after a dismissal opens the next.'),
  panelSize: count('Distinct reviewers that decide.'),
  categories: list(Type.String(), 'What flags say is wrong; once confirmed, what was found.'),
};

export const reviewOperations: OperationGroup = {
  name: 'Review',
  description:
    'Flagged images before human reviewers. Flags, categories, claim and verdicts are those of the round in force.',
  operations: {
    'GET /v1/cases': {
      id: 'listCases',
      summary: 'Cases in the order of the queue: those that were opened first',
      fields: { status: 'Cases of every status where it is absent.' },
      answers: {
        200: answerOf<ListCasesController['list']>()(
          'CasePage',
          'A page of cases.',
          page(
            closed({
              ...ofCase,
              flags: list(
                closed({
                  flagId: text('Identity of the flag’s event.'),
                  flaggedBy: text('Who flagged.'),
                  categories: list(Type.String(), 'What the flag says is wrong.'),
                }),
                'The flags.',
              ),
              verdicts: list(closed({ reviewer: text('Who.'), verdict, at: instant('When.') }), 'The verdicts so far.'),
              openedAt: instant('When it was opened.'),
              claimedBy: orNull(text('Who works on it.')),
              claimedUntil: orNull(instant('When the claim ends by itself.')),
              decidedAt: orNull(instant('When it was decided.')),
              position: position('Of the case’s last event.'),
            }),
            'The cases.',
          ),
          {
            items: [
              {
                caseId: 'img-1',
                imageId: 'img-1',
                accountId: 'acc-1',
                status: 'open',
                round: 1,
                panelSize: 1,
                flags: [{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: ['violent'] }],
                categories: ['violent'],
                verdicts: [],
                openedAt: '2022-05-19T10:00:00.000Z',
                claimedBy: null,
                claimedUntil: null,
                decidedAt: null,
                position: '1044',
              },
            ],
          },
        ),
      },
    },
    'GET /v1/cases/{id}': {
      id: 'showCase',
      summary: 'A case as it stands, and everything that led there',
      description: 'From the case’s own events, so that whoever has just written to it sees what was written.',
      fields: { id },
      answers: {
        200: answerOf<ShowCaseController['show']>()(
          'Case',
          'The case.',
          closed({
            ...ofCase,
            flaggers: list(
              Type.String(),
              'Who flagged, up to the flags that a case takes in; nobody who flagged reviews it.',
            ),
            claim: orNull(
              closed({ reviewer: text('Who works on it.'), until: instant('When the claim ends by itself.') }),
            ),
            verdicts: list(closed({ reviewer: text('Who.'), verdict }), 'The verdicts so far.'),
            position: position('Of the case’s last event.'),
            history,
          }),
        ),
      },
      refusals: { 404: ['case-unknown'] },
    },
    'POST /v1/cases/{id}/claim': {
      id: 'claimCase',
      summary: 'Reserves a case for whoever asks, for a while',
      fields: { id },
      answers: {
        200: answerOf<ClaimCaseController['claim']>()(
          'Claim',
          'It is reserved.',
          closed({
            caseId: text('The case.'),
            reviewer: text('Who asked.'),
            until: instant('When the claim ends by itself.'),
            ...writeReceiptFields,
          }),
          { caseId: 'img-1', reviewer: 'rev-1', until: '2022-05-19T10:15:00.000Z', position: '1045' },
        ),
      },
      refusals: {
        404: ['case-unknown'],
        409: ['case-not-open', 'own-flag', 'own-image', 'already-reviewed', 'case-claimed', 'image-parked'],
      },
    },
    'POST /v1/cases/{id}/release': {
      id: 'releaseCase',
      summary: 'Gives a case back that whoever asks had claimed',
      fields: { id },
      answers: {
        200: answerOf<ReleaseCaseController['release']>()('Written', 'It is free.', WriteReceipt, { position: '1042' }),
      },
      refusals: { 404: ['case-unknown'] },
    },
    'POST /v1/cases/{id}/verdicts': {
      id: 'giveVerdict',
      summary: 'The verdict of whoever asks; the last one of the panel decides the case',
      description:
        'A strict majority of `unsafe` confirms and the account is deactivated; anything else dismisses. A second verdict by the same person changes nothing.',
      fields: {
        id,
        verdict: 'What the reviewer thinks.',
        note: 'Why. Stored encrypted under a key of the reviewer.',
        answerTimeMs: 'How long the reviewer looked, in milliseconds.',
      },
      example: { verdict: 'unsafe', note: 'see the lower left' },
      answers: {
        200: answerOf<GiveVerdictController['judge']>()(
          'Verdict',
          'It counts.',
          closed({
            caseId: text('The case.'),
            status: oneOf(['none', 'open', 'confirmed', 'dismissed'], 'Of the case, after the verdict.'),
            ...writeReceiptFields,
          }),
          { caseId: 'img-1', status: 'confirmed', position: '1047' },
        ),
      },
      refusals: {
        404: ['case-unknown'],
        409: ['own-flag', 'own-image', 'case-claimed', 'image-owner-unknown', 'image-parked'],
      },
    },
  },
};

import type { PublishPolicyController } from '../../../../libs/policy/features/publish-policy.js';
import type { ShowPolicyController } from '../../../../libs/policy/features/show-policy.js';
import {
  closed,
  instant,
  list,
  orNull,
  position,
  text,
  writeReceiptExample,
  writeReceiptSchema,
} from '../answer-schemas.js';
import { answerOf, type OperationGroup } from '../operation.js';

const version = closed({
  version: text('As people are shown it.'),
  url: orNull(text('Where it can be read.')),
  digest: orNull(text('`sha256:` and hex of its text.')),
  publishedAt: instant('When it came into force.'),
  position: position('Of its publication.'),
});
const example = {
  version: '2022-05-18',
  url: 'https://example.org/policy/2022-05-18',
  digest: null,
  publishedAt: '2022-05-18T09:00:00.000Z',
  position: '3',
};

export const policyOperations: OperationGroup = {
  name: 'Content policy',
  description: 'What every account has to accept before it may do anything.',
  operations: {
    'POST /v1/policy': {
      id: 'publishPolicy',
      summary: 'Puts a version of the content policy into force; from then on access needs its acceptance',
      fields: {
        version: 'The version, as people are shown it.',
        url: 'Where it can be read.',
        text: 'Its text; kept is the SHA-256 of it, which proves later what was accepted.',
      },
      example: { version: '2022-05-18', url: 'https://example.org/policy/2022-05-18' },
      answers: {
        201: answerOf<PublishPolicyController['publish']>()(
          'Written',
          'In force.',
          writeReceiptSchema,
          writeReceiptExample,
        ),
      },
      refusals: { 409: ['policy-superseded'] },
    },
    'GET /v1/policy': {
      id: 'showPolicy',
      summary: 'The content policy in force and those before it',
      answers: {
        200: answerOf<ShowPolicyController['show']>()(
          'Policy',
          'The policies.',
          closed({
            current: orNull(version),
            versions: list(version, 'All of them, in the order of their publication.'),
          }),
          { current: example, versions: [example] },
        ),
      },
    },
  },
};

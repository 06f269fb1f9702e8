import { Type } from 'typebox';
import { closed, instant, orNull, text } from '../../../../libs/http/openapi/answer-schemas.js';
import type { ShowImageController } from '../../../../libs/images/features/show-image.js';
import { answerOf, type OperationGroup } from '../operation.js';

export const imageOperations: OperationGroup = {
  name: 'Images',
  description: 'What other systems told of images.',
  operations: {
    'GET /v1/images/{id}': {
      id: 'showImage',
      summary: 'Whose an image is and what is known of it; never its prompt',
      fields: { id: 'The image.' },
      answers: {
        200: answerOf<ShowImageController['show']>()(
          'Image',
          'The image.',
          closed({
            imageId: text('The image.'),
            accountId: text('The account it was made for.'),
            generatedAt: instant('When it was made.'),
            photorealistic: orNull(Type.Boolean({ description: 'Whether it could be taken for a photograph.' })),
            faces: orNull(Type.Boolean({ description: 'Whether it shows faces of people.' })),
            promptCategory: orNull(text('What kind of prompt it was.')),
          }),
          {
            imageId: 'img-1',
            accountId: 'acc-1',
            generatedAt: '2022-05-19T10:00:00.000Z',
            photorealistic: true,
            faces: false,
            promptCategory: null,
          },
        ),
      },
      refusals: { 404: ['image-unknown'] },
    },
  },
};

import { type Static, Type } from 'typebox';
import { closed, count, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { share } from './safety-answer.js';

const model = orNull(text('The model as its image service reports it; null for images without one.'));

const found = {
  decided: count('Distinct images whose case was decided.'),
  problems: count('Of these, found to be a problem of the model.'),
  shareOfDecided: share('The share of decided cases.'),
};
const made = {
  generated: count('Images generated.'),
  shareOfGenerated: share(
    'The share of the generated images that were found to be a problem; a lower bound, since nobody reviews images without a flag.',
  ),
};

export const ModelProblemsAnswer = closed({
  whole: closed({ ...made, ...found }, 'Every model and category.'),
  models: list(closed({ model, ...made, ...found }), 'By model, in alphabetical order.'),
  categories: list(
    closed({ category: text('A category that the flags name.'), ...found }),
    'By category; an image with several counts in each.',
  ),
  groups: list(
    closed({ model, category: text('A category that the flags name.'), ...found }),
    'By model and category, without those of which no case was decided.',
  ),
  position: position('The figures include all events up to this position.'),
});
export type ModelProblemsAnswer = Static<typeof ModelProblemsAnswer>;

const whole = {
  generated: 20_000,
  shareOfGenerated: { hits: 12, of: 20_000, value: 0.0006, low: 0.000343, high: 0.001049 },
  decided: 40,
  problems: 12,
  shareOfDecided: { hits: 12, of: 40, value: 0.3, low: 0.180715, high: 0.453958 },
};
const { generated: _, shareOfGenerated: __, ...ofCategory } = whole;

export const modelProblemsExample: ModelProblemsAnswer = {
  whole,
  models: [{ model: 'dalle-2', ...whole }],
  categories: [{ category: 'bias', ...ofCategory }],
  groups: [{ model: 'dalle-2', category: 'bias', ...ofCategory }],
  position: '1042',
};

export const ModelProblemImage = closed({
  imageId: text('The image.'),
  model,
  categories: list(Type.String(), 'The categories that the flags name.'),
  generatedAt: orNull(instant('When it was generated; null if no service reported it.')),
  foundAt: instant('When review found the problem.'),
});
export type ModelProblemImage = Static<typeof ModelProblemImage>;

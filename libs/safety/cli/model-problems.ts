import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { csv } from '../../cli/rendering/csv.js';
import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { ModelProblemImage, ModelProblemsAnswer } from '../queries/model-problems-answer.js';
import { intervalText } from './metrics-table.js';

const PATH = '/v1/metrics/model-problems';
/** More than the model of any rollout will be found to have. */
const ALL = 1_000_000;

export function modelProblemsCommand(parent: Command, run: Runner): void {
  command(
    parent,
    'model-problems',
    'Shows how often review found that the model did wrong, by model and category, or exports the images.',
    'metrics model-problems',
    'metrics model-problems --images > model-problems.csv',
  )
    .option('--csv', 'print the groups as CSV')
    .option('--images', 'print the images as CSV, for the team of the model')
    .action(
      run<{ csv?: boolean; images?: boolean }>(async ({ client, print }, given) => {
        if (given.images) {
          const images = await client.list<ModelProblemImage>(`${PATH}/images`, {}, ALL);
          print(images, () => imagesCsv(images));
          return;
        }
        const answer = await client.get<ModelProblemsAnswer>(PATH);
        print(answer, () => (given.csv ? groupsCsv(answer) : modelProblemsText(answer)));
      }),
    );
}

const imagesCsv = (images: readonly ModelProblemImage[]): Shown =>
  csv(
    ['image', 'model', 'categories', 'generated', 'found'],
    images.map((one) => [one.imageId, one.model, one.categories.join(' '), one.generatedAt, one.foundAt]),
  );

const groupsCsv = ({ groups }: ModelProblemsAnswer): Shown =>
  csv(
    ['model', 'category', 'decided', 'problems', 'share', 'low', 'high'],
    groups.map(({ model, category, decided, problems, shareOfDecided: share }) => [
      ...[model, category, decided, problems],
      ...[share?.value ?? null, share?.low ?? null, share?.high ?? null],
    ]),
  );

const NOT_REPORTED = 'not reported';

export function modelProblemsText({ whole, models, groups }: ModelProblemsAnswer): Shown {
  const made = [{ model: 'all', ...whole }, ...models].map((one) => [
    one.model ?? NOT_REPORTED,
    one.generated,
    one.decided,
    one.problems,
    intervalText(one.shareOfDecided),
    intervalText(one.shareOfGenerated),
  ]);
  const found = groups.map((one) => [
    one.model ?? NOT_REPORTED,
    one.category,
    one.decided,
    one.problems,
    intervalText(one.shareOfDecided),
  ]);
  return paragraphs([
    table(['model', 'generated', 'decided', 'problems', 'of decided (95%)', 'of generated (95%)'], made),
    table(['model', 'category', 'decided', 'problems', 'of decided (95%)'], found, 'no case was decided yet'),
  ]);
}

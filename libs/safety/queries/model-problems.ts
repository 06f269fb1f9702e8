import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { Role } from '../../http/credentials/principal.js';
import { Roles } from '../../http/credentials/route-access.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery, readCursor, toPage } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { share } from '../metrics.js';
import { safetyImagesView } from '../views/safety-images.js';
import { MAX_GROUPS } from './groupings.js';
import { ModelProblemImage, ModelProblemsAnswer, modelProblemsExample } from './model-problems-answer.js';

const IMAGES = viewTable(safetyImagesView);
const DECIDED = `case_status IN ('confirmed', 'dismissed', 'model_problem')`;

/** SQL: by model, by category, by both and by none; `level` says which: 1, 2, 0 and 3. An image counts once in each. */
const FOUND = `
  SELECT grouping(model, category) AS level, model, category, count(DISTINCT image_id)::int AS decided,
    count(DISTINCT image_id) FILTER (WHERE case_status = 'model_problem')::int AS problems
  FROM ${IMAGES} LEFT JOIN LATERAL jsonb_array_elements_text(categories) AS category ON true
  WHERE flagged_at IS NOT NULL AND ${DECIDED}
  GROUP BY GROUPING SETS ((), (model), (category), (model, category))
  ORDER BY model COLLATE "C" NULLS LAST, category COLLATE "C" LIMIT ${MAX_GROUPS}`;
const GENERATED = `
  SELECT model, count(*)::int AS generated FROM ${IMAGES} WHERE generated_at IS NOT NULL
  GROUP BY model ORDER BY model COLLATE "C" NULLS LAST LIMIT ${MAX_GROUPS}`;
/** The condition of the index. */
const PROBLEMS = `case_status = 'model_problem' AND flagged_at IS NOT NULL`;

interface FoundRow {
  level: number;
  model: string | null;
  category: string | null;
  decided: number;
  problems: number;
}

export class ShowModelProblems extends Query<ModelProblemsAnswer> {}

/** Computed on demand: the found from flagged images, the generated from all. */
@QueryHandler(ShowModelProblems)
export class ShowModelProblemsHandler implements IQueryHandler<ShowModelProblems> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(ViewReader) private readonly reader: ViewReader,
  ) {}

  async execute(): Promise<ModelProblemsAnswer> {
    // Read first, so that the figures are at least that new.
    const position = String(await this.reader.position(safetyImagesView));
    const made: { model: string | null; generated: number }[] = (await queryView(this.pool, { text: GENERATED })).rows;
    const found: FoundRow[] = (await queryView(this.pool, { text: FOUND })).rows;
    const at = (level: number) => found.filter((row) => Number(row.level) === level);
    const byModel = new Map(at(1).map((row) => [row.model, row]));
    const models = [...new Set([...made.map(({ model }) => model), ...byModel.keys()])];
    const generatedBy = new Map(made.map(({ model, generated }) => [model, generated]));
    const all = made.reduce((total, { generated }) => total + generated, 0);
    const named = (level: number) => at(level).filter(({ category }) => category !== null);
    return {
      whole: ofMade(at(3)[0], all),
      models: models.map((model) => ({ model, ...ofMade(byModel.get(model), generatedBy.get(model)) })),
      categories: named(2).map((row) => ({ category: row.category!, ...ofFound(row) })),
      groups: named(0).map((row) => ({ model: row.model, category: row.category!, ...ofFound(row) })),
      position,
    };
  }
}

const ofFound = ({ decided, problems }: Pick<FoundRow, 'decided' | 'problems'>) => ({
  decided,
  problems,
  shareOfDecided: share(problems, decided),
});

const ofMade = (found: FoundRow | undefined, generated = 0) => {
  const { decided = 0, problems = 0 } = found ?? {};
  // Images that no service reported may be found to be a problem all the same.
  const shareOfGenerated = problems > generated ? null : share(problems, generated);
  return { generated, shareOfGenerated, ...ofFound({ decided, problems }) };
};

export class ListModelProblemImages extends PageQuery<Page<ModelProblemImage>> {}

@QueryHandler(ListModelProblemImages)
export class ListModelProblemImagesHandler implements IQueryHandler<ListModelProblemImages> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ limit, cursor }: ListModelProblemImages): Promise<Page<ModelProblemImage>> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT image_id, model, categories, generated_at, decided_at FROM ${IMAGES}
        WHERE ${PROBLEMS} AND image_id > $1 ORDER BY image_id LIMIT $2`,
      values: [readCursor(cursor, ['id'])?.[0] ?? '', limit + 1],
    });
    return toPage(rows, limit, toImage, ({ image_id }) => [image_id]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const toImage = ({ image_id, model, categories, generated_at, decided_at }: any): ModelProblemImage => ({
  imageId: image_id,
  model,
  categories,
  generatedAt: generated_at && toIso(generated_at),
  foundAt: toIso(decided_at),
});

const READERS: [Role, ...Role[]] = ['lead', 'operator', 'compliance', 'service', 'administrator'];

@Controller('v1/metrics/model-problems')
export class ModelProblemsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles(...READERS)
  @Operation('How often review found that the model did wrong, by model and category, with 95% intervals', {
    description: 'Computed from all images at each call: ask for it every minute rather than every second.',
    answer: answer('ModelProblems', 'The figures.', ModelProblemsAnswer, modelProblemsExample),
  })
  showModelProblems(): Promise<ModelProblemsAnswer> {
    return this.queries.execute(new ShowModelProblems());
  }

  @Get('images')
  @Roles(...READERS)
  @Operation(
    'The images whose case found a problem of the model, by id, for the team of the model; without their account',
    {
      answer: answer('ModelProblemImages', 'A page of images.', page(ModelProblemImage, 'The images.'), {
        items: [
          {
            imageId: 'img-1',
            model: 'dalle-2',
            categories: ['bias'],
            generatedAt: '2022-05-19T10:00:00.000Z',
            foundAt: '2022-05-19T12:00:00.000Z',
          },
        ],
      }),
    },
  )
  listModelProblemImages(@QueryParameters() query: ListModelProblemImages): Promise<Page<ModelProblemImage>> {
    return this.queries.execute(query);
  }
}

import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { AsOf, FromViews } from '../../context/from-views.js';
import type { Role } from '../../http/credentials/principal.js';
import { Roles } from '../../http/credentials/route-access.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { share } from '../metrics.js';
import { safetyImagesView } from '../views/safety-images.js';
import { MAX_GROUPS } from './groupings.js';
import { ModelProblemImage, ModelProblemsAnswer, modelProblemsExample } from './model-problems-answer.js';

const IMAGES = viewTable(safetyImagesView);
const DECIDED = `case_status IN ('confirmed', 'dismissed', 'model_problem')`;

/** The condition of the index. */
const PROBLEMS = `case_status = 'model_problem' AND flagged_at IS NOT NULL`;

/**
 * SQL: by model, by category, by both and by none; `level` says which: 1, 2, 0 and 3. An image counts once in each. Each
 * level has its own limit: too many groups of one must not hide the whole.
 */
const FOUND = `
  SELECT level, model, category, decided, problems FROM (
    SELECT grouping(model, category) AS level, model, category, count(DISTINCT image_id)::int AS decided,
      count(DISTINCT image_id) FILTER (WHERE ${PROBLEMS})::int AS problems,
      row_number() OVER (
        PARTITION BY grouping(model, category) ORDER BY model COLLATE "C" NULLS LAST, category COLLATE "C"
      ) AS place
    FROM ${IMAGES} LEFT JOIN LATERAL jsonb_array_elements_text(categories) AS category ON true
    WHERE flagged_at IS NOT NULL AND ${DECIDED}
    GROUP BY GROUPING SETS ((), (model), (category), (model, category))
  ) found WHERE place <= ${MAX_GROUPS} ORDER BY level, place`;
/** SQL: the whole first. Of images that no service reported as generated, problems are no share of the generated. */
const GENERATED = `
  SELECT grouping(model) AS level, model, count(*)::int AS generated,
    count(*) FILTER (WHERE ${PROBLEMS})::int AS problems
  FROM ${IMAGES} WHERE generated_at IS NOT NULL
  GROUP BY GROUPING SETS ((), (model)) ORDER BY level DESC, model COLLATE "C" NULLS LAST LIMIT ${MAX_GROUPS + 1}`;

interface FoundRow {
  level: number;
  model: string | null;
  category: string | null;
  decided: number;
  problems: number;
}

interface GeneratedRow {
  model: string | null;
  generated: number;
  problems: number;
}

export class ShowModelProblems extends Query<Omit<ModelProblemsAnswer, 'position'>> {}

/** Computed on demand: the found from flagged images, the generated from all. */
@QueryHandler(ShowModelProblems)
export class ShowModelProblemsHandler implements IQueryHandler<ShowModelProblems> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute(): Promise<Omit<ModelProblemsAnswer, 'position'>> {
    const [all, ...made]: GeneratedRow[] = (await queryView(this.pool, { text: GENERATED })).rows;
    const found: FoundRow[] = (await queryView(this.pool, { text: FOUND })).rows;
    const at = (level: number) => found.filter((row) => Number(row.level) === level);
    const byModel = new Map(at(1).map((row) => [row.model, row]));
    const models = [...new Set([...made.map(({ model }) => model), ...byModel.keys()])];
    const madeBy = new Map(made.map((row) => [row.model, row]));
    const named = (level: number) => at(level).filter(({ category }) => category !== null);
    return {
      whole: ofMade(at(3)[0], all),
      models: models.map((model) => ({ model, ...ofMade(byModel.get(model), madeBy.get(model)) })),
      categories: named(2).map((row) => ({ category: row.category!, ...ofFound(row) })),
      groups: named(0).map((row) => ({ model: row.model, category: row.category!, ...ofFound(row) })),
    };
  }
}

const ofFound = ({ decided, problems }: Pick<FoundRow, 'decided' | 'problems'>) => ({
  decided,
  problems,
  shareOfDecided: share(problems, decided),
});

const ofMade = (found: FoundRow | undefined, made: GeneratedRow | undefined) => ({
  generated: made?.generated ?? 0,
  shareOfGenerated: share(made?.problems ?? 0, made?.generated ?? 0),
  ...ofFound(found ?? { decided: 0, problems: 0 }),
});

export class ListModelProblemImages extends PageQuery<Page<ModelProblemImage>> {}

@QueryHandler(ListModelProblemImages)
export class ListModelProblemImagesHandler implements IQueryHandler<ListModelProblemImages> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ limit, cursor }: ListModelProblemImages): Promise<Page<ModelProblemImage>> {
    const listing = new Listing('model-problem-images');
    const { rows } = await queryView(this.pool, {
      text: `SELECT image_id, model, categories, generated_at, decided_at FROM ${IMAGES}
        WHERE ${PROBLEMS} AND image_id > $1 ORDER BY image_id LIMIT $2`,
      values: [listing.after(cursor, ['id'])?.[0] ?? '', limit + 1],
    });
    return listing.page(rows, limit, toImage, ({ image_id }) => [image_id]);
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
  @FromViews(safetyImagesView)
  @AsOf()
  @Roles(...READERS)
  @Operation('How often review found that the model did wrong, by model and category, with 95% intervals', {
    description: 'Computed from all images at each call: ask for it every minute rather than every second.',
    answer: answer('ModelProblems', 'The figures.', ModelProblemsAnswer, modelProblemsExample),
  })
  showModelProblems(): Promise<Omit<ModelProblemsAnswer, 'position'>> {
    return this.queries.execute(new ShowModelProblems());
  }

  @Get('images')
  @FromViews(safetyImagesView)
  @AsOf()
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

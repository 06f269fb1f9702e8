import { Controller, Get, Inject } from '@nestjs/common';
import type { Static } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { KeptReplays } from '../../projections/kept-replays.js';

const KeptReplaysAnswer = closed({
  items: list(
    closed({
      name: text('Its name.'),
      position: position('Up to where the log was replayed.'),
      keptAt: instant('Since when it is kept.'),
      tables: list(
        closed({
          view: text('The view.'),
          version: count('Its version.'),
          table: text('The table.'),
          schema: text('Where the table is, in the database of the views.'),
          rows: count('The number of rows.'),
          hash: text('The digest of the rows, as GET /v1/views/jobs/{id} has it.'),
        }),
        'The tables.',
      ),
    }),
    'The replays of this log that are kept, by name.',
  ),
});
export type KeptReplaysAnswer = Static<typeof KeptReplaysAnswer>;

@Controller('v1/audit/replays')
export class ListReplaysController {
  constructor(@Inject(KeptReplays) private readonly kept: KeptReplays) {}

  @Get()
  @Roles('compliance', 'administrator')
  @Operation('The replays whose tables are kept, with their digests', {
    description: 'Of each log only those that were made of it: none is listed after the log was replaced.',
    answer: answer('KeptReplays', 'The replays.', KeptReplaysAnswer),
  })
  async listReplays(): Promise<KeptReplaysAnswer> {
    const items = await this.kept.list();
    return { items: items.map((one) => ({ ...one, position: String(one.position) })) };
  }
}

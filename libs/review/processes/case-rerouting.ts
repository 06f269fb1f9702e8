import type { Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../kernel/command-context.js';
import { inOrder } from '../../kernel/in-order.js';
import type { Pool } from '../../platform/database/database.js';
import { queryView } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { IS_OPEN } from '../case-rows.js';
import { route } from '../features/case-routing.js';
import type { RoutingFactsReader } from '../features/routing-facts.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { QueueRulesSet } from '../routing-events.js';
import { casesView } from '../views/cases.js';

const CASE_REROUTING = 'case-rerouting';
const CONCURRENCY = 8;
const PAGE = 1_000;

/** By the key, which no event changes: a case that is routed or decided meanwhile moves no other one between pages. */
const OPEN_CASES = `SELECT case_id FROM ${viewTable(casesView)}
  WHERE ${IS_OPEN} AND case_id > $1 ORDER BY case_id LIMIT ${PAGE}`;

/** Puts the open cases into the queues of new rules. Those that were opened since are routed by them anyway. */
export const caseRerouting = (
  transactor: Transactor,
  routing: RoutingFactsReader,
  pool: Pool,
  reader: ViewReader,
  waitMs: number,
): Consumer =>
  defineConsumer({
    name: CASE_REROUTING,
    events: [QueueRulesSet],
    key: () => reviewSettingsStream.category,
    async react(event) {
      const { state } = await transactor.load(reviewSettingsStream, undefined);
      // The last rules are those that count.
      if (state.changedAt > event.position) return;
      await reader.reached(casesView, event.position, waitMs);
      const context = causedBy(event, CASE_REROUTING);
      for (let after = ''; ; ) {
        const { rows } = await queryView(pool, { text: OPEN_CASES, values: [after] });
        const ids: string[] = rows.map(({ case_id }) => case_id);
        await inOrder(
          ids,
          (id) => [id],
          CONCURRENCY,
          async (id) => {
            await route(transactor, routing, id, context);
          },
        );
        if (ids.length < PAGE) return;
        after = ids.at(-1)!;
      }
    },
  });

import type pg from 'pg';

interface PlanNode {
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** Of a node those beside its children's: what a WITH writes is done after the statement, which does not count it. */
function buffersIn(node: PlanNode): number {
  const of = (one: PlanNode) => one['Shared Hit Blocks'] + one['Shared Read Blocks'];
  const own = (node.Plans ?? []).reduce((left, child) => left - of(child), of(node));
  return (node.Plans ?? []).reduce((sum, child) => sum + buffersIn(child), Math.max(0, own));
}

type Ask = (text: unknown, values?: unknown[]) => Promise<unknown>;

/**
 * Counts the buffers that each statement reads, of connections and of the pool. On a connection it is tried before, in a transaction that it has
 * to be in, and of the pool it has to be one that only reads.
 */
export function countingBuffers(pool: pg.Pool) {
  const buffers: Record<string, number> = {};
  const about = (text: string) => text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
  const count = async (query: Ask, config: string | pg.QueryConfig, values?: unknown[]) => {
    const { text, values: given = values } = typeof config === 'string' ? { text: config, values } : config;
    const { rows } = (await query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, given)) as pg.QueryResult;
    buffers[about(text)] = buffersIn(rows[0]['QUERY PLAN'][0].Plan);
  };
  const asked = async (config: string | pg.QueryConfig, values?: unknown[]) => {
    await count(pool.query.bind(pool) as unknown as Ask, config, values);
    return pool.query(config, values);
  };
  const counted: pg.Pool = Object.assign(Object.create(pool), {
    query: asked,
    async connect() {
      const client = await pool.connect();
      const query = client.query.bind(client) as unknown as Ask;
      const tried = async (config: string | pg.QueryConfig, values?: unknown[]) => {
        if (/^\s*(SELECT|WITH|INSERT)/.test(typeof config === 'string' ? config : config.text)) {
          await query('SAVEPOINT tried');
          await count(query, config, values);
          await query('ROLLBACK TO SAVEPOINT tried');
        }
        return query(config, values);
      };
      return Object.assign(Object.create(client), { query: tried, release: client.release.bind(client) });
    },
  });
  return { counted, buffers };
}

import Fastify from 'fastify';
import pg from 'pg';

/* The least that a claim over HTTP can be: one row, locked, changed and committed. Prints its address. */

const CONNECTION = JSON.parse(process.argv[2]);
const CONNECTIONS = 20;
const pool = new pg.Pool({ ...CONNECTION, max: CONNECTIONS });
const server = Fastify({ logger: false });

server.post('/claim/:reviewer', async ({ params }) => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query({
      name: 'next',
      text: `SELECT id FROM waiting WHERE claimed_by IS NULL ORDER BY due_at, id FOR UPDATE SKIP LOCKED LIMIT 1`,
    });
    await client.query({
      name: 'claim',
      text: 'UPDATE waiting SET claimed_by = $2 WHERE id = $1',
      values: [rows[0].id, params.reviewer],
    });
    await client.query('COMMIT');
    return { caseId: rows[0].id };
  } finally {
    client.release();
  }
});
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));

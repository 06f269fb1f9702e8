import Fastify from 'fastify';

/* A route with a constant answer as long as Gatehouse's, to measure HTTP itself. Prints its address. */

const server = Fastify({ logger: false });
server.post('/access/v1/evaluation', async () => ({ decision: true, context: { position: '123456' } }));
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));

import Fastify from 'fastify';

/* A route that answers a constant as long as Gatehouse's answer: what HTTP itself costs here. Prints where it listens. */

const server = Fastify({ logger: false });
server.post('/access/v1/evaluation', async () => ({ decision: true, context: { position: '123456' } }));
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));

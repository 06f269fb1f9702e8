import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Connection } from '../../libs/platform/database/connection.js';

export interface SilentDatabase {
  /** A connection to the database through this proxy. */
  connection: Connection;
  /** From now on the proxy accepts connections but answers nothing, like a machine that hangs. */
  fallSilent(): void;
  /** Forwards what clients sent meanwhile. */
  speak(): void;
  close(): Promise<void>;
}

/** A proxy for a database that can stop answering. */
export async function silentDatabase(connection: Connection): Promise<SilentDatabase> {
  const sockets = new Set<Socket>();
  let silent = false;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => other.write(chunk));
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    if (silent) socket.pause();
  };
  const server = createServer((near) => {
    const far = connect(join(connection.host!, `.s.PGSQL.${connection.port}`));
    keep(near, far);
    keep(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    connection: { ...connection, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    fallSilent() {
      silent = true;
      for (const socket of sockets) socket.pause();
    },
    speak() {
      silent = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

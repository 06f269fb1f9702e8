import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface ServerOptions {
  /** A free one by default. */
  port?: number;
  /** A file that keeps the log; in memory by default. */
  data?: string;
  /** Addresses of a cluster; the first is the leader. */
  members?: readonly string[];
  /** `name:password`, required of every caller. */
  user?: string;
  certificate?: string;
  key?: string;
}

/** A running process that imitates an EventStoreDB server. */
export interface EventStoreDBProcess {
  port: number;
  url: string;
  pid: number;
  /** As in an election: reads at positions fail as if no record began there. */
  setElection(election: boolean): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function startEventStoreDB(options: ServerOptions = {}): Promise<EventStoreDBProcess> {
  const { port = 0, data, members = [], user, certificate, key } = options;
  const args = ['--port', String(port), ...members.flatMap((member) => ['--member', member])];
  for (const [name, value] of Object.entries({ data, user, certificate, key })) {
    if (value !== undefined) args.push(`--${name}`, value);
  }
  const child = fork(join('test', 'support', 'eventstoredb', 'server.mjs'), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const exited = once(child, 'exit');
  const bound = await answer<{ port: number }>(child, exited);
  const login = user ? `${user}@` : '';
  return {
    port: bound.port,
    url: `esdb://${login}127.0.0.1:${bound.port}?tls=${certificate !== undefined}`,
    pid: child.pid!,
    async setElection(election) {
      const noted = answer(child, exited);
      child.send({ election });
      await noted;
    },
    async stop(signal = 'SIGKILL') {
      child.kill(signal);
      await exited;
    },
  };
}

const answer = <Message>(child: ChildProcess, exited: Promise<unknown[]>): Promise<Message> =>
  Promise.race([
    once(child, 'message').then(([message]) => message as Message),
    exited.then(([code]) => {
      throw new Error(`the replacement of EventStoreDB ended with ${code}`);
    }),
  ]);

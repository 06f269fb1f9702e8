import type { ChildProcess } from 'node:child_process';

export function startKafka(options: {
  /** 0 takes a free one. */
  port: number;
  directory: string;
  /** Of the one user of the second listener. */
  login?: { username: string; password: string };
}): Promise<{
  bootstrap: string;
  /** The listener that is encrypted and asks for the login, and the file with the certificate that it shows. */
  secured?: { bootstrap: string; certificate: string };
  broker: ChildProcess;
  stop(): Promise<void>;
}>;

/** Why no broker can be started on this machine, as one line; undefined where one can. */
export function missingTool(): string | undefined;

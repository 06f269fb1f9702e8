import type { ChildProcess } from 'node:child_process';

export function startKafka(options: {
  /** 0 picks a free port. */
  port: number;
  directory: string;
  /** Credentials of the only user of the second listener. */
  login?: { username: string; password: string };
}): Promise<{
  bootstrap: string;
  /** The listener with TLS that requires the login, and the file with its certificate. */
  secured?: { bootstrap: string; certificate: string };
  broker: ChildProcess;
  stop(): Promise<void>;
}>;

/** Why this machine can't start a broker, in one line; undefined if it can. */
export function missingTool(): string | undefined;

/** Why Maven can't download the broker, in one line; undefined if it has done so. */
export function missingLibraries(): Promise<string | undefined>;

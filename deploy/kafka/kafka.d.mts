import type { ChildProcess } from 'node:child_process';

export function startKafka(options: { port: number; directory: string }): Promise<{
  bootstrap: string;
  broker: ChildProcess;
  stop(): Promise<void>;
}>;

/** Why no broker can be started on this machine, as one line; undefined where one can. */
export function missingTool(): string | undefined;

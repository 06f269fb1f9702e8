import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAlive } from './postmaster-file.js';

/** The process of a server. Once it has ended, another process may have its pid: that one gets no signal. */
export interface ServerProcess {
  pid: number;
  isRunning(): boolean;
  signal(name: NodeJS.Signals): void;
}

/** Node keeps the pid of a child until it has noticed its end. */
export function childProcess(child: ChildProcess): ServerProcess {
  return {
    pid: child.pid!,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal(name) {
      child.kill(name);
    },
  };
}

/** A process that another one started. */
export function foreignProcess(pid: number): ServerProcess {
  const startedAt = startTimeOf(pid);
  const isRunning = () => isAlive(pid) && startTimeOf(pid) === startedAt;
  return {
    pid,
    isRunning,
    signal(name) {
      try {
        if (isRunning()) process.kill(pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}

/** In ticks since the system booted, from proc_pid_stat(5): field 22; 3 and later follow the name. Undefined without /proc. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

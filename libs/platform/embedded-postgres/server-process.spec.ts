import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { childProcess, foreignProcess } from './server-process.js';

describe('the process of a server', () => {
  let child: ChildProcess;
  afterEach(() => {
    jest.restoreAllMocks();
    child.kill('SIGKILL');
  });

  it.each([
    { kind: 'started by us', of: childProcess },
    { kind: 'started by another process', of: ({ pid }: ChildProcess) => foreignProcess(pid!) },
  ])('gets signals until it has ended, and nobody after it ($kind)', async ({ of }) => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const server = of(child);
    expect(server.isRunning()).toBe(true);
    const ended = once(child, 'exit');
    server.signal('SIGINT');
    await ended;
    expect(server.isRunning()).toBe(false);
    const kill = jest.spyOn(process, 'kill');
    server.signal('SIGINT');
    expect(kill.mock.calls.filter(([, name]) => name !== 0)).toEqual([]);
  });

  it('is not mistaken for another one that has its pid by now', async () => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const server = foreignProcess(child.pid!);
    // As if every pid belonged to a process that runs.
    jest.spyOn(process, 'kill').mockReturnValue(true);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(server.isRunning()).toBe(process.platform !== 'linux');
  });
});

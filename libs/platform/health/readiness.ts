import { Injectable } from '@nestjs/common';
import { within } from '../../kernel/wait.js';

/** Resolves if healthy, rejects with the reason otherwise. */
export type Check = () => Promise<void> | void;

export interface ReadinessReport {
  ready: boolean;
  /** Per check `ok`, or one line with the reason. */
  checks: Record<string, string>;
}

const PATIENCE_MS = 2_000;

/** Checks whether this process can serve; each part registers its own check. */
@Injectable()
export class Readiness {
  private readonly checks = new Map<string, Check>();

  /** @param name kebab-case, part of the report */
  register(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** Runs all checks concurrently; one that takes over 2 s counts as failed. */
  async report(): Promise<ReadinessReport> {
    const entries = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    return { ready: entries.every(([, text]) => text === 'ok'), checks: Object.fromEntries(entries) };
  }
}

async function outcome(check: Check): Promise<string> {
  try {
    await within(
      PATIENCE_MS,
      async () => check(),
      () => new Error(`no answer within ${PATIENCE_MS} ms`),
    );
    return 'ok';
  } catch (error) {
    return (error as Error).message || 'failed';
  }
}

import { Injectable } from '@nestjs/common';
import { within } from '../../kernel/wait.js';

/** Rejects with the reason if the process can't serve. One that can may still return a remark, empty if it has none. */
export type Check = (() => Promise<void> | void) | (() => string);

export interface ReadinessReport {
  ready: boolean;
  /** Per check `ok`, or one line with the reason or the remark. */
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
    return {
      ready: entries.every(([, { isReady }]) => isReady),
      checks: Object.fromEntries(entries.map(([name, { text }]) => [name, text])),
    };
  }
}

async function outcome(check: Check): Promise<{ isReady: boolean; text: string }> {
  try {
    const remark = await within(
      PATIENCE_MS,
      async () => check(),
      () => new Error(`no answer within ${PATIENCE_MS} ms`),
    );
    return { isReady: true, text: remark || 'ok' };
  } catch (error) {
    return { isReady: false, text: (error as Error).message || 'failed' };
  }
}

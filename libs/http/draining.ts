import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Tells whatever answers without an end (feeds) that the server is about to stop; end the answer when the signal aborts. */
@Injectable()
export class Draining implements OnModuleDestroy {
  private readonly controller = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;

  /** Called by `app.close()` before the server waits for open requests. */
  onModuleDestroy(): void {
    this.controller.abort();
  }
}

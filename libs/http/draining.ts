import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Notifies endless responses (feeds) that the server is stopping: end the response when the signal aborts. */
@Injectable()
export class Draining implements OnModuleDestroy {
  private readonly controller = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;

  /** Called by `app.close()` before the server waits for open requests. */
  onModuleDestroy(): void {
    this.controller.abort();
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { accountStream } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import type { Consequences } from '../../review/index.js';
import { outcomeFor } from '../confirmed-violation.js';
import { ladderStream } from '../ladder.js';

/** What the ladder in force would do. */
@Injectable()
export class LadderConsequences implements Consequences {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async deactivating(accountId: string, caseId: string): Promise<(clause: string | undefined) => boolean> {
    const [{ state: ladder }, { state: standing }] = await Promise.all([
      this.transactor.load(ladderStream, undefined),
      this.transactor.load(accountStream, accountId),
    ]);
    const violation = { accountId, caseId, imageId: caseId, categories: [], at: this.clock.now() };
    const position = Number.MAX_SAFE_INTEGER;
    return (clause) => outcomeFor({ ...violation, clause, position }, standing, ladder).measures.deactivate === true;
  }
}
